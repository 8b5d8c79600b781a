//! One server: polled on its ticks, delivered, drained. It never overlaps itself, and holds a worker's place for the
//! first second of a poll.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use pgquerylens_delivery::exporter::Exporter;
use pgquerylens_engine::poll::PollFailure;
use pgquerylens_engine::source::ReadError;
use pgquerylens_engine::state::control::ControlError;
use pgquerylens_engine::state::lease::Claim;
use pgquerylens_model::delivery::DeliveryReport;
use pgquerylens_model::report::{PollReport, Status};
use pgquerylens_model::running::SeriesRules;
use pgquerylens_model::time::Timestamp;
use pgquerylens_setup::clock;
use pgquerylens_setup::config::configuration::ServerConfig;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::polls::{NotPolled, Polls, Surroundings, Wanted};
use pgquerylens_store::store::Store;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep_until};
use tracing::{Instrument, debug, info, warn};

use crate::schedule::Schedule;

use super::board::{Board, ExporterState, Resting, ServerState};
use super::ownership::Ownership;
use super::place::hold;
use super::seats::Seats;
use super::telemetry::{self, Failed, Polled, Telemetry};
use super::wishes;

/// How long exporters get to take the news that a server is down.
const DOWN_NEWS: Duration = Duration::from_secs(5);
/// Of the grace at an end, the part that a running poll gets before the server is told to stop it.
const POLL_SHARE_OF_GRACE: f64 = 0.4;
/// How long a poll that gets nothing from its server holds a worker's place.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long one request to stop a statement may take.
const INTERRUPT: Duration = Duration::from_secs(1);

/// The places of those that begin a poll at the same time; how many there are can change at a reload.
pub(super) type Workers = Rc<RefCell<Arc<Semaphore>>>;

/// What all servers of the fleet share.
pub(super) struct Shared {
    pub(super) surroundings: Surroundings,
    pub(super) board: Rc<Board>,
    pub(super) workers: Workers,
    pub(super) seats: Seats,
    pub(super) telemetry: Rc<Telemetry>,
    /// What this process is called where several could use one state.
    pub(super) process: String,
    /// Where an operator's wishes for all servers lie.
    pub(super) root: Option<Arc<Store>>,
}

/// One server that is polled.
pub(super) struct Server {
    name: String,
    every: Duration,
    polls: Polls,
    store: Arc<Store>,
    ownership: Ownership,
    seat: Option<OwnedSemaphorePermit>,
    /// When the last poll turned to the server, by our own clock.
    read_from: Timestamp,
    shared: Shared,
}

impl Server {
    pub(super) fn new(
        config: &ServerConfig,
        series: Option<SeriesRules>,
        exporters: &[Arc<Exporter>],
        store: &Arc<Store>,
        shared: Shared,
    ) -> Server {
        let root = shared.root.as_ref();
        let polls = Polls::new(config, series, exporters, root, store, &shared.surroundings);
        shared.board.enter(&config.name, first_state(config));
        let claim = config.lease.map(|term| Claim::new(shared.process.clone(), term.as_secs_f64()));
        Server {
            name: config.name.clone(),
            every: config.every,
            polls,
            ownership: Ownership::of(&config.state, &config.name).with_lease(claim),
            seat: None,
            read_from: Timestamp(0),
            store: Arc::clone(store),
            shared,
        }
    }

    /// Polls until it is stopped: the value of `stop` is then the moment by which everything has to be over.
    pub(super) async fn run(mut self, offset: Duration, mut stop: watch::Receiver<Option<Instant>>) {
        let schedule = Schedule { every: Some(self.every), lasting: None, polls: None };
        let start = Instant::now() + offset;
        let (mut began, mut done) = (start, 0);
        self.note_first(offset);
        while !wait_or_stop(&mut stop, sleep_until(began)).await {
            let workers = Arc::clone(&self.shared.workers.borrow());
            let mut place = None;
            if wait_or_stop(&mut stop, async { place = workers.acquire().await.ok() }).await {
                break;
            }
            let progress = self.polls.progress().clone();
            let tried = self.try_to_poll(&mut stop);
            if let Some(tried) = hold(place, || progress.received_bytes(), PATIENCE, tried).await {
                let end = *stop.borrow();
                self.tell_telemetry(&tried);
                self.tell(tried.polled, tried.took, end).await;
            }
            done += 1;
            let Some(tick) = schedule.next(start, began, Instant::now(), done) else { break };
            self.note_tick(tick.skipped, tick.at);
            if self.ownership.is_taken(clock::now()) {
                let mut drained = Vec::new();
                let drain = async { drained = self.polls.recipients().drain(tick.at).await };
                let _stopped = wait_or_stop(&mut stop, drain).await;
                self.note_deliveries(&drained);
            }
            began = tick.at;
        }
        let end = stop.borrow().unwrap_or_else(Instant::now);
        if self.ownership.is_taken(clock::now()) {
            let drained = self.polls.recipients().drain(end).await;
            self.note_deliveries(&drained);
            self.ownership.give_up(&self.store).await;
        }
    }

    /// Polls if it may be, and nobody wants otherwise. A store that hangs is waited for here as a server is.
    async fn try_to_poll(&mut self, stop: &mut watch::Receiver<Option<Instant>>) -> Option<Tried> {
        let mut is_wanted = false;
        let look = async { is_wanted = self.may_begin().await && self.honour_control().await };
        if wait_or_stop(stop, look).await || !is_wanted {
            return None;
        }
        let (began, since) = (clock::now(), Instant::now());
        let span = telemetry::poll_span(&self.name);
        let polled = self.poll_and_tell_views(stop).instrument(span).await;
        Some(Tried { polled, began, took: since.elapsed() })
    }

    /// Tells whether there are descriptors for this server, and its state is ours. One that another process uses is
    /// left to it, and so is the server.
    async fn may_begin(&mut self) -> bool {
        let seats = &self.shared.seats;
        let seat = self.seat.take().map_or_else(|| seats.take(), Ok);
        let locked = seat.and_then(|seat| {
            self.seat = Some(seat);
            self.ownership.take()
        });
        let begun = match locked {
            Ok(()) => self.ownership.take_lease(&self.store, clock::now()).await,
            failed => failed,
        };
        let Err(failure) = begun else { return true };
        warn!(server = self.name, error = %failure.in_one_line(), "not polled");
        self.shared.board.update(&self.name, |state| {
            state.status = Some(Status::Failed.name());
            state.trouble = vec![failure.in_one_line()];
        });
        false
    }

    /// Does what an operator wants; returns whether to poll.
    async fn honour_control(&mut self) -> bool {
        let Wanted { control: wanted, unread } = self.polls.wanted().await;
        for error in unread {
            match error {
                ControlError::Store(error) => {
                    warn!(server = self.name, %error, "control not read, what was wanted before holds");
                }
                error => warn!(server = self.name, %error, "control not read, it is ignored"),
            }
        }
        let mut changes = Vec::new();
        self.shared.board.update(&self.name, |state| changes = wishes::note(state, &wanted));
        wishes::tell(&self.name, &changes);
        wanted.stopped.is_none()
    }

    async fn poll_and_tell_views(
        &mut self,
        stop: &mut watch::Receiver<Option<Instant>>,
    ) -> Result<PollReport, NotRead> {
        let polled = self.poll(stop).await;
        if let Ok(report) = &polled {
            telemetry::tell_views(&self.name, report);
        }
        polled
    }

    /// Polls once. At a stop a running poll gets a part of the grace; then the server is told to stop what it does,
    /// and what was read is delivered and committed.
    async fn poll(&mut self, stop: &mut watch::Receiver<Option<Instant>>) -> Result<PollReport, NotRead> {
        tokio::select! {
            prepared = self.polls.prepare() => prepared?,
            _ = stop.wait_for(Option::is_some) => return Err(NotRead::Interrupted),
        }
        self.read_from = clock::now();
        let interrupter = self.polls.interrupter().clone();
        let mut poll = std::pin::pin!(self.polls.poll(self.read_from));
        let stopped = tokio::select! {
            polled = &mut poll => return polled.map_err(NotRead::from),
            _ = stop.wait_for(Option::is_some) => Instant::now(),
        };
        let end = stop.borrow().unwrap_or(stopped);
        let mut patience = stopped + end.saturating_duration_since(stopped).mul_f64(POLL_SHARE_OF_GRACE);
        loop {
            tokio::select! {
                polled = &mut poll => return polled.map_err(NotRead::from),
                () = sleep_until(patience) => interrupter.interrupt(INTERRUPT).await,
            }
            patience = Instant::now() + Duration::from_millis(50);
        }
    }

    /// Of a poll that was not tried there is nothing to tell, nor of one that we ended.
    fn tell_telemetry(&self, tried: &Tried) {
        let line;
        let outcome = match &tried.polled {
            Ok(report) => Ok(report),
            Err(NotRead::Failed(failure, class)) => {
                line = failure.in_one_line();
                Err(Failed { error: &line, class })
            }
            Err(NotRead::Resting(_) | NotRead::Interrupted) => return,
        };
        let (server, read_from) = (self.name.as_str(), self.read_from);
        let (began, took) = (tried.began, tried.took);
        self.shared.telemetry.tell(&Polled { server, began, took, read_from, outcome });
    }

    async fn tell(&mut self, polled: Result<PollReport, NotRead>, took: Duration, end: Option<Instant>) {
        let now = clock::now();
        match polled {
            Ok(report) => {
                self.tell_report(&report, now, took);
                return self.note_deliveries(&report.deliveries);
            }
            Err(NotRead::Interrupted) => return,
            Err(NotRead::Resting(resting)) => {
                let until = resting.until.to_rfc3339();
                warn!(server = self.name, failures = resting.failures, until, "not polled, the server rests");
                self.shared.board.update(&self.name, |state| state.add_rest(resting));
            }
            Err(NotRead::Failed(failure, _)) => {
                warn!(server = self.name, error = %failure.in_one_line(), "poll failed");
                self.shared.board.update(&self.name, |state| {
                    state.add_failure(failure.in_one_line(), now);
                    state.add_time(took);
                });
            }
        }
        let until = Instant::now() + DOWN_NEWS;
        let until = end.map_or(until, |end| until.min(end));
        let last_good = self.shared.board.servers().get(&self.name).and_then(|state| state.last_good);
        let told = self.polls.recipients().say_down(now, last_good, until).await;
        self.note_deliveries(&told);
    }

    fn tell_report(&self, report: &PollReport, now: Timestamp, took: Duration) {
        let (status, views) = (report.status.name(), report.collectors.len());
        let mut ended = 0;
        self.shared.board.update(&self.name, |state| {
            ended = state.add_report(report, now, self.shared.board.uptime());
            state.add_time(took);
            match report.status {
                Status::Ok => {
                    debug!(
                        server = self.name,
                        status,
                        views,
                        duration_ms = report.cost.duration_ms,
                        "polled"
                    );
                }
                Status::Degraded | Status::Failed => {
                    warn!(server = self.name, status, missing = state.trouble.join("; "), "polled");
                }
            }
        });
        if ended > 0 {
            info!(server = self.name, failures = ended, "the server is read again");
        }
    }

    fn note_first(&self, offset: Duration) {
        let due = Timestamp(clock::now().0 + i64::try_from(offset.as_micros()).unwrap_or(0));
        self.shared.board.update(&self.name, |state| {
            state.first_due = Some(self.shared.board.uptime() + offset);
            state.next_poll = Some(due);
        });
    }

    fn note_tick(&self, skipped: u64, at: Instant) {
        if skipped > 0 {
            warn!(server = self.name, skipped, "a poll took longer than the interval: ticks skipped");
        }
        let ahead = at.saturating_duration_since(Instant::now());
        let next = Timestamp(clock::now().0 + i64::try_from(ahead.as_micros()).unwrap_or(0));
        self.shared.board.update(&self.name, |state| {
            state.ticks_skipped += skipped;
            state.next_poll = Some(next);
        });
    }

    fn note_deliveries(&self, reports: &[DeliveryReport]) {
        for report in reports {
            let total = report.total();
            if let Some(trouble) = &report.trouble {
                warn!(
                    server = self.name,
                    exporter = report.exporter,
                    rejected = total.rejected,
                    dropped = total.dropped,
                    waiting = report.outbox_entries,
                    error = trouble,
                    "delivery in trouble"
                );
            }
        }
        let mut over = Vec::new();
        self.shared.board.update(&self.name, |state| over = state.add_deliveries(reports));
        for exporter in over {
            info!(server = self.name, exporter, "deliveries are accepted again");
        }
    }
}

/// A poll that was tried.
struct Tried {
    polled: Result<PollReport, NotRead>,
    began: Timestamp,
    took: Duration,
}

/// Why a poll read nothing.
enum NotRead {
    /// It was not tried.
    Resting(Resting),
    /// It was tried, and we have to end.
    Interrupted,
    /// It was, in vain; the class of it in a word.
    Failed(Failure, String),
}

impl From<NotPolled> for NotRead {
    fn from(reason: NotPolled) -> NotRead {
        match reason {
            NotPolled::Unset(failure) => failure.into(),
            NotPolled::Failed(failure) => failure.into(),
        }
    }
}

impl From<PollFailure> for NotRead {
    fn from(failure: PollFailure) -> NotRead {
        match failure {
            PollFailure::Resting { until, failures } => NotRead::Resting(Resting { until, failures }),
            PollFailure::Probe(ReadError::Interrupted) => NotRead::Interrupted,
            other => {
                let class = other.class().to_owned();
                NotRead::Failed(other.into(), class)
            }
        }
    }
}

/// What goes wrong before the server is asked is in how we were told to ask.
impl From<Failure> for NotRead {
    fn from(failure: Failure) -> NotRead {
        NotRead::Failed(failure, "configuration".to_owned())
    }
}

/// What is known of a server before its first poll.
fn first_state(config: &ServerConfig) -> ServerState {
    let exporters = config.exporters.iter().map(|name| (name.clone(), ExporterState::default()));
    ServerState {
        address: config.address.clone(),
        every_seconds: config.every.as_secs_f64(),
        deadline_seconds: config.poll.limits.deadline.as_secs_f64(),
        exporters: exporters.collect(),
        ..ServerState::default()
    }
}

/// Waits for something; returns true if a stop came first.
async fn wait_or_stop(stop: &mut watch::Receiver<Option<Instant>>, what: impl Future<Output = ()>) -> bool {
    tokio::select! {
        biased;
        _ = stop.wait_for(Option::is_some) => true,
        () = what => false,
    }
}
