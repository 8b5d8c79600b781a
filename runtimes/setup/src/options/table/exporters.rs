//! The rows of exporters. The command line has none of them: one exporter without a file is told by the environment.

use super::super::row::{in_file, text};
use super::super::{Kind, OptionSpec, Place, Section};

const SERVERS: &[Section] = &[Section::Defaults, Section::Server];
const OTLP: &[Section] = &[Section::Otlp];
const EMF: &[Section] = &[Section::Emf];
const LINES: &[Section] = &[Section::Jsonl, Section::Emf];
const EXPORTERS: &[Section] = &Section::EXPORTERS;

pub(super) const ROWS: &[OptionSpec] = &[
    OptionSpec {
        repeatable: true,
        sample: "[collector]",
        help: "The exporters that get what is read, by name; without it all of them",
        ..in_file("exporters", Kind::Text, SERVERS)
    },
    OptionSpec {
        sample: "collector",
        help: "What the exporter is called; without it, by its kind",
        more: "Two exporters cannot have the same name.",
        ..in_file("name", Kind::Text, EXPORTERS)
    },
    OptionSpec {
        sample: "otlp",
        help: "What it speaks: the OpenTelemetry protocol, lines of JSON, or CloudWatch's Embedded Metric Format",
        ..in_file("kind", Kind::Choice(&["otlp", "jsonl", "emf"]), EXPORTERS)
    },
    OptionSpec {
        standard: Some("OTEL_EXPORTER_OTLP_ENDPOINT"),
        sample: "https://otel.example.com:4318",
        help: "Where to send: a URL, to which /v1/metrics and /v1/logs are added over HTTP",
        more: "Without it http://localhost:4318, and http://localhost:4317 over gRPC.",
        metavar: "ENDPOINT",
        ..in_file("endpoint", Kind::Text, OTLP)
    },
    OptionSpec {
        standard: Some("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"),
        sample: "https://otel.example.com:4318/v1/metrics",
        help: "Where to send metrics, if not to the endpoint: a URL that is used as it is",
        metavar: "ENDPOINT",
        ..in_file("metrics-endpoint", Kind::Text, OTLP)
    },
    OptionSpec {
        standard: Some("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"),
        sample: "https://otel.example.com:4318/v1/logs",
        help: "Where to send events, if not to the endpoint: a URL that is used as it is",
        metavar: "ENDPOINT",
        ..in_file("logs-endpoint", Kind::Text, OTLP)
    },
    OptionSpec {
        standard: Some("OTEL_EXPORTER_OTLP_PROTOCOL"),
        default: Some("http/protobuf"),
        help: "How it is sent",
        ..in_file("protocol", Kind::Choice(&["http/protobuf", "http/json", "grpc"]), OTLP)
    },
    OptionSpec {
        standard: Some("OTEL_EXPORTER_OTLP_INSECURE"),
        default: Some("false"),
        help: "Whether an endpoint without http:// or https:// is spoken to without TLS, over gRPC",
        ..in_file("insecure", Kind::Flag, OTLP)
    },
    OptionSpec {
        standard: Some("OTEL_EXPORTER_OTLP_HEADERS"),
        sample: "{api-key: {env: API_KEY}}",
        help: "Headers of each request; a value is a text, {env: NAME}, {file: PATH} or {command: [PROGRAM, …]}",
        more: "They are secrets and never shown. Those of the variable go to an endpoint of the environment alone.",
        ..in_file("headers", Kind::Headers, OTLP)
    },
    OptionSpec {
        commands: &[],
        sections: OTLP,
        plural: Some("headers-secret"),
        sample: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:otlp-AbCdEf",
        help: "A secret of AWS Secrets Manager, by name or ARN, that has headers of each request, besides those of headers",
        more: "Its text is JSON, {\"api-key\": \"…\"}, or as OTEL_EXPORTER_OTLP_HEADERS is written. It is read again every \
               five minutes. What the variable names goes to an endpoint of the environment alone.",
        ..text("otlp-headers-secret", Place::Variable, "NAME")
    },
    OptionSpec {
        standard: Some("OTEL_EXPORTER_OTLP_COMPRESSION"),
        default: Some("gzip"),
        help: "How requests are compressed",
        ..in_file("compression", Kind::Choice(&["none", "gzip", "zstd"]), OTLP)
    },
    OptionSpec {
        standard: Some("OTEL_EXPORTER_OTLP_TIMEOUT"),
        default: Some("10s"),
        help: "How long one request may take; the variable counts in milliseconds",
        ..in_file("timeout", Kind::Duration, OTLP)
    },
    OptionSpec {
        standard: Some("OTEL_EXPORTER_OTLP_CERTIFICATE"),
        sample: "/etc/ssl/otel-ca.pem",
        help: "A file of certificates to trust in place of the system's",
        ..in_file("certificate", Kind::Text, OTLP)
    },
    OptionSpec {
        standard: Some("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"),
        sample: "/etc/ssl/pgquerylens.pem",
        help: "A file with our own certificate, for a receiver that wants one",
        ..in_file("client-certificate", Kind::Text, OTLP)
    },
    OptionSpec {
        standard: Some("OTEL_EXPORTER_OTLP_CLIENT_KEY"),
        sample: "/etc/ssl/pgquerylens.key",
        help: "The file with the key of our certificate",
        ..in_file("client-key", Kind::Text, OTLP)
    },
    OptionSpec {
        standard: Some("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"),
        default: Some("cumulative"),
        help: "Whether counters are running sums, or differences of which one that arrives twice counts twice",
        ..in_file("temporality", Kind::Choice(&["cumulative", "delta"]), OTLP)
    },
    OptionSpec {
        place: Place::Variable,
        default: Some("legacy"),
        help: "The names of metrics: those of the OpenTelemetry postgresqlreceiver, or its semantic conventions",
        ..in_file("layout", Kind::Choice(&["legacy", "semconv"]), OTLP)
    },
    OptionSpec {
        place: Place::Variable,
        default: Some("receiver"),
        help: "Units and names of events: as that receiver writes them, or ours (seconds or milliseconds, …)",
        ..in_file("event-compat", Kind::Choice(&["receiver", "native"]), OTLP)
    },
    OptionSpec {
        place: Place::Variable,
        default: Some("true"),
        help: "Whether events are sent: top queries and query samples, as log records",
        ..in_file("events", Kind::Flag, OTLP)
    },
    OptionSpec {
        place: Place::Variable,
        default: Some("200"),
        help: "How many statements have series of their own; the others are summed up",
        ..in_file("statement-series", Kind::Count, OTLP)
    },
    OptionSpec {
        place: Place::Variable,
        default: Some("15m"),
        help: "How long a statement keeps its series after it left the top",
        ..in_file("statement-series-hold", Kind::Duration, OTLP)
    },
    OptionSpec {
        place: Place::Variable,
        default: Some("4MiB"),
        help: "The most bytes of one request, before compression",
        ..in_file("batch-bytes", Kind::Bytes, OTLP)
    },
    OptionSpec {
        place: Place::Variable,
        default: Some("64MiB"),
        help: "The most bytes that wait while the receiver is away; the oldest are dropped and counted",
        ..in_file("outbox-bytes", Kind::Bytes, EXPORTERS)
    },
    OptionSpec {
        place: Place::Variable,
        default: Some("4"),
        help: "How many requests may be under way at the same time",
        ..in_file("concurrency", Kind::Count, OTLP)
    },
    OptionSpec {
        default: Some("-"),
        help: "The file to write to, or - for the standard output",
        ..in_file("path", Kind::Text, LINES)
    },
    OptionSpec {
        commands: &[],
        sections: EMF,
        plural: Some("namespace"),
        sample: "pgquerylens",
        help: "What CloudWatch files the metrics under; without it pgquerylens",
        more: "The variable calls for this exporter where no file names one.",
        ..text("emf-namespace", Place::Variable, "NAME")
    },
    OptionSpec {
        commands: &[],
        sections: EMF,
        plural: Some("metrics"),
        repeatable: true,
        sample: "[pgquerylens.up, 'postgresql.database.*']",
        help: "The metrics that are sent, by name, * for any letters; without it a short list",
        more: "docs/cloudwatch.md has the list. CloudWatch charges for each metric with each set of dimensions.",
        ..text("emf-metrics", Place::Variable, "NAME")
    },
];
