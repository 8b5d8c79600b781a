//! OTLP over gRPC and HTTP. One exporter has a way for metrics and a way for logs; both share a bound on requests
//! under way.

mod answer;
mod checked;
mod grpc;
mod http;
mod transport;

use pgquerylens_export::origin::Origin;
use pgquerylens_export::otlp::{Encoded, Encoding, Signal, encode, encode_down, halved};
use pgquerylens_model::delivery::Delivery;
use pgquerylens_model::report::PollReport;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::parcel::{Down, Parcel, ParcelKind, retry};

pub use transport::{
    ClientCertificate, Compression, Headers, Protocol, Transport, TransportError, Way, no_headers,
};

/// What an exporter is told.
#[derive(Debug)]
pub struct OtlpSettings {
    /// Its name.
    pub name: String,
    /// How metrics get there.
    pub metrics: Transport,
    /// How logs get there.
    pub logs: Transport,
    /// What a poll becomes.
    pub encoding: Encoding,
    /// The most bytes that may wait, for one server.
    pub outbox_bytes: usize,
    /// The most requests under way at the same time.
    pub concurrency: usize,
}

/// An exporter that speaks OTLP.
#[derive(Debug)]
pub struct Otlp {
    name: String,
    metrics: Box<Way>,
    logs: Box<Way>,
    encoding: Encoding,
    outbox_bytes: usize,
    under_way: Semaphore,
}

impl Otlp {
    /// Makes an exporter; nothing is opened yet. Fails for a URL that nobody could be reached by.
    pub fn new(settings: OtlpSettings) -> Result<Otlp, TransportError> {
        Ok(Otlp {
            name: settings.name,
            metrics: Box::new(Way::new(settings.metrics)?),
            logs: Box::new(Way::new(settings.logs)?),
            encoding: settings.encoding,
            outbox_bytes: settings.outbox_bytes,
            under_way: Semaphore::new(settings.concurrency.max(1)),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn outbox_bytes(&self) -> usize {
        self.outbox_bytes
    }

    pub(crate) fn encode(&self, report: &PollReport, origin: &Origin) -> Vec<Parcel> {
        encode(report, origin, &self.encoding).into_iter().map(parcel).collect()
    }

    pub(crate) fn encode_down(&self, down: &Down<'_>, origin: &Origin) -> Vec<Parcel> {
        let messages = encode_down(down.now, down.last_good, origin, down.facts, &self.encoding);
        messages.into_iter().map(parcel).collect()
    }

    pub(crate) async fn send(&self, parcel: &Parcel, until: Instant) -> Delivery {
        let (signal, way) = match parcel.kind {
            ParcelKind::Otlp(signal @ Signal::Metrics) => (signal, &self.metrics),
            ParcelKind::Otlp(signal @ Signal::Logs) => (signal, &self.logs),
            _ => {
                return Delivery::Refused {
                    why: "the outbox holds what another kind of exporter left".to_owned(),
                };
            }
        };
        let Ok(permit) = tokio::time::timeout_at(until, self.under_way.acquire()).await else {
            return retry("as many requests as may be are under way");
        };
        let answer = way.send(signal, &parcel.bytes, until).await;
        drop(permit);
        answer
    }
}

/// Returns a parcel's two halves, if it is a message of OTLP that has two.
pub(crate) fn halves(parcel: &Parcel) -> Option<[Parcel; 2]> {
    let ParcelKind::Otlp(signal) = parcel.kind else { return None };
    halved(signal, &parcel.bytes).map(|halves| halves.map(self::parcel))
}

fn parcel(message: Encoded) -> Parcel {
    Parcel { kind: ParcelKind::Otlp(message.signal), bytes: message.bytes, counts: message.counts }
}
