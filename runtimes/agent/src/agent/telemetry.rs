//! What the agent tells of its own work: a poll view by view, as events at the level debug, and as spans with our own
//! figures by OTLP where an endpoint was named. What is kept of a poll is the board's.

mod carrier;
mod meter;
mod queue;
mod resource;
mod sender;
mod spans;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use opentelemetry_sdk::trace::RandomIdGenerator;
use pgquerylens_model::report::{Outcome, PollReport};
use pgquerylens_model::time::Timestamp;
use pgquerylens_setup::config::configuration::{ProcessConfig, TelemetryConfig};
use pgquerylens_setup::config::secret_source::SecretAccess;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::whereabouts::{self, Whereabouts};
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{Instant, timeout_at};
use tracing::{Span, debug, debug_span, info};

use super::board::Board;
use crate::process::Process;

use queue::Queue;
use sender::Sender;

/// One poll that was tried.
pub(super) struct Polled<'p> {
    /// The server's name.
    pub(super) server: &'p str,
    /// When it began, by our own clock.
    pub(super) began: Timestamp,
    /// How long it took.
    pub(super) took: Duration,
    /// When the server's turn came: the password was read by then. The report's times count from here.
    pub(super) read_from: Timestamp,
    /// What was read, or why nothing was.
    pub(super) outcome: Result<&'p PollReport, Failed<'p>>,
}

/// Why a poll read nothing.
#[derive(Clone, Copy)]
pub(super) struct Failed<'p> {
    /// In one line, as it is logged.
    pub(super) error: &'p str,
    /// In a word.
    pub(super) class: &'p str,
}

/// Tells of our own work, wherever that is wanted.
pub(super) struct Telemetry {
    board: Rc<Board>,
    secrets: SecretAccess,
    /// Where we run, as attributes.
    whereabouts: Whereabouts,
    hostname: Option<String>,
    sending: RefCell<Option<Sending>>,
}

/// A sender at work.
struct Sending {
    wanted: Wanted,
    queue: Rc<Queue>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// What a sender is made of.
#[derive(Clone, PartialEq)]
struct Wanted {
    config: TelemetryConfig,
    attributes: Whereabouts,
}

/// What is to change about where our own telemetry is sent.
pub(super) enum Change {
    /// Nothing.
    Same,
    /// It is no longer sent.
    Off,
    /// It is sent by this from now on.
    On(Box<Prepared>),
}

/// A sender that does not work yet.
pub(super) struct Prepared {
    wanted: Wanted,
    queue: Rc<Queue>,
    sender: Sender,
}

/// Returns the span of one poll, in which its log lines stand.
pub(super) fn poll_span(server: &str) -> Span {
    debug_span!("poll", server)
}

impl Telemetry {
    /// Sends nothing yet.
    pub(super) fn new(process: &Process, secrets: SecretAccess, board: Rc<Board>) -> Telemetry {
        Telemetry {
            board,
            secrets,
            hostname: process.hostname.clone(),
            whereabouts: whereabouts::detected(&process.environment.variables, |path| {
                std::fs::read_to_string(path).ok()
            }),
            sending: RefCell::new(None),
        }
    }

    /// Prepares to send as the configuration says. Until `change`, all goes on as before.
    pub(super) fn prepare(&self, process: &ProcessConfig) -> Result<Change, Failure> {
        let wanted = process.telemetry.clone().map(|config| {
            let mut attributes = self.whereabouts.clone();
            attributes.extend(process.resource_attributes.clone());
            Wanted { config, attributes }
        });
        let sending = self.sending.borrow();
        if sending.as_ref().map(|sending| &sending.wanted) == wanted.as_ref() {
            return Ok(Change::Same);
        }
        let Some(wanted) = wanted else { return Ok(Change::Off) };
        let resource = resource::resource(&wanted.attributes, self.hostname.as_deref(), std::process::id());
        let queue = Rc::new(Queue::default());
        let sender = Sender::new(&wanted.config, &self.secrets, &resource, &self.board, &queue)?;
        Ok(Change::On(Box::new(Prepared { wanted, queue, sender })))
    }

    /// Sends as it was prepared. A sender that is replaced sends what it has, and nobody waits for it.
    pub(super) fn change(&self, change: Change) {
        let fresh = match change {
            Change::Same => return,
            Change::Off => None,
            Change::On(prepared) => {
                let Prepared { wanted, queue, sender } = *prepared;
                let (stop, stopped) = watch::channel(false);
                info!(telemetry = wanted.config.traces.url, "telemetry of our own is sent");
                let task = spawn_local(sender.run(stopped));
                Some(Sending { wanted, queue, stop, task })
            }
        };
        if let Some(replaced) = self.sending.replace(fresh) {
            replaced.stop.send_replace(true);
        }
    }

    /// Sends what is left, until a moment, and nothing more.
    pub(super) async fn stop(&self, end: Instant) {
        let Some(Sending { stop, mut task, .. }) = self.sending.take() else { return };
        stop.send_replace(true);
        if timeout_at(end, &mut task).await.is_err() {
            task.abort();
        }
    }

    /// Tells of a poll.
    pub(super) fn tell(&self, polled: &Polled<'_>) {
        if let Some(sending) = self.sending.borrow().as_ref() {
            sending.queue.add(spans::spans(polled, &RandomIdGenerator::default()));
        }
    }
}

/// Tells of every view that was to be read.
pub(super) fn tell_views(server: &str, report: &PollReport) {
    for collector in &report.collectors {
        let (view, database) = (collector.view, collector.database.as_deref());
        let duration_ms = collector.duration_ms;
        match &collector.outcome {
            Outcome::Read { row_count } => {
                debug!(server, view, database, rows = row_count, duration_ms, "view read");
            }
            Outcome::Failed { error, .. } => {
                debug!(server, view, database, error, duration_ms, "view not read");
            }
            Outcome::Resting { until } => {
                debug!(server, view, database, until = until.to_rfc3339(), "view rests");
            }
            Outcome::NotOffered(_) | Outcome::NotDue => {}
        }
    }
}
