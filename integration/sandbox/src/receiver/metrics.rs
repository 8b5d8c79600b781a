//! Points of a message, each with all that its series is known by.

use std::fmt;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Metric, NumberDataPoint, metric::Data, number_data_point::Value as Number,
};

/// What one series is told apart by, each part as sorted `key=value` texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeriesKey {
    /// The metric's name.
    pub metric: String,
    /// The resource's attributes.
    pub resource: String,
    /// The point's attributes.
    pub attributes: String,
}

impl SeriesKey {
    /// Tells whether the series is of the server that is polled by this name.
    pub fn is_of(&self, server: &str) -> bool {
        self.resource.split(", ").any(|pair| pair.strip_prefix("pgquerylens.server=") == Some(server))
    }

    /// Tells whether it is of the statement with this id.
    pub(super) fn is_of_statement(&self, queryid: &str) -> bool {
        self.attributes.split(", ").any(|pair| pair.strip_prefix("postgresql.queryid=") == Some(queryid))
    }
}

impl fmt::Display for SeriesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{{{}}}", self.metric, self.attributes)
    }
}

/// How the values of a series relate over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Everything since the start, never less than before.
    Cumulative,
    /// What was added since the start, which is the time of the point before.
    Delta,
    /// A level, or a sum that may fall.
    Level,
}

/// One point.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) key: SeriesKey,
    pub(super) kind: Kind,
    pub(super) start: u64,
    pub(super) time: u64,
    pub(super) value: f64,
}

/// Returns every point of a message.
pub(super) fn points(request: &ExportMetricsServiceRequest) -> impl Iterator<Item = Point> + '_ {
    request.resource_metrics.iter().flat_map(|resource| {
        let of = resource.resource.as_ref().map(|of| shown(&of.attributes)).unwrap_or_default();
        let metrics = resource.scope_metrics.iter().flat_map(|scope| &scope.metrics);
        metrics.flat_map(move |metric| {
            let of = of.clone();
            let (kind, points) = data(metric);
            points.iter().map(move |point| Point {
                key: SeriesKey {
                    metric: metric.name.clone(),
                    resource: of.clone(),
                    attributes: shown(&point.attributes),
                },
                kind,
                start: point.start_time_unix_nano,
                time: point.time_unix_nano,
                value: match point.value {
                    Some(Number::AsInt(value)) => value as f64,
                    Some(Number::AsDouble(value)) => value,
                    None => f64::NAN,
                },
            })
        })
    })
}

/// Shows every list of points of a message.
pub(super) fn each_list(
    request: &mut ExportMetricsServiceRequest,
    mut look: impl FnMut(&mut Vec<NumberDataPoint>),
) {
    let scopes = request.resource_metrics.iter_mut().flat_map(|resource| &mut resource.scope_metrics);
    for metric in scopes.flat_map(|scope| &mut scope.metrics) {
        match &mut metric.data {
            Some(Data::Gauge(gauge)) => look(&mut gauge.data_points),
            Some(Data::Sum(sum)) => look(&mut sum.data_points),
            _ => {}
        }
    }
}

fn data(metric: &Metric) -> (Kind, &[NumberDataPoint]) {
    match &metric.data {
        Some(Data::Gauge(gauge)) => (Kind::Level, &gauge.data_points),
        Some(Data::Sum(sum)) if !sum.is_monotonic => (Kind::Level, &sum.data_points),
        Some(Data::Sum(sum)) if sum.aggregation_temporality() == AggregationTemporality::Delta => {
            (Kind::Delta, &sum.data_points)
        }
        Some(Data::Sum(sum)) => (Kind::Cumulative, &sum.data_points),
        _ => (Kind::Level, &[]),
    }
}

/// Returns attributes as sorted `key=value` texts.
pub(super) fn shown(attributes: &[KeyValue]) -> String {
    let mut pairs: Vec<String> =
        attributes.iter().map(|pair| format!("{}={}", pair.key, value(pair.value.as_ref()))).collect();
    pairs.sort_unstable();
    pairs.join(", ")
}

/// Returns a value as text, whatever its type.
pub(super) fn value(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => text.clone(),
        Some(Any::IntValue(number)) => number.to_string(),
        Some(Any::BoolValue(flag)) => flag.to_string(),
        Some(Any::DoubleValue(number)) => number.to_string(),
        Some(other) => format!("{other:?}"),
        None => String::new(),
    }
}
