//! What the bench tells a collector at its start, and what the collector answers after each poll. Both are JSON.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How a collector is to poll.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Orders {
    /// The server.
    pub(crate) url: String,
    /// The pauses of the slow classes and of text readings are divided by this: an hour in a minute is 60.
    pub(crate) hastened: f64,
    /// Where the state is kept; in memory if nowhere.
    pub(crate) state: Option<PathBuf>,
    /// Visit every database at every poll.
    pub(crate) visits: bool,
}

/// What one poll was and cost.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Turn {
    /// The backend of the held connection.
    pub(crate) backend: u32,
    /// CPU time of all our backends since the collector started, in nanoseconds.
    pub(crate) server_cpu: u64,
    /// Databases visited at this poll, each with the CPU time of its backend from login to end.
    pub(crate) visits: Vec<(String, u64)>,
    /// CPU time of the collector in this poll, in nanoseconds.
    pub(crate) collector_cpu: u64,
    /// CPU time of the collector since its start, in nanoseconds.
    pub(crate) collector_cpu_in_all: u64,
    /// CPU time of unpacking the state and packing it again, as each poll does, in nanoseconds.
    pub(crate) packing_cpu: u64,
    /// The most memory the collector has had resident, in bytes.
    pub(crate) collector_peak: u64,
    /// Memory the collector has resident now, in bytes.
    pub(crate) collector_resident: u64,
    pub(crate) statements: u64,
    pub(crate) round_trips: u64,
    pub(crate) connections: u64,
    pub(crate) received: u64,
    pub(crate) sent: u64,
    /// Text readings since the collector started.
    pub(crate) text_readings: u64,
    /// Views of the slow classes that were read at this poll.
    pub(crate) slow_views: usize,
    /// Bytes of the state's two objects as they were last committed.
    pub(crate) baseline_bytes: u64,
    pub(crate) dictionary_bytes: u64,
}
