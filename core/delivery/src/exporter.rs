//! What every exporter does: make parcels of a report, and send one. The set is closed; each passes the contract suite
//! of `integration/receiving`.

use pgquerylens_export::origin::Origin;
use pgquerylens_model::delivery::Delivery;
use pgquerylens_model::report::PollReport;
use tokio::time::Instant;

use crate::lines::Lines;
use crate::otlp::Otlp;
use crate::parcel::{Down, Parcel};

/// A place where things are sent.
#[derive(Debug)]
pub enum Exporter {
    /// By the OpenTelemetry protocol.
    Otlp(Box<Otlp>),
    /// As lines of JSON.
    Lines(Lines),
}

impl Exporter {
    /// Returns the name that its user gave it.
    pub fn name(&self) -> &str {
        match self {
            Exporter::Otlp(otlp) => otlp.name(),
            Exporter::Lines(lines) => lines.name(),
        }
    }

    /// Returns the most bytes that may wait for it, for one server.
    pub fn outbox_bytes(&self) -> usize {
        match self {
            Exporter::Otlp(otlp) => otlp.outbox_bytes(),
            Exporter::Lines(lines) => lines.outbox_bytes(),
        }
    }

    /// Returns the parcels of a poll.
    pub fn encode(&self, report: &PollReport, origin: &Origin) -> Vec<Parcel> {
        match self {
            Exporter::Otlp(otlp) => otlp.encode(report, origin),
            Exporter::Lines(lines) => lines.encode(report, origin),
        }
    }

    /// Returns the parcels that say that a server was not read.
    pub fn encode_down(&self, down: &Down<'_>, origin: &Origin) -> Vec<Parcel> {
        match self {
            Exporter::Otlp(otlp) => otlp.encode_down(down, origin),
            Exporter::Lines(lines) => lines.encode_down(down, origin),
        }
    }

    /// Sends a parcel; a receiver that has not answered by `until` may have it or not.
    pub async fn send(&self, parcel: &Parcel, until: Instant) -> Delivery {
        match self {
            Exporter::Otlp(otlp) => otlp.send(parcel, until).await,
            Exporter::Lines(lines) => lines.send(parcel, until).await,
        }
    }
}
