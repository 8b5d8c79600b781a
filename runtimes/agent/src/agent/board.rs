//! What is known of the process, every server and every exporter right now: what the health pages show. Plain data;
//! who reads it turns it into a page, a document or metrics.

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use pgquerylens_model::delivery::{Count, DeliveryReport};
use pgquerylens_model::report::{Cost, Outcome, PollReport};
use pgquerylens_model::time::Timestamp;
use pgquerylens_setup::clock;
use tokio::time::Instant;

/// What is known of the process and of all servers, by name.
#[derive(Debug)]
pub(super) struct Board {
    began: Instant,
    process: RefCell<ProcessState>,
    servers: RefCell<BTreeMap<String, ServerState>>,
}

/// What is known of the process.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ProcessState {
    /// When it began, by our own clock.
    pub(super) started: Timestamp,
    /// The file that it runs by, if there is one.
    pub(super) configuration_file: Option<String>,
    /// Whether its end has begun.
    pub(super) is_stopping: bool,
    /// How long it had lived when its loop turned last.
    pub(super) beat: Duration,
    /// Reloads that took effect.
    pub(super) reloads: u64,
    /// Reloads after which the old configuration went on.
    pub(super) failed_reloads: u64,
    /// Why the last reload failed; nothing if it took effect.
    pub(super) reload_trouble: Option<String>,
}

/// What is known of one server.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ServerState {
    /// `host:port/database`.
    pub(super) address: String,
    /// The interval between polls, in seconds.
    pub(super) every_seconds: f64,
    /// How long a poll may take, in seconds.
    pub(super) deadline_seconds: f64,
    /// Why an operator stopped its polls, if one did.
    pub(super) stopped: Option<String>,
    /// Views that an operator switched off, by name.
    pub(super) views_off: Vec<String>,
    /// How the last poll went: `ok`, `degraded`, `failed`; nothing before the first.
    pub(super) status: Option<&'static str>,
    /// What went wrong at the last poll, or what is missing.
    pub(super) trouble: Vec<String>,
    /// How long the process had lived when the first poll was due.
    pub(super) first_due: Option<Duration>,
    /// When the last poll ended, by our own clock.
    pub(super) last_poll: Option<Timestamp>,
    /// When the last poll that read the server ended.
    pub(super) last_good: Option<Timestamp>,
    /// How long the process had lived by then: a clock that is set does not make a reading younger.
    pub(super) last_good_uptime: Option<Duration>,
    /// When the next poll begins.
    pub(super) next_poll: Option<Timestamp>,
    /// Polls so far.
    pub(super) polls: u64,
    /// Polls that read nothing.
    pub(super) failed_polls: u64,
    /// Of them, those since the last one that read the server.
    pub(super) failures_in_a_row: u64,
    /// Polls that were left out because the server rested.
    pub(super) rested_polls: u64,
    /// Ticks that passed while a poll was running.
    pub(super) ticks_skipped: u64,
    /// How long all polls took, in seconds, from the connection to the commit.
    pub(super) poll_seconds: f64,
    /// How long the last one took.
    pub(super) last_poll_seconds: Option<f64>,
    /// What the last poll that read the server cost it.
    pub(super) cost: Cost,
    /// `18.4`, as it was read last.
    pub(super) version: Option<String>,
    /// `primary` or `standby`, as it was read last.
    pub(super) role: Option<&'static str>,
    /// Since the server failed too often, it is not tried before a moment.
    pub(super) resting: Option<Resting>,
    /// Views that failed too often, and until when they are left out, by the database's clock.
    pub(super) resting_views: BTreeMap<String, Timestamp>,
    /// Views that failed at the last poll.
    pub(super) failed_views: u64,
    /// What became of what was sent, by exporter.
    pub(super) exporters: BTreeMap<String, ExporterState>,
}

/// A pause after failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Resting {
    /// When it ends, by our own clock.
    pub(super) until: Timestamp,
    /// Failures in a row, those before a restart included.
    pub(super) failures: u32,
}

/// What became of one server's figures at one exporter.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ExporterState {
    /// Whether an operator switched it off: it gets nothing.
    pub(super) is_off: bool,
    /// Since the agent began.
    pub(super) total: Count,
    /// What the last answer that was no acceptance said; nothing once something was accepted and nothing waits.
    pub(super) trouble: Option<String>,
    /// Batches that wait.
    pub(super) outbox_entries: usize,
    /// Their bytes.
    pub(super) outbox_bytes: usize,
}

impl Board {
    /// Makes an empty board.
    pub(super) fn new(configuration_file: Option<String>) -> Board {
        let process = ProcessState {
            started: clock::now(),
            configuration_file,
            is_stopping: false,
            beat: Duration::ZERO,
            reloads: 0,
            failed_reloads: 0,
            reload_trouble: None,
        };
        Board { began: Instant::now(), process: RefCell::new(process), servers: RefCell::default() }
    }

    /// Returns how long the process has lived.
    pub(super) fn uptime(&self) -> Duration {
        self.began.elapsed()
    }

    /// Notes that the loop turns.
    pub(super) fn beat(&self) {
        self.process.borrow_mut().beat = self.uptime();
    }

    /// Notes that the end has begun.
    pub(super) fn stopping(&self) {
        self.process.borrow_mut().is_stopping = true;
    }

    /// Notes how a reload went.
    pub(super) fn reloaded(&self, trouble: Option<String>) {
        let mut process = self.process.borrow_mut();
        match trouble {
            None => process.reloads += 1,
            Some(_) => process.failed_reloads += 1,
        }
        process.reload_trouble = trouble;
    }

    /// Begins with a server. What is known of one with this name and address is kept.
    pub(super) fn enter(&self, name: &str, fresh: ServerState) {
        let mut servers = self.servers.borrow_mut();
        let mut known = servers.remove(name).filter(|known| known.address == fresh.address);
        let mut state = known.take().unwrap_or_default();
        state.address = fresh.address;
        state.every_seconds = fresh.every_seconds;
        state.deadline_seconds = fresh.deadline_seconds;
        let mut before = std::mem::take(&mut state.exporters);
        let kept = fresh.exporters.into_keys().map(|exporter| {
            let known = before.remove(&exporter).unwrap_or_default();
            (exporter, known)
        });
        state.exporters = kept.collect();
        servers.insert(name.to_owned(), state);
    }

    /// Changes what is known of a server. One that was forgotten stays so, whatever its last poll still has to say.
    pub(super) fn update(&self, server: &str, change: impl FnOnce(&mut ServerState)) {
        if let Some(state) = self.servers.borrow_mut().get_mut(server) {
            change(state);
        }
    }

    /// Forgets a server that is no longer polled.
    pub(super) fn forget(&self, server: &str) {
        self.servers.borrow_mut().remove(server);
    }

    /// Returns what is known of the process.
    pub(super) fn process(&self) -> Ref<'_, ProcessState> {
        self.process.borrow()
    }

    /// Returns what is known of the servers.
    pub(super) fn servers(&self) -> Ref<'_, BTreeMap<String, ServerState>> {
        self.servers.borrow()
    }
}

impl ServerState {
    /// Notes a poll that read the server. Returns how many failures in a row it ended.
    pub(super) fn add_report(&mut self, report: &PollReport, now: Timestamp, uptime: Duration) -> u64 {
        let degrading = report.notices.iter().filter(|notice| notice.degrades);
        self.status = Some(report.status.name());
        self.trouble = degrading.map(|notice| notice.message.clone()).collect();
        self.last_poll = Some(now);
        self.last_good = Some(now);
        self.last_good_uptime = Some(uptime);
        self.polls += 1;
        self.cost = report.cost;
        self.resting = None;
        self.resting_views = resting_views(report);
        let failed = report.collectors.iter().filter(|view| matches!(view.outcome, Outcome::Failed { .. }));
        self.failed_views = failed.count() as u64;
        if let Some(metrics) = &report.metrics {
            self.version = Some(metrics.identity.version.to_string());
            self.role = Some(if metrics.identity.in_recovery { "standby" } else { "primary" });
        }
        std::mem::take(&mut self.failures_in_a_row)
    }

    /// Notes a poll that read nothing.
    pub(super) fn add_failure(&mut self, trouble: String, now: Timestamp) {
        self.status = Some("failed");
        self.trouble = vec![trouble];
        self.last_poll = Some(now);
        self.polls += 1;
        self.failed_polls += 1;
        self.failures_in_a_row += 1;
        self.resting = None;
    }

    /// Adds how long a poll took.
    pub(super) fn add_time(&mut self, took: Duration) {
        self.poll_seconds += took.as_secs_f64();
        self.last_poll_seconds = Some(took.as_secs_f64());
    }

    /// Notes a poll that was left out because the server rests. What went wrong before stays told.
    pub(super) fn add_rest(&mut self, resting: Resting) {
        self.rested_polls += 1;
        self.resting = Some(resting);
    }

    /// Adds what exporters did. Returns those whose trouble is over. What a last report says of an exporter that a
    /// reload took away is not kept.
    pub(super) fn add_deliveries(&mut self, reports: &[DeliveryReport]) -> Vec<String> {
        let mut over = Vec::new();
        for report in reports {
            let Some(state) = self.exporters.get_mut(&report.exporter) else { continue };
            let more = report.total();
            state.total.accepted += more.accepted;
            state.total.rejected += more.rejected;
            state.total.dropped += more.dropped;
            // Only an acceptance ends a trouble: a report of what was not tried says nothing of it.
            let is_over = report.outbox_entries == 0 && more.accepted > 0;
            if report.trouble.is_some() {
                state.trouble.clone_from(&report.trouble);
            } else if is_over && state.trouble.take().is_some() {
                over.push(report.exporter.clone());
            }
            state.outbox_entries = report.outbox_entries;
            state.outbox_bytes = report.outbox_bytes;
        }
        over
    }
}

fn resting_views(report: &PollReport) -> BTreeMap<String, Timestamp> {
    let resting = report.collectors.iter().filter_map(|view| match view.outcome {
        Outcome::Resting { until } => Some((view, until)),
        _ => None,
    });
    let named = resting.map(|(view, until)| match &view.database {
        Some(database) => (format!("{} in {database}", view.view), until),
        None => (view.view.to_owned(), until),
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(address: &str, exporters: &[&str]) -> ServerState {
        let exporters = exporters.iter().map(|name| ((*name).to_owned(), ExporterState::default()));
        ServerState { address: address.to_owned(), exporters: exporters.collect(), ..ServerState::default() }
    }

    #[test]
    fn a_server_that_is_gone_does_not_come_back_with_its_last_poll() {
        let board = Board::new(None);
        board.enter("shop", server("a", &[]));
        board.forget("shop");
        board.update("shop", |state| state.polls += 1);
        assert!(board.servers().is_empty());
    }

    #[test]
    fn counts_outlive_a_reload_unless_the_name_means_another_server() {
        let board = Board::new(None);
        board.enter("shop", server("a", &["old", "kept"]));
        board.update("shop", |state| {
            state.polls = 7;
            state.exporters.values_mut().for_each(|exporter| exporter.outbox_entries = 3);
        });
        board.enter("shop", server("a", &["kept", "new"]));
        let entries = |board: &Board| -> Vec<(String, usize)> {
            let servers = board.servers();
            let exporters = servers["shop"].exporters.iter();
            exporters.map(|(name, state)| (name.clone(), state.outbox_entries)).collect()
        };
        assert_eq!(entries(&board), [("kept".to_owned(), 3), ("new".to_owned(), 0)]);
        assert_eq!(board.servers()["shop"].polls, 7);
        board.enter("shop", server("b", &[]));
        assert_eq!(board.servers()["shop"], server("b", &[]));
    }

    #[test]
    fn a_rest_keeps_what_went_wrong_and_a_reading_ends_it() {
        let mut state = server("a", &[]);
        state.add_failure("down".to_owned(), Timestamp(1));
        state.add_rest(Resting { until: Timestamp(9), failures: 3 });
        assert_eq!((state.trouble.as_slice(), state.polls), (["down".to_owned()].as_slice(), 1));
        state.add_failure("still down".to_owned(), Timestamp(10));
        assert_eq!((state.resting, state.failures_in_a_row, state.rested_polls), (None, 2, 1));
    }

    #[test]
    fn an_exporter_that_a_reload_took_away_does_not_come_back_with_its_last_report() {
        let mut state = server("a", &["kept"]);
        let report = |exporter: &str| DeliveryReport {
            exporter: exporter.to_owned(),
            trouble: Some("503".to_owned()),
            ..DeliveryReport::default()
        };
        state.add_deliveries(&[report("gone"), report("kept")]);
        assert_eq!(state.exporters.keys().collect::<Vec<_>>(), ["kept"]);
    }

    #[test]
    fn a_delivery_is_over_its_trouble_when_something_was_accepted_and_nothing_waits_any_more() {
        let report = |trouble: Option<&str>, accepted, outbox_entries| DeliveryReport {
            exporter: "otlp".to_owned(),
            families: BTreeMap::from([("events".to_owned(), Count { accepted, ..Count::default() })]),
            trouble: trouble.map(str::to_owned),
            outbox_entries,
            ..DeliveryReport::default()
        };
        let mut state = server("a", &["otlp"]);
        let nobody: [&str; 0] = [];
        assert_eq!(state.add_deliveries(&[report(Some("503"), 0, 1)]), nobody);
        assert_eq!(state.add_deliveries(&[report(None, 0, 1)]), nobody, "it was not tried");
        assert_eq!(state.add_deliveries(&[report(None, 1, 0)]), ["otlp"]);
        assert_eq!(state.add_deliveries(&[report(None, 1, 0)]), nobody);
        // What is refused for good does not wait, and a drain finds nothing to do.
        assert_eq!(state.add_deliveries(&[report(Some("401"), 0, 0)]), nobody);
        assert_eq!(state.add_deliveries(&[report(None, 0, 0)]), nobody, "nothing was accepted");
        assert_eq!(state.exporters["otlp"].trouble.as_deref(), Some("401"));
    }
}
