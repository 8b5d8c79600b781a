//! Points as `ExportMetricsServiceRequest`.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric::Data,
    number_data_point::Value as Number,
};
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::window::Sum as Total;

use super::attributes::{of_owner, of_value, resource, scope};
use super::{Encoding, Layout, Temporality};
use crate::metrics::{MetricKind, Owner, Point};
use crate::origin::{Origin, ServerFacts};

const NANOSECONDS_PER_MICROSECOND: u64 = 1_000;

/// Returns one request; points are ordered by owner and metric.
pub(super) fn request(
    points: &[Point<'static>],
    origin: &Origin,
    facts: Option<&ServerFacts>,
    encoding: &Encoding,
) -> ExportMetricsServiceRequest {
    let mut owners: BTreeMap<Owner, BTreeMap<&str, Metric>> = BTreeMap::new();
    for point in points {
        let Some(data_point) = data_point(point, encoding) else { continue };
        let metrics = owners.entry(resource_owner(&point.owner, encoding.layout)).or_default();
        let metric = metrics.entry(&point.metric.name).or_insert_with(|| empty(point, encoding.temporality));
        push(metric, data_point);
    }
    let of_owner = |(owner, metrics): (Owner, BTreeMap<&str, Metric>)| ResourceMetrics {
        resource: Some(resource(&owner, origin, facts, encoding.layout)),
        scope_metrics: vec![ScopeMetrics {
            scope: Some(scope()),
            metrics: metrics.into_values().collect(),
            ..ScopeMetrics::default()
        }],
        ..ResourceMetrics::default()
    };
    ExportMetricsServiceRequest { resource_metrics: owners.into_iter().map(of_owner).collect() }
}

/// Whose resource an owner's values are under. What lies in a schema has that of its database.
fn resource_owner(owner: &Owner, layout: Layout) -> Owner {
    match (layout, owner) {
        (Layout::Semconv, _) => Owner::Server,
        (Layout::Legacy, Owner::Schema { database, .. }) => Owner::Database(database.clone()),
        (Layout::Legacy, owner) => owner.clone(),
    }
}

fn empty(point: &Point<'static>, temporality: Temporality) -> Metric {
    let data = match point.metric.kind {
        MetricKind::Gauge => Data::Gauge(Gauge::default()),
        kind => Data::Sum(Sum {
            is_monotonic: kind == MetricKind::Counter,
            aggregation_temporality: match (kind, temporality) {
                (MetricKind::Counter, Temporality::Delta) => AggregationTemporality::Delta,
                _ => AggregationTemporality::Cumulative,
            }
            .into(),
            ..Sum::default()
        }),
    };
    Metric {
        name: point.metric.name.to_string(),
        description: point.metric.about.to_string(),
        unit: point.metric.unit.to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

fn push(metric: &mut Metric, point: NumberDataPoint) {
    match &mut metric.data {
        Some(Data::Gauge(gauge)) => gauge.data_points.push(point),
        Some(Data::Sum(sum)) => sum.data_points.push(point),
        _ => {}
    }
}

/// A difference that is not known, or is nothing, makes no point of delta temporality. Nor is there one for a counter
/// that is older than its own start, as a clock that went back makes it: the points after that moment say it, too.
fn data_point(point: &Point<'static>, encoding: &Encoding) -> Option<NumberDataPoint> {
    let is_delta = point.metric.kind == MetricKind::Counter && encoding.temporality == Temporality::Delta;
    let (start, value) = match is_delta {
        true => {
            let (from, added) = point.added.filter(|(_, added)| !added.is_zero())?;
            (Some(from), added)
        }
        false => (point.start, point.value),
    };
    if start.is_some_and(|start| start > point.time) {
        return None;
    }
    let mut attributes = of_owner(&point.owner, encoding.layout);
    attributes.extend(point.attributes.iter().map(|(key, value)| of_value(key, value)));
    Some(NumberDataPoint {
        attributes,
        start_time_unix_nano: start.map_or(0, nanoseconds),
        time_unix_nano: nanoseconds(point.time),
        value: Some(match value {
            Total::Int(value) => Number::AsInt(value),
            Total::Float(value) => Number::AsDouble(value),
        }),
        ..NumberDataPoint::default()
    })
}

/// Returns OTLP's time; moments before 1970 are none.
pub(super) fn nanoseconds(moment: Timestamp) -> u64 {
    u64::try_from(moment.0).unwrap_or(0).saturating_mul(NANOSECONDS_PER_MICROSECOND)
}
