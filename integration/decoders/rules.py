"""What every message of OTLP keeps to, whoever sends it. Decoding and transport are others'."""

import math
import re

from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.metrics.v1 import metrics_pb2

NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
VALUE_KINDS = {"string_value", "int_value", "bool_value", "double_value", "array_value"}
CUMULATIVE = metrics_pb2.AGGREGATION_TEMPORALITY_CUMULATIVE


class Rules:
    """Holds messages of one sender against the rules, and counts what is in them."""

    def __init__(self):
        self.violations = []
        self.points = 0
        self.records = 0
        self.spans = 0
        self._metrics = {}
        self._attribute_kinds = {}

    def check(self, request):
        """Checks a request of any kind."""
        checks = {"resource_metrics": self.check_metrics, "resource_logs": self.check_logs}
        checks.get(request.DESCRIPTOR.fields[0].name, self.check_traces)(request)

    def check_metrics(self, request):
        """Checks an ExportMetricsServiceRequest."""
        self._nothing_unknown(request, "the request")
        series = set()
        for resource in request.resource_metrics:
            owner = self._attributes(resource.resource.attributes, "a resource")
            self._identified(owner)
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    self._check_metric(metric, (owner, scope.scope.name), series)

    def check_logs(self, request):
        """Checks an ExportLogsServiceRequest."""
        self._nothing_unknown(request, "the request")
        for resource in request.resource_logs:
            self._identified(self._attributes(resource.resource.attributes, "a resource"))
            for scope in resource.scope_logs:
                for record in scope.log_records:
                    self._check_record(record)

    def check_traces(self, request):
        """Checks an ExportTraceServiceRequest: each span's parent is in it, or the span is a trace's first."""
        self._nothing_unknown(request, "the request")
        for resource in request.resource_spans:
            self._identified(self._attributes(resource.resource.attributes, "a resource"))
            spans = [span for scope in resource.scope_spans for span in scope.spans]
            known = {(span.trace_id, span.span_id): span for span in spans}
            self._hold(len(known) == len(spans), "a span is there twice")
            for span in spans:
                self._check_span(span, known)

    def _check_span(self, span, known):
        self.spans += 1
        self._hold(span.name, "a span has no name")
        self._hold(len(span.trace_id) == 16, f"{span.name} has a trace id of {len(span.trace_id)} bytes")
        self._hold(len(span.span_id) == 8, f"{span.name} has a span id of {len(span.span_id)} bytes")
        self._hold(span.start_time_unix_nano > 0, f"{span.name} has no start")
        self._hold(span.start_time_unix_nano <= span.end_time_unix_nano, f"{span.name} ends before its start")
        is_known = (span.trace_id, span.parent_span_id) in known
        self._hold(is_known or not span.parent_span_id, f"{span.name} has a parent that is not there")
        self._attributes(span.attributes, span.name)

    def _check_metric(self, metric, owner, series):
        data = metric.WhichOneof("data")
        self._hold(data in ("gauge", "sum"), f"{metric.name} is a {data}")
        self._hold(NAME.fullmatch(metric.name), f"{metric.name!r} is no name of a metric")
        self._hold(metric.unit and metric.unit.isascii(), f"{metric.name} has the unit {metric.unit!r}")
        self._hold(metric.description, f"{metric.name} has no description")
        values = getattr(metric, data)
        is_monotonic = data == "sum" and values.is_monotonic
        if data == "sum":
            is_cumulative = values.aggregation_temporality == CUMULATIVE
            self._hold(is_cumulative, f"{metric.name} is not cumulative")
        described = (data, is_monotonic, metric.unit, metric.description)
        self._hold(self._metrics.setdefault(metric.name, described) == described, f"{metric.name} is two metrics")
        self._hold(len(values.data_points), f"{metric.name} has no point")
        for point in values.data_points:
            self._check_point(metric.name, point, is_monotonic)
            identity = (owner, metric.name, self._attributes(point.attributes, metric.name))
            self._hold(identity not in series, f"{metric.name} has a series twice: {identity[2]}")
            series.add(identity)

    def _check_point(self, name, point, is_monotonic):
        self.points += 1
        kind = point.WhichOneof("value")
        self._hold(kind, f"{name} has a point without a value")
        value = getattr(point, kind or "as_int")
        self._hold(math.isfinite(value), f"{name} is {value}")
        self._hold(point.time_unix_nano > 0, f"{name} has no time")
        self._hold(point.start_time_unix_nano <= point.time_unix_nano, f"{name} starts after its time")
        if is_monotonic:
            self._hold(point.start_time_unix_nano > 0, f"{name} is monotonic and has no start")
            self._hold(value >= 0, f"{name} is monotonic and {value}")

    def _check_record(self, record):
        self.records += 1
        name = record.event_name
        self._hold(NAME.fullmatch(name), f"{name!r} is no name of an event")
        self._hold(record.time_unix_nano > 0, f"{name} has no time")
        self._hold(record.observed_time_unix_nano > 0, f"{name} has no time of observation")
        self._hold(len(record.trace_id) in (0, 16), f"{name} has a trace id of {len(record.trace_id)} bytes")
        self._hold(len(record.span_id) in (0, 8), f"{name} has a span id of {len(record.span_id)} bytes")
        self._attributes(record.attributes, name)

    def _attributes(self, pairs, where):
        keys = [pair.key for pair in pairs]
        self._hold(len(keys) == len(set(keys)), f"{where} has an attribute twice: {sorted(keys)}")
        for pair in pairs:
            kind = pair.value.WhichOneof("value")
            self._hold(pair.key, f"{where} has an attribute without a name")
            self._hold(kind in VALUE_KINDS, f"{where} has {pair.key} as {kind}")
            known = self._attribute_kinds.setdefault((where, pair.key), kind)
            self._hold(known == kind, f"{where} has {pair.key} as {known} and as {kind}")
        return tuple(sorted((pair.key, pair.value.SerializeToString(deterministic=True)) for pair in pairs))

    def _identified(self, attributes):
        keys = {key for key, _ in attributes}
        self._hold("service.instance.id" in keys, f"a resource is of nobody: {sorted(keys)}")

    def _nothing_unknown(self, message, where):
        unknown = UnknownFieldSet(message)
        self._hold(len(unknown) == 0, f"{where} has {len(unknown)} fields that nobody knows")
        for field, value in message.ListFields():
            if field.message_type is None:
                continue
            for part in value if field.is_repeated else [value]:
                self._nothing_unknown(part, field.full_name)

    def _hold(self, rule, otherwise):
        if not rule:
            self.violations.append(otherwise)
