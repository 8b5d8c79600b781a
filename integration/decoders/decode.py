"""Decodes messages with OpenTelemetry's own Python package and holds them against the rules.

Usage: decode.py [--without-json] FOLDER. For each NAME.metrics.pb, NAME.logs.pb or NAME.traces.pb there, a file beside
it that ends in .json must say the same, unless there are none to be. Prints one line of JSON with what was found; the exit code is 1 if a rule was broken.
"""

import argparse
import base64
import json
import pathlib
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from rules import Rules

KINDS = {
    ".metrics": ExportMetricsServiceRequest,
    ".logs": ExportLogsServiceRequest,
    ".traces": ExportTraceServiceRequest,
}


def with_base64_ids(value):
    """OTLP writes trace and span ids in hexadecimal, protobuf's JSON in base64."""
    if isinstance(value, list):
        return [with_base64_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    as_base64 = lambda text: base64.b64encode(bytes.fromhex(text)).decode()
    is_id = lambda key, item: key in ("traceId", "spanId") and isinstance(item, str)
    return {key: as_base64(item) if is_id(key, item) else with_base64_ids(item) for key, item in value.items()}


def decode(path, rules, has_json):
    """Reads one message, in both forms if there are two."""
    of_kind = KINDS[path.with_suffix("").suffix]
    message = of_kind.FromString(path.read_bytes())
    if has_json:
        text = json.loads(path.with_suffix(".json").read_text())
        from_json = json_format.ParseDict(with_base64_ids(text), of_kind())
        if from_json != message:
            rules.violations.append(f"{path.name}: the JSON says something else")
    rules.check(message)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--without-json", action="store_true")
    arguments = parser.parse_args()
    folder = arguments.folder
    rules = Rules()
    paths = sorted(folder.glob("*.pb"))
    for path in paths:
        decode(path, rules, not arguments.without_json)
    found = {"messages": len(paths), "points": rules.points, "records": rules.records, "spans": rules.spans}
    print(json.dumps({**found, "violations": rules.violations}))
    sys.exit(1 if rules.violations or not paths else 0)


if __name__ == "__main__":
    main()
