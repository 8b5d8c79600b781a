//! OTLP: points and events as the messages of opentelemetry-proto 1.x, in one of two layouts, split under a byte limit.
//!
//! What carries them, over gRPC or HTTP, is another crate's. A point's start is the counter's own; a repeat of a
//! cumulative point says the same again.

mod attributes;
mod logs;
mod metrics;
mod split;

use pgquerylens_model::report::PollReport;
use pgquerylens_model::time::Timestamp;
use prost::Message;

use crate::events::{Compat, events};
use crate::metrics::{down_points, points};
use crate::origin::{Origin, ServerFacts};

pub use split::Counts;

/// How owners of values are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// As the receiver does by default: a resource per database, table and index.
    #[default]
    Legacy,
    /// As the receiver does with `receiver.postgresql.useOTelSemconv`: one resource per server, owners are attributes
    /// of the points.
    Semconv,
}

/// What monotonic sums say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Temporality {
    /// Everything since the counter's own start: a repeat changes nothing.
    #[default]
    Cumulative,
    /// What the last window added: a repeat is counted twice. What has no window is not sent.
    Delta,
}

/// How a poll is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// The layout.
    pub layout: Layout,
    /// What sums say.
    pub temporality: Temporality,
    /// Attributes of events.
    pub compat: Compat,
    /// Whether events are sent.
    pub events: bool,
    /// The most bytes of one message, before compression.
    pub batch_bytes: usize,
}

impl Default for Encoding {
    fn default() -> Encoding {
        Encoding {
            layout: Layout::default(),
            temporality: Temporality::default(),
            compat: Compat::default(),
            events: true,
            batch_bytes: 4 * 1024 * 1024,
        }
    }
}

/// Which of OTLP's services takes a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Signal {
    /// Metrics.
    Metrics,
    /// Logs, which events are.
    Logs,
    /// Traces. A poll is none; what a runtime tells of itself is.
    Traces,
}

/// One message, as protobuf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Who takes it.
    pub signal: Signal,
    /// `ExportMetricsServiceRequest` or `ExportLogsServiceRequest`.
    pub bytes: Vec<u8>,
    /// Points or records in it, by family.
    pub counts: Counts,
}

/// Returns the messages of a poll.
pub fn encode(report: &PollReport, origin: &Origin, encoding: &Encoding) -> Vec<Encoded> {
    let Some(found) = &report.metrics else { return Vec::new() };
    let facts = Some(ServerFacts::of(found));
    let mut messages = encode_points(&points(report), origin, facts.as_ref(), encoding);
    if encoding.events {
        let request =
            logs::request(&events(report, encoding.compat), origin, facts.as_ref(), encoding.layout);
        let parts = split::split(request, encoding.batch_bytes);
        messages.extend(parts.into_iter().map(|part| encoded(Signal::Logs, &part, split::log_counts(&part))));
    }
    messages
}

/// Returns the messages that say that a server was not read. `now` is our own clock: the server's is out of reach.
pub fn encode_down(
    now: Timestamp,
    last_good: Option<Timestamp>,
    origin: &Origin,
    facts: Option<&ServerFacts>,
    encoding: &Encoding,
) -> Vec<Encoded> {
    encode_points(&down_points(now, last_good), origin, facts, encoding)
}

fn encode_points(
    points: &[crate::metrics::Point<'static>],
    origin: &Origin,
    facts: Option<&ServerFacts>,
    encoding: &Encoding,
) -> Vec<Encoded> {
    let request = metrics::request(points, origin, facts, encoding);
    let parts = split::split(request, encoding.batch_bytes);
    parts.into_iter().map(|part| encoded(Signal::Metrics, &part, split::metric_counts(&part))).collect()
}

/// Returns the two halves of a message; nothing for a single point or record, and for bytes that are no message.
pub fn halved(signal: Signal, bytes: &[u8]) -> Option<[Encoded; 2]> {
    match signal {
        Signal::Metrics => split::halved(bytes, |half| encoded(signal, half, split::metric_counts(half))),
        Signal::Logs => split::halved(bytes, |half| encoded(signal, half, split::log_counts(half))),
        // Spans are few, and no parcels.
        Signal::Traces => None,
    }
}

fn encoded(signal: Signal, message: &impl Message, counts: Counts) -> Encoded {
    Encoded { signal, bytes: message.encode_to_vec(), counts }
}

/// Returns a message as the JSON of OTLP/HTTP, or nothing for bytes that are no message of the signal.
pub fn json(signal: Signal, bytes: &[u8]) -> Option<Vec<u8>> {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    match signal {
        Signal::Metrics => serde_json::to_vec(&ExportMetricsServiceRequest::decode(bytes).ok()?).ok(),
        Signal::Logs => serde_json::to_vec(&ExportLogsServiceRequest::decode(bytes).ok()?).ok(),
        Signal::Traces => serde_json::to_vec(&ExportTraceServiceRequest::decode(bytes).ok()?).ok(),
    }
}

#[cfg(test)]
mod tests;
