//! What the process tells of itself, and when it tells nothing.

use std::time::Duration;

use super::super::configuration::{Protocol, TelemetryConfig};
use super::super::secret_source::SecretSource;
use super::{Around, FLEET, load};

fn telemetry(keys: &str, variables: &[(&str, &str)]) -> Option<TelemetryConfig> {
    load("x.yaml", &format!("{keys}\n{FLEET}"), Around { variables, arguments: &[] })
        .unwrap()
        .process
        .telemetry
}

#[test]
fn an_endpoint_of_others_calls_for_nothing_of_ours() {
    let variables = &[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "5000"),
    ];
    assert_eq!(telemetry("", &[]), None);
    assert_eq!(telemetry("", variables), None);
}

#[test]
fn an_endpoint_gets_the_paths_of_both_signals_and_no_headers_of_others() {
    let variables = &[
        ("PGQUERYLENS_TELEMETRY_ENDPOINT", "https://own:4318/base/"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=hush"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "5000"),
    ];
    let found = telemetry("", variables).unwrap();
    assert_eq!(found.traces.url, "https://own:4318/base/v1/traces");
    assert_eq!(found.metrics.url, "https://own:4318/base/v1/metrics");
    assert_eq!((found.traces.protocol, found.interval), (Protocol::HttpProtobuf, Duration::from_secs(5)));
    assert!(found.traces.headers.is_empty());
}

#[test]
fn a_file_says_everything() {
    let keys = "telemetry-endpoint: own:4317\ntelemetry-protocol: grpc\ntelemetry-interval: 10s\n\
                telemetry-certificate: /ca.pem\ntelemetry-headers: {API-Key: {file: /key}}";
    let found = telemetry(keys, &[]).unwrap();
    assert_eq!((found.traces.url.as_str(), found.interval), ("https://own:4317", Duration::from_secs(10)));
    assert_eq!(found.traces.headers["api-key"], SecretSource::File("/key".into()));
    assert_eq!(found.metrics.certificate, Some("/ca.pem".into()));
}

#[test]
fn an_endpoint_that_cannot_be_sent_to_is_refused_without_being_shown() {
    let text = format!("telemetry-endpoint: http://me:hush@own\n{FLEET}");
    let told = load("x.yaml", &text, Around::default()).unwrap_err();
    assert!(told.contains("telemetry-endpoint") && !told.contains("hush"), "{told}");
}
