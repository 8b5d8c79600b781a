//! Our own figures as instruments of OpenTelemetry. Which figures there are is the health pages' table; here they get
//! names and units in OpenTelemetry's manner.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter as Instruments, MeterProvider};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{
    Instrument, InstrumentKind, ManualReader, Pipeline, SdkMeterProvider, Stream, Temporality,
};

use crate::agent::health::exposition::{Family, Kind};

/// The most series of one figure: a thousand servers with sixteen exporters each. The library sums up what is beyond.
const MAX_SERIES: usize = 16_000;

/// The figures, each a list of attributes with a value, in the order of the table.
type Figures = Arc<Mutex<Vec<Vec<(Vec<KeyValue>, f64)>>>>;

/// Makes points of figures.
pub(super) struct Meter {
    /// It is what the reader reads: without it nothing is read.
    _provider: SdkMeterProvider,
    reader: Reader,
    figures: Figures,
}

impl Meter {
    /// Makes instruments of the table. Which values are known now is of no account, the families are.
    pub(super) fn new(resource: Resource, families: &[Family<'_>]) -> Meter {
        let reader = Reader::default();
        let limit = |_: &Instrument| Stream::builder().with_cardinality_limit(MAX_SERIES).build().ok();
        let provider = SdkMeterProvider::builder()
            .with_resource(resource)
            .with_reader(reader.clone())
            .with_view(limit)
            .build();
        let figures = Figures::default();
        let instruments = provider.meter("pgquerylens");
        for (index, family) in families.iter().enumerate() {
            register(&instruments, family, index, Arc::clone(&figures));
        }
        Meter { _provider: provider, reader, figures }
    }

    /// Returns the figures as they are handed in; nothing if the library refuses them.
    pub(super) fn read(&self, families: &[Family<'_>]) -> Option<ResourceMetrics> {
        let known = families.iter().map(points).collect();
        *self.figures.lock().unwrap_or_else(PoisonError::into_inner) = known;
        let mut metrics = ResourceMetrics::default();
        self.reader.collect(&mut metrics).ok()?;
        Some(metrics)
    }
}

fn points(family: &Family<'_>) -> Vec<(Vec<KeyValue>, f64)> {
    let attribute =
        |(label, value): &(&str, &str)| KeyValue::new(format!("pgquerylens.{label}"), (*value).to_owned());
    family.samples.iter().map(|(labels, value)| (labels.iter().map(attribute).collect(), *value)).collect()
}

fn register(instruments: &Instruments, family: &Family<'_>, index: usize, figures: Figures) {
    let (name, unit) = name_and_unit(family.name);
    let observe = move |observer: &dyn AsyncInstrument<f64>| {
        let figures = figures.lock().unwrap_or_else(PoisonError::into_inner);
        for (attributes, value) in figures.get(index).into_iter().flatten() {
            observer.observe(*value, attributes);
        }
    };
    // An instrument lives as long as its provider.
    match family.kind {
        Kind::Counter => {
            let counter = instruments.f64_observable_counter(name).with_unit(unit);
            let _registered = counter.with_description(family.help).with_callback(observe).build();
        }
        Kind::Gauge => {
            let gauge = instruments.f64_observable_gauge(name).with_unit(unit);
            let _registered = gauge.with_description(family.help).with_callback(observe).build();
        }
    }
}

/// Returns what a figure of Prometheus is called in OpenTelemetry, where kind and unit are not part of a name. Our own
/// figures have `agent` in it: what is sent of servers has names such as `pgquerylens.up` already.
fn name_and_unit(prometheus: &str) -> (String, &'static str) {
    let name = prometheus.strip_suffix("_total").unwrap_or(prometheus);
    let (name, unit) = match (name.strip_suffix("_seconds"), name.strip_suffix("_bytes")) {
        (Some(name), _) => (name, "s"),
        (None, Some(name)) => (name, "By"),
        (None, None) => (name, "1"),
    };
    (format!("pgquerylens.agent.{}", name.strip_prefix("pgquerylens_").unwrap_or(name)), unit)
}

/// A reader that we have a hand on while the provider has it.
#[derive(Clone, Default)]
struct Reader(Arc<ManualReader>);

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl MetricReader for Reader {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }

    fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.collect(metrics)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.0.temporality(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_and_unit_leave_a_name() {
        for (prometheus, name, unit) in [
            ("pgquerylens_up", "pgquerylens.agent.up", "1"),
            ("pgquerylens_polls_total", "pgquerylens.agent.polls", "1"),
            ("pgquerylens_poll_duration_seconds_total", "pgquerylens.agent.poll_duration", "s"),
            ("pgquerylens_last_poll_sent_bytes", "pgquerylens.agent.last_poll_sent", "By"),
        ] {
            assert_eq!(name_and_unit(prometheus), (name.to_owned(), unit));
        }
    }

    #[test]
    fn names_differ_once_kind_and_unit_left_them() {
        let snapshot = crate::agent::health::example::busy();
        let families = crate::agent::health::metrics::families(&snapshot);
        let names: std::collections::BTreeSet<String> =
            families.iter().map(|family| name_and_unit(family.name).0).collect();
        assert_eq!(names.len(), families.len());
    }
}
