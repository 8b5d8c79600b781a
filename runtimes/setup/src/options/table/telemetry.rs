//! The rows of what the agent tells of itself. Without an endpoint it tells nothing, whatever the environment says of the
//! exporters' one.

use super::super::Heading::Process;
use super::super::row::{choice, duration, in_file, text};
use super::super::{Kind, OptionSpec, Place};
use super::{CONFIGURED, PROCESS};

pub(super) const ROWS: &[OptionSpec] = &[
    OptionSpec {
        commands: CONFIGURED,
        sections: PROCESS,
        sample: "http://localhost:4318",
        help: "Where the agent sends spans of its polls and its own figures by OTLP; nowhere without it",
        more: "A URL, to which /v1/traces and /v1/metrics are added over HTTP. OTEL_EXPORTER_OTLP_ENDPOINT is for what is \
               read of servers, and says nothing here. For example: --telemetry-endpoint http://localhost:4318",
        ..text("telemetry-endpoint", Place::Named(Process), "ENDPOINT")
    },
    OptionSpec {
        commands: &[],
        sections: PROCESS,
        default: Some("http/protobuf"),
        help: "How spans and figures of its own are sent",
        ..choice("telemetry-protocol", Place::Variable, &["http/protobuf", "http/json", "grpc"])
    },
    OptionSpec {
        commands: &[],
        sections: PROCESS,
        standard: Some("OTEL_METRIC_EXPORT_INTERVAL"),
        default: Some("60s"),
        help: "How often spans and figures of its own are sent; the standard variable counts in milliseconds",
        ..duration("telemetry-interval", Place::Variable)
    },
    OptionSpec {
        commands: &[],
        sections: PROCESS,
        sample: "/etc/ssl/otel-ca.pem",
        help: "A file of certificates to trust there in place of the system's",
        ..text("telemetry-certificate", Place::Variable, "FILE")
    },
    OptionSpec {
        sample: "{api-key: {env: API_KEY}}",
        help: "Headers of each request there; a value is a text, {env: NAME}, {file: PATH} or {command: [PROGRAM, …]}",
        more: "They are secrets and never shown. Those of OTEL_EXPORTER_OTLP_HEADERS do not go there.",
        ..in_file("telemetry-headers", Kind::Headers, PROCESS)
    },
];
