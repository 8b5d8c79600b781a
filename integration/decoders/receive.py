"""Receives OTLP over gRPC by Python's gRPC and the stubs of OpenTelemetry's package.

Prints the port on its first line, receives until its standard input ends, then prints one line of JSON with what came;
the exit code is 1 if a rule was broken.
"""

import concurrent.futures
import json
import sys
import threading

import grpc
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2, logs_service_pb2_grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc

from rules import Rules


class Received:
    """What came so far, over all calls."""

    def __init__(self):
        self.lock = threading.Lock()
        self.rules = Rules()
        self.calls = 0
        self.tenants = set()

    def take(self, check, request, context):
        with self.lock:
            self.calls += 1
            self.tenants.update(value for key, value in context.invocation_metadata() if key == "x-tenant")
            check(request)


class Metrics(metrics_service_pb2_grpc.MetricsServiceServicer):
    def __init__(self, received):
        self.received = received

    def Export(self, request, context):
        self.received.take(self.received.rules.check_metrics, request, context)
        return metrics_service_pb2.ExportMetricsServiceResponse()


class Logs(logs_service_pb2_grpc.LogsServiceServicer):
    def __init__(self, received):
        self.received = received

    def Export(self, request, context):
        self.received.take(self.received.rules.check_logs, request, context)
        partial = logs_service_pb2.ExportLogsPartialSuccess(rejected_log_records=1, error_message="one too many")
        return logs_service_pb2.ExportLogsServiceResponse(partial_success=partial)


def main():
    received = Received()
    # Answers are packed too: a client has to be able to read them.
    server = grpc.server(
        concurrent.futures.ThreadPoolExecutor(max_workers=2), compression=grpc.Compression.Gzip
    )
    metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(Metrics(received), server)
    logs_service_pb2_grpc.add_LogsServiceServicer_to_server(Logs(received), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(grace=1).wait()
    rules = received.rules
    found = {"messages": received.calls, "points": rules.points, "records": rules.records}
    found["tenants"] = sorted(received.tenants)
    print(json.dumps({**found, "violations": rules.violations}))
    sys.exit(1 if rules.violations or not received.calls else 0)


if __name__ == "__main__":
    main()
