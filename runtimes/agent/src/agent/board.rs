//! What is known of every server and exporter right now: what the health page shows. Plain data; who reads it turns it
//! into a page, a document or metrics.

use std::cell::RefCell;
use std::collections::BTreeMap;

use pgquerylens_model::delivery::{Count, DeliveryReport};
use pgquerylens_model::report::Cost;
use pgquerylens_model::time::Timestamp;

/// What is known of all servers, by name.
#[derive(Debug, Default)]
pub(super) struct Board {
    servers: RefCell<BTreeMap<String, ServerState>>,
}

/// What is known of one server.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ServerState {
    /// `host:port/database`.
    pub(super) address: String,
    /// The interval between polls, in seconds.
    pub(super) every_seconds: f64,
    /// Why an operator stopped its polls, if one did.
    pub(super) stopped: Option<String>,
    /// How the last poll went: `ok`, `degraded`, `failed`; nothing before the first.
    pub(super) status: Option<&'static str>,
    /// What went wrong at the last poll, or what is missing.
    pub(super) trouble: Vec<String>,
    /// When the last poll ended, by our own clock.
    pub(super) last_poll: Option<Timestamp>,
    /// When the last poll that read the server ended.
    pub(super) last_good: Option<Timestamp>,
    /// When the next poll begins.
    pub(super) next_poll: Option<Timestamp>,
    /// Polls so far.
    pub(super) polls: u64,
    /// Polls that read nothing.
    pub(super) failed_polls: u64,
    /// Ticks that passed while a poll was running.
    pub(super) ticks_skipped: u64,
    /// What the last poll cost the server.
    pub(super) cost: Cost,
    /// `PostgreSQL 18.4`, as it was read last.
    pub(super) version: Option<String>,
    /// What became of what was sent, by exporter.
    pub(super) exporters: BTreeMap<String, ExporterState>,
}

/// What became of one server's figures at one exporter.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ExporterState {
    /// Since the agent began.
    pub(super) total: Count,
    /// What the last answer that was no acceptance said; nothing if the last one was.
    pub(super) trouble: Option<String>,
    /// Batches that wait.
    pub(super) outbox_entries: usize,
    /// Their bytes.
    pub(super) outbox_bytes: usize,
}

impl Board {
    /// Changes what is known of a server.
    pub(super) fn update(&self, server: &str, change: impl FnOnce(&mut ServerState)) {
        change(self.servers.borrow_mut().entry(server.to_owned()).or_default());
    }

    /// Forgets a server that is no longer polled.
    pub(super) fn forget(&self, server: &str) {
        self.servers.borrow_mut().remove(server);
    }

    /// Returns everything, as it is now.
    pub(super) fn snapshot(&self) -> BTreeMap<String, ServerState> {
        self.servers.borrow().clone()
    }
}

impl ServerState {
    /// Adds what exporters did.
    pub(super) fn add_deliveries(&mut self, reports: &[DeliveryReport]) {
        for report in reports {
            let state = self.exporters.entry(report.exporter.clone()).or_default();
            let more = report.total();
            state.total.accepted += more.accepted;
            state.total.rejected += more.rejected;
            state.total.dropped += more.dropped;
            state.trouble.clone_from(&report.trouble);
            state.outbox_entries = report.outbox_entries;
            state.outbox_bytes = report.outbox_bytes;
        }
    }
}
