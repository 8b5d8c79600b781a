//! The account's rules, point by point, and what is not kept. What else the port does is tested by those who send to it.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric::Data,
    number_data_point::Value,
};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::request::Message;
use super::{Account, Behaviour, Receiver, Signal};

/// Takes points of one series, each as start, time and value, each in a message of its own.
fn check(points: &[(u64, u64, i64)], sum: f64, violations: usize) -> Account {
    let mut account = Account::default();
    for (start, time, value) in points {
        let point = NumberDataPoint {
            start_time_unix_nano: *start,
            time_unix_nano: *time,
            value: Some(Value::AsInt(*value)),
            ..NumberDataPoint::default()
        };
        let data = Data::Sum(Sum {
            data_points: vec![point],
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
            is_monotonic: true,
        });
        let metric = Metric { name: "calls".to_owned(), data: Some(data), ..Metric::default() };
        let scope = ScopeMetrics { metrics: vec![metric], ..ScopeMetrics::default() };
        let resource = ResourceMetrics { scope_metrics: vec![scope], ..ResourceMetrics::default() };
        account.take(&Message::Metrics(ExportMetricsServiceRequest { resource_metrics: vec![resource] }));
    }
    assert_eq!((account.sum("calls"), account.violations.len()), (sum, violations), "{account:?}");
    account
}

#[test]
fn the_last_value_of_each_start_counts() {
    check(&[(1, 2, 10), (1, 3, 15), (3, 4, 2), (3, 5, 7)], 22.0, 0);
}

#[test]
fn a_repeat_changes_nothing_and_a_late_point_neither() {
    let account = check(&[(1, 2, 10), (1, 3, 15), (1, 3, 15), (1, 2, 10)], 15.0, 0);
    assert_eq!((account.repeats, account.late), (1, 1));
}

#[test]
fn what_breaks_the_rules_is_noted() {
    check(&[(1, 2, 10), (1, 3, 9)], 9.0, 1);
    check(&[(1, 4, 10), (3, 5, 1)], 11.0, 1);
    check(&[(0, 4, 10)], 10.0, 1);
    check(&[(5, 4, 10)], 10.0, 1);
}

#[tokio::test]
async fn what_is_discarded_is_accepted_and_counted_and_not_kept() {
    let receiver = Receiver::start().await.unwrap();
    receiver.behave(Behaviour::Discard);
    let mut stream = TcpStream::connect(("127.0.0.1", receiver.port)).await.unwrap();
    let head = "content-type: application/x-protobuf\r\ncontent-length: 3\r\nconnection: close";
    let request = format!("POST {} HTTP/1.1\r\nhost: a\r\n{head}\r\n\r\nabc", Signal::Metrics.path());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    receiver.has_seen(1).await.unwrap();
    assert!(receiver.requests().is_empty() && receiver.account().violations.is_empty());
}
