//! What exporters pass on: pieces of a batch as they lie in an outbox, and the news that a server was not read.

use pgquerylens_export::origin::ServerFacts;
use pgquerylens_export::otlp::{Counts, Signal};
use pgquerylens_model::delivery::Delivery;
use pgquerylens_model::time::Timestamp;
use serde::{Deserialize, Serialize};

/// One piece of a batch, encoded, as it lies in an outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// What it is.
    pub kind: ParcelKind,
    /// Its bytes, before compression.
    pub bytes: Vec<u8>,
    /// Points, records or documents in it, by family.
    pub counts: Counts,
}

/// What a parcel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParcelKind {
    /// A message of OTLP as protobuf.
    Otlp(Signal),
    /// Lines of JSON.
    Lines,
}

/// A server that was not read.
#[derive(Clone, Copy, Debug)]
pub struct Down<'d> {
    /// Our own clock.
    pub now: Timestamp,
    /// When it was last read, by our own clock.
    pub last_good: Option<Timestamp>,
    /// What it told of itself then.
    pub facts: Option<&'d ServerFacts>,
}

/// Returns an answer that asks for patience.
pub(crate) fn retry(why: impl Into<String>) -> Delivery {
    Delivery::Retry { after: None, why: why.into() }
}
