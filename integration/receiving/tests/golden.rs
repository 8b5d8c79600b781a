//! What is sent of each major: every metric with its unit, kind and attributes, and every event, as a file per major.
//! `UPDATE_EXPECT=1` writes them anew; read a changed one like code.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::{Metric, NumberDataPoint, metric::Data};
use pgquerylens_export::metrics::points;
use pgquerylens_export::otlp::{Encoding, Layout, Signal, encode};
use pgquerylens_receiving::process::origin;
use pgquerylens_receiving::recorded::reports;
use pgquerylens_sandbox::majors;
use prost::Message;

/// Attribute keys by what they are on.
type Keys = BTreeMap<String, BTreeSet<String>>;

fn note(keys: &mut Keys, name: String, attributes: &[KeyValue]) {
    keys.entry(name).or_default().extend(attributes.iter().map(|pair| pair.key.clone()));
}

fn described(metric: &Metric) -> (String, &[NumberDataPoint]) {
    let (kind, points): (_, &[_]) = match &metric.data {
        Some(Data::Gauge(gauge)) => ("gauge".to_owned(), &gauge.data_points),
        Some(Data::Sum(sum)) => {
            let kind = if sum.is_monotonic { "counter" } else { "up-down counter" };
            (format!("{kind}, {:?}", sum.aggregation_temporality()).to_lowercase(), &sum.data_points)
        }
        other => panic!("{}: {other:?}", metric.name),
    };
    (format!("{} | {} | {kind}", metric.name, metric.unit), points)
}

fn note_metrics(request: &ExportMetricsServiceRequest, resources: &mut Keys, metrics: &mut Keys) {
    for resource in &request.resource_metrics {
        note(resources, "resource".to_owned(), &resource.resource.as_ref().unwrap().attributes);
        for metric in resource.scope_metrics.iter().flat_map(|scope| &scope.metrics) {
            let (name, points) = described(metric);
            points.iter().for_each(|point| note(metrics, name.clone(), &point.attributes));
        }
    }
}

fn note_events(request: &ExportLogsServiceRequest, events: &mut Keys) {
    let scopes = request.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
    scopes
        .flat_map(|scope| &scope.log_records)
        .for_each(|record| note(events, record.event_name.clone(), &record.attributes));
}

async fn golden(major: u32, layout: Layout) -> String {
    let encoding = Encoding { layout, ..Encoding::default() };
    let (mut resources, mut metrics, mut events) = (Keys::new(), Keys::new(), Keys::new());
    for report in reports(major).await {
        for message in encode(&report, &origin(), &encoding) {
            match message.signal {
                Signal::Metrics => {
                    let request = ExportMetricsServiceRequest::decode(message.bytes.as_slice()).unwrap();
                    note_metrics(&request, &mut resources, &mut metrics);
                }
                Signal::Logs => {
                    let request = ExportLogsServiceRequest::decode(message.bytes.as_slice()).unwrap();
                    note_events(&request, &mut events);
                }
                Signal::Traces => panic!("a poll is no trace"),
            }
        }
    }
    let mut text = String::new();
    for (name, keys) in resources.iter().chain(&metrics).chain(&events) {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        writeln!(text, "{name} [{}]", keys.join(" ")).unwrap();
    }
    text
}

fn file_name(major: u32, layout: Layout) -> String {
    format!("{major}-{layout:?}.txt").to_lowercase()
}

#[tokio::test(flavor = "current_thread")]
async fn every_major_sends_what_its_file_says() {
    for major in majors() {
        for layout in [Layout::Legacy, Layout::Semconv] {
            let path = format!("golden/{}", file_name(major, layout));
            expect_test::expect_file![path].assert_eq(&golden(major, layout).await);
        }
    }
}

/// However statements are spread over series, their execution time is that of the databases.
#[tokio::test(flavor = "current_thread")]
async fn the_execution_time_of_databases_is_that_of_all_series() {
    for major in majors() {
        let report = reports(major).await.pop().unwrap();
        let points = points(&report);
        let sum = |name: &str| -> f64 {
            points.iter().filter(|point| point.metric.name == name).map(|point| point.value.as_f64()).sum()
        };
        let (of_series, of_databases) =
            (sum("postgresql.statements.total_exec_time"), sum("postgresql.query.execution.time") * 1e3);
        assert!(of_series > 0.0, "{major}");
        assert!((of_series - of_databases).abs() < 1e-6 * of_series, "{major}: {of_series}, {of_databases}");
    }
}

#[test]
fn there_is_a_file_for_each_major_and_no_other() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let there = fs::read_dir(folder).unwrap().flatten();
    let there: BTreeSet<String> = there.map(|entry| entry.file_name().into_string().unwrap()).collect();
    let layouts = [Layout::Legacy, Layout::Semconv];
    let expected = majors().into_iter().flat_map(|major| layouts.map(|layout| file_name(major, layout)));
    assert_eq!(there, expected.collect());
}
