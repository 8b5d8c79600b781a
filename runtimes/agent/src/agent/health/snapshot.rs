//! Everything that a page is made of, at one moment. Taken once for each request; what is made of it is pure.

use std::collections::BTreeMap;
use std::time::Duration;

use pgquerylens_model::time::Timestamp;

use super::vitals::{self, Vitals};
use crate::agent::board::{Board, ProcessState, ServerState};
use pgquerylens_setup::clock;

/// What is known at one moment.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::agent) struct Snapshot {
    /// The moment, by our own clock.
    pub(super) now: Timestamp,
    /// How long the process has lived.
    pub(super) uptime: Duration,
    /// Our version.
    pub(super) version: &'static str,
    /// The number of the process.
    pub(super) pid: u32,
    /// What it takes of the machine.
    pub(super) vitals: Vitals,
    /// What else is known of the process.
    pub(super) process: ProcessState,
    /// The servers, by name.
    pub(super) servers: BTreeMap<String, ServerState>,
}

/// Returns what is known now.
pub(in crate::agent) fn take(board: &Board) -> Snapshot {
    Snapshot {
        now: clock::now(),
        uptime: board.uptime(),
        version: env!("CARGO_PKG_VERSION"),
        pid: std::process::id(),
        vitals: vitals::look(),
        process: board.process().clone(),
        servers: board.servers().clone(),
    }
}
