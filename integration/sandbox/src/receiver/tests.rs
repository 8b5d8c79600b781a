//! The account's rules, point by point. What the port does is tested by those who send to it.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric::Data,
    number_data_point::Value,
};

use super::Account;
use super::request::Message;

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
