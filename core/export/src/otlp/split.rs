//! Messages under a byte limit: what is too large is halved, by resources, then by metrics, then by points. A single
//! point that is still too large goes alone; its receiver decides.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::ResourceLogs;
use opentelemetry_proto::tonic::metrics::v1::{
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data,
};
use pgquerylens_model::log;
use prost::Message;

use crate::metrics::catalogue::{feeds, made};

/// Points or records by family.
pub type Counts = BTreeMap<String, u64>;

/// Families of metrics by name.
static FAMILIES: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let of_columns = feeds().iter().map(|feed| &feed.metric);
    let made = made().into_iter().map(|(metric, _)| metric);
    let of_log = log::METRICS.iter().map(|(metric, _)| *metric);
    made.chain(of_columns).chain(of_log).map(|metric| (&*metric.name, metric.family)).collect()
});

/// The family of what stands in no table.
const OURS: &str = "pgquerylens";
/// The family of all records.
const EVENTS: &str = "events";

/// A message that can be halved.
pub(super) trait Halve: Message + Sized {
    /// Tells whether there is nothing in it.
    fn is_empty(&self) -> bool;
    /// Returns two halves, or the message itself if it holds a single point.
    fn halve(self) -> Result<(Self, Self), Self>;
}

/// Returns the message in parts of at most so many bytes.
pub(super) fn split<M: Halve>(message: M, most_bytes: usize) -> Vec<M> {
    let mut parts = Vec::new();
    let mut waiting = vec![message];
    while let Some(message) = waiting.pop() {
        if message.is_empty() {
            continue;
        }
        if message.encoded_len() <= most_bytes {
            parts.push(message);
            continue;
        }
        match message.halve() {
            Ok((first, second)) => waiting.extend([second, first]),
            Err(single) => parts.push(single),
        }
    }
    parts
}

/// Returns what becomes of the two halves of a message, if it is one and can be halved.
pub(super) fn halved<M: Halve + Default, T>(bytes: &[u8], of: impl Fn(&M) -> T) -> Option<[T; 2]> {
    let (first, second) = M::decode(bytes).ok()?.halve().ok()?;
    Some([of(&first), of(&second)])
}

/// Halves a list; nothing to halve is one element or none.
fn halves<T>(mut list: Vec<T>) -> Result<(Vec<T>, Vec<T>), Vec<T>> {
    if list.len() < 2 {
        return Err(list);
    }
    let second = list.split_off(list.len() / 2);
    Ok((list, second))
}

impl Halve for ExportMetricsServiceRequest {
    fn is_empty(&self) -> bool {
        self.resource_metrics.is_empty()
    }

    fn halve(self) -> Result<(Self, Self), Self> {
        let of = |resource_metrics| ExportMetricsServiceRequest { resource_metrics };
        match halves(self.resource_metrics) {
            Ok((first, second)) => Ok((of(first), of(second))),
            Err(mut single) => {
                let Some(resource) = single.pop() else { return Err(of(single)) };
                match halve_resource(resource) {
                    Ok((first, second)) => Ok((of(vec![first]), of(vec![second]))),
                    Err(resource) => Err(of(vec![*resource])),
                }
            }
        }
    }
}

/// We make one scope per resource: its metrics are halved, or the points of its only metric.
fn halve_resource(
    resource: ResourceMetrics,
) -> Result<(ResourceMetrics, ResourceMetrics), Box<ResourceMetrics>> {
    let ResourceMetrics { resource, mut scope_metrics, schema_url } = resource;
    let Some(scope) = scope_metrics.pop() else {
        return Err(Box::new(ResourceMetrics { resource, scope_metrics, schema_url }));
    };
    let ScopeMetrics { scope, metrics, schema_url: scope_url } = scope;
    let with = |metrics| ResourceMetrics {
        resource: resource.clone(),
        scope_metrics: vec![ScopeMetrics { scope: scope.clone(), metrics, schema_url: scope_url.clone() }],
        schema_url: schema_url.clone(),
    };
    match halves(metrics) {
        Ok((first, second)) => Ok((with(first), with(second))),
        Err(mut single) => match single.pop().map(halve_metric) {
            Some(Ok((first, second))) => Ok((with(vec![first]), with(vec![second]))),
            Some(Err(metric)) => Err(Box::new(with(vec![*metric]))),
            None => Err(Box::new(with(Vec::new()))),
        },
    }
}

fn halve_metric(mut metric: Metric) -> Result<(Metric, Metric), Box<Metric>> {
    let taken = data_points(&mut metric).map(std::mem::take).unwrap_or_default();
    let with = |points: Vec<NumberDataPoint>| {
        let mut metric = metric.clone();
        if let Some(slot) = data_points(&mut metric) {
            *slot = points;
        }
        metric
    };
    match halves(taken) {
        Ok((first, second)) => Ok((with(first), with(second))),
        Err(single) => Err(Box::new(with(single))),
    }
}

fn data_points(metric: &mut Metric) -> Option<&mut Vec<NumberDataPoint>> {
    match metric.data.as_mut()? {
        Data::Gauge(gauge) => Some(&mut gauge.data_points),
        Data::Sum(sum) => Some(&mut sum.data_points),
        _ => None,
    }
}

impl Halve for ExportLogsServiceRequest {
    fn is_empty(&self) -> bool {
        self.resource_logs.is_empty()
    }

    fn halve(mut self) -> Result<(Self, Self), Self> {
        let Some(scope) = self.resource_logs.first_mut().and_then(|resource| resource.scope_logs.first_mut())
        else {
            return Err(self);
        };
        let with = |template: &ResourceLogs, records| {
            let mut resource = template.clone();
            if let Some(scope) = resource.scope_logs.first_mut() {
                scope.log_records = records;
            }
            ExportLogsServiceRequest { resource_logs: vec![resource] }
        };
        let taken = std::mem::take(&mut scope.log_records);
        let template = &self.resource_logs[0];
        match halves(taken) {
            Ok((first, second)) => Ok((with(template, first), with(template, second))),
            Err(single) => Err(with(template, single)),
        }
    }
}

/// Returns the points of a request by family.
pub(super) fn metric_counts(request: &ExportMetricsServiceRequest) -> Counts {
    let mut counts = Counts::new();
    let scopes = request.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
    for metric in scopes.flat_map(|scope| &scope.metrics) {
        let points = match &metric.data {
            Some(Data::Gauge(gauge)) => gauge.data_points.len(),
            Some(Data::Sum(sum)) => sum.data_points.len(),
            _ => 0,
        };
        let family = FAMILIES.get(metric.name.as_str()).copied().unwrap_or(OURS);
        *counts.entry(family.to_owned()).or_default() += points as u64;
    }
    counts
}

/// Returns the records of a request, all of one family.
pub(super) fn log_counts(request: &ExportLogsServiceRequest) -> Counts {
    let scopes = request.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
    let records = scopes.map(|scope| scope.log_records.len() as u64).sum();
    Counts::from([(EVENTS.to_owned(), records)])
}
