//! One poll: probe, read what is due, follow up, subtract, commit.
//!
//! The flow is here; what is read is [`plan`]'s decision, what the answers mean [`collected`]'s, which statements
//! are named [`naming`]'s.

mod collected;
mod heard;
pub(crate) mod home;
mod keep;
mod naming;
mod notices;
mod plan;
mod renewal;
mod texts;
mod walk;

use std::fmt;
use std::time::Duration;

use pgquerylens_model::breaker::SERVER;
use pgquerylens_model::identity::Identity;
use pgquerylens_model::probe::{CONTROL, LOCK, PROBE, Probe};
use pgquerylens_model::report::{Cost, Notice, PollReport, Status, Step, WalkProgress};
use pgquerylens_model::running::SeriesRules;
use pgquerylens_model::selection::Order;
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::version::{SUPPORTED_MAJORS, ServerVersion};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout_at};

use crate::deliver::{Deliver, Nobody};
use crate::dial::ConnectError;
use crate::limits::Limits;
use crate::outside::{Ask, Outside, Unobserved};
use crate::source::session::Mode;
use crate::source::{Answer, Opened, ReadError, Request, Source, Unit};
use crate::state::StateStore;

use collected::Collected;
pub use keep::StateTrouble;
use keep::{Held, Kept};

/// What a poll reads and names.
#[derive(Clone, Debug, PartialEq)]
pub struct PollOptions {
    /// The budget.
    pub limits: Limits,
    /// How many statements are named in each order.
    pub top: usize,
    /// The orders.
    pub orders: Vec<Order>,
    /// Whose tables, indexes, functions and sequences are read.
    pub databases: Databases,
    /// Read everything now, due or not.
    pub all_due: bool,
    /// Which statements get running sums; none where nobody takes them.
    pub series: Option<SeriesRules>,
    /// Views that somebody switched off, by name.
    pub views_off: Vec<String>,
    /// Where one poll at a time is to use the state, over all processes: the key of that lock on the server.
    pub single_flight: Option<LockKey>,
}

/// The key of an advisory lock on a server, the same for all who use one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockKey([u32; 2]);

impl LockKey {
    /// Makes a key of what names a state.
    pub fn of(name: &str) -> LockKey {
        let digest = Sha256::digest(name.as_bytes());
        // A lock's number has a sign.
        let half = |from: usize| {
            let bytes = [digest[from], digest[from + 1], digest[from + 2], digest[from + 3]];
            u32::from_be_bytes(bytes) >> 1
        };
        LockKey([half(0), half(4)])
    }
}

impl PollOptions {
    /// What is due of the connected database, and so many statements named in every order.
    pub fn within(limits: Limits, top: usize) -> PollOptions {
        PollOptions {
            limits,
            top,
            orders: Order::ALL.to_vec(),
            databases: Databases::Connected,
            all_due: false,
            series: None,
            views_off: Vec::new(),
            single_flight: None,
        }
    }
}

/// Whose tables, indexes, functions and sequences are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Databases {
    /// Those of the connected database.
    Connected,
    /// Those of these databases, one after another.
    Named(Vec<String>),
    /// Those of every database that takes connections, one after another.
    All,
}

/// Why a poll read nothing.
#[derive(Debug)]
pub enum PollFailure {
    /// No connection.
    Connect(ConnectError),
    /// A connection, but not even the probe was answered.
    Probe(ReadError),
    /// The deadline came before a connection was open.
    Deadline,
    /// A version that we do not read.
    Unsupported(ServerVersion),
    /// Another poll of the same state is at work on the server.
    Overlapped,
    /// The state cannot be used, or was not kept.
    State(StateTrouble),
    /// The last poll was too short a while ago.
    Early {
        /// When that was, by the caller's clock.
        last: Timestamp,
    },
    /// It failed too often: it is not tried before a moment.
    Resting {
        /// The moment, by the caller's clock.
        until: Timestamp,
        /// How often it failed in a row.
        failures: u32,
    },
}

impl fmt::Display for PollFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PollFailure::Connect(error) => write!(f, "{error}"),
            PollFailure::Probe(error) => write!(f, "ask the server who it is: {error}"),
            PollFailure::Deadline => f.write_str("the poll's deadline came before a connection was open"),
            PollFailure::Unsupported(version) => {
                let oldest = SUPPORTED_MAJORS.start();
                write!(f, "the server is PostgreSQL {version}; versions from {oldest} on are read")
            }
            PollFailure::Overlapped => f.write_str("another poll of the same state is at work on the server"),
            PollFailure::State(trouble) => write!(f, "{trouble}"),
            PollFailure::Early { last } => write!(f, "the last poll was at {}", last.to_rfc3339()),
            PollFailure::Resting { until, failures } => {
                write!(f, "not tried until {} after {failures} failures in a row", until.to_rfc3339())
            }
        }
    }
}

impl PollFailure {
    /// Returns a word for what went wrong, or the server's SQLSTATE.
    pub fn class(&self) -> &str {
        match self {
            PollFailure::Connect(_) => "connect",
            PollFailure::Probe(error) => error.class(),
            PollFailure::Deadline => "deadline",
            PollFailure::Unsupported(_) => "unsupported",
            PollFailure::Overlapped => "overlapped",
            PollFailure::State(_) => "state",
            PollFailure::Early { .. } => "early",
            PollFailure::Resting { .. } => "resting",
        }
    }
}

impl std::error::Error for PollFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            PollFailure::Connect(error) => Some(error),
            PollFailure::Probe(error) => Some(error),
            PollFailure::State(trouble) => Some(trouble),
            PollFailure::Deadline
            | PollFailure::Unsupported(_)
            | PollFailure::Overlapped
            | PollFailure::Early { .. }
            | PollFailure::Resting { .. } => None,
        }
    }
}

/// A held connection may take this part of the poll's time to answer the probe: one third.
const HELD_CONNECTION_SHARE: u32 = 3;

/// Those who look from outside have so much less time than the poll, to say themselves what they did not get.
const LOOK_RESERVE: Duration = Duration::from_secs(1);

/// Polls one server again and again, over one held connection.
pub struct Poller<S, T> {
    source: S,
    store: T,
    target: String,
    options: PollOptions,
    opened: Option<Opened>,
    control: Option<Control>,
    kept: Option<Kept>,
    /// What was in the store when we last looked, for when others may have been there since.
    known: Option<Kept>,
    /// Until when the server is let rest, so that its state is not unpacked for that.
    rest: Option<Rest>,
    /// A poll that comes sooner after the last one is not begun.
    least_pause: Duration,
}

/// A server that failed too often is let rest.
#[derive(Clone, Copy, Debug)]
struct Rest {
    until: Timestamp,
    failures: u32,
}

impl From<Rest> for PollFailure {
    fn from(Rest { until, failures }: Rest) -> PollFailure {
        PollFailure::Resting { until, failures }
    }
}

/// What a poll has to tell besides figures.
struct Besides {
    notice: Option<Notice>,
    walk: Option<WalkProgress>,
}

/// The control file's facts, good for one connection and one role of the server.
#[derive(Clone, Copy, Debug)]
struct Control {
    in_recovery: bool,
    system_identifier: Option<i64>,
    timeline: Option<i64>,
}

impl<S: Source, T: StateStore> Poller<S, T> {
    /// Prepares polls of one target; nothing is opened yet.
    pub fn new(source: S, store: T, target: String, options: PollOptions) -> Poller<S, T> {
        Poller {
            source,
            store,
            target,
            options,
            opened: None,
            control: None,
            kept: None,
            known: None,
            rest: None,
            least_pause: Duration::ZERO,
        }
    }

    /// Switches views off, and all others on, from the next poll on.
    pub fn set_views_off(&mut self, views: Vec<String>) {
        self.options.views_off = views;
    }

    /// Gives the connection up, and the right to believe what is kept: others may poll before the next poll, which looks
    /// what is in the store now. What did not change there is not read again.
    pub fn part(&mut self) {
        self.source.close();
        self.known = self.kept.take().or(self.known.take());
        self.rest = None;
    }

    /// Bounds the polls from now on; who runs us may have less time than is usual.
    pub fn set_deadline(&mut self, deadline: Duration) {
        self.options.limits.deadline = deadline;
    }

    /// Lets a poll for which there is a clock come no sooner after the last one, whoever that was made by: who is started
    /// by others may be started more often than is wanted.
    pub fn set_least_pause(&mut self, pause: Duration) {
        self.least_pause = pause;
    }

    /// Returns where the state is kept.
    pub fn store(&self) -> &T {
        &self.store
    }

    /// Returns where the rows come from.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// Returns the source for what is done between two polls: a recorder writes down what it took.
    pub fn source_mut(&mut self) -> &mut S {
        &mut self.source
    }

    /// Polls once for nobody but the caller.
    pub async fn poll(&mut self) -> Result<PollReport, PollFailure> {
        self.poll_for(&mut Nobody, &mut Unobserved, None).await
    }

    /// Polls once, while others look at the server from outside; what was read by the deadline is delivered, then
    /// committed, then reported. With a clock, a server that failed too often is let rest; a person who waits for an
    /// answer has none.
    pub async fn poll_for(
        &mut self,
        recipients: &mut impl Deliver,
        outside: &mut impl Outside,
        clock: Option<Timestamp>,
    ) -> Result<PollReport, PollFailure> {
        let began = Instant::now();
        let deadline = began + self.options.limits.deadline;
        let before = self.source.cost();
        let (kept, mut held) = self.take_state(clock).await?;
        let probe = match self.probe_at_home(&mut held, deadline).await {
            Ok(probe) => probe,
            // That somebody ended the poll, or is at work already, says nothing of the server.
            Err(failure @ (PollFailure::Probe(ReadError::Interrupted) | PollFailure::Overlapped)) => {
                self.kept = Some(kept);
                return Err(failure);
            }
            Err(failure) => {
                self.kept = held.remember_failure(kept, &self.store, clock).await;
                return Err(failure);
            }
        };
        held.state_mut().breaker.succeeded();
        held.check_server(&self.target, &probe).map_err(PollFailure::State)?;

        let system_identifier = probe.identity.system_identifier;
        let mut steps = vec![step("probe", began, began)];
        let memory = held.state().outside.clone();
        let until = deadline.checked_sub(LOOK_RESERVE).unwrap_or(deadline);
        let ask = Ask { memory, identity: probe.identity, now: probe.read_at, deadline: until };
        let mut collected = Collected::new(probe, began);
        let looking = Instant::now();
        let (besides, found) = tokio::join!(
            self.read_due(&mut collected, &mut held, deadline),
            timeout_at(deadline, outside.look(ask)),
        );
        collected.hear(found.unwrap_or_else(|_| heard::nothing(looking)), &mut held, looking);

        let cost = spent(&before, &self.source.cost(), began);
        let mut report = collected.into_report(&self.target, &mut held, &self.options, cost);
        report.walk = besides.walk;
        report.notices.extend(besides.notice);
        let delivering = Instant::now();
        report.deliveries = recipients.deliver(&report).await;
        steps.push(step("deliver", began, delivering));
        let committing = Instant::now();
        let committed = held
            .commit(kept, &self.store, (&self.target, clock), system_identifier, &mut report.notices)
            .await;
        let kept = committed.map_err(PollFailure::State)?;
        self.known = Some(kept.clone());
        self.kept = Some(kept);
        steps.push(step("commit", began, committing));
        report.steps = steps;
        // Texts and the commit add notices to those that the report was made with.
        report.notices.sort_by_key(|notice| !notice.degrades);
        if report.notices.iter().any(|notice| notice.degrades) {
            report.status = Status::Degraded;
        }
        Ok(report)
    }

    /// Returns what is kept, packed and unpacked; a server that rests needs neither.
    async fn take_state(&mut self, clock: Option<Timestamp>) -> Result<(Kept, Held), PollFailure> {
        if let (Some(now), Some(rest)) = (clock, self.rest.take_if(|_| self.kept.is_some()))
            && now < rest.until
        {
            self.rest = Some(rest);
            return Err(rest.into());
        }
        let (kept, held) = match self.kept.take() {
            Some(kept) => {
                let held = kept.unpack().map_err(PollFailure::State)?;
                (kept, held)
            }
            None => Kept::load(&self.store, self.known.take()).await.map_err(PollFailure::State)?,
        };
        let last = held.state().polled_at.filter(|last| self.is_early(*last, clock));
        if let Some(last) = last {
            self.kept = Some(kept);
            return Err(PollFailure::Early { last });
        }
        if let Some(now) = clock
            && let Some(until) = held.state().breaker.open_until(now, &SERVER)
        {
            let rest = Rest { until, failures: held.state().breaker.failures() };
            (self.kept, self.rest) = (Some(kept), Some(rest));
            return Err(rest.into());
        }
        Ok((kept, held))
    }

    /// Tells whether a poll is too short a while after the last one. A clock that went back is no reason to wait.
    fn is_early(&self, last: Timestamp, clock: Option<Timestamp>) -> bool {
        let elapsed = clock.map(|now| now.seconds_since(last));
        elapsed.is_some_and(|elapsed| (0.0..self.least_pause.as_secs_f64()).contains(&elapsed))
    }

    /// Reads what is due in this database, and then in others.
    async fn read_due(&mut self, collected: &mut Collected, held: &mut Held, deadline: Instant) -> Besides {
        let due = plan::first_batch(&collected.probe, held.state(), &self.options);
        self.read(due, collected, deadline).await;
        let follow_up = plan::second_batch(collected, held.state(), &self.options);
        self.read(follow_up, collected, deadline).await;
        collected.subtract_statements(held);
        let notice = self.read_texts(collected, held, deadline).await;
        let walk = self.walk(collected, held, deadline).await;
        Besides { notice, walk }
    }

    /// Runs planned units, if there are any, and hands the answers over.
    async fn read(&mut self, planned: plan::Planned, collected: &mut Collected, deadline: Instant) {
        collected.note_left_out(&planned);
        if planned.units.is_empty() {
            return;
        }
        let answers = self.source.read(&planned.units, deadline).await;
        collected.absorb(answers);
    }

    /// Probes over the held connection, if there is one that answers. A connection that went dead in silence must
    /// not use up the time that a new one needs.
    async fn probe_held(&mut self, deadline: Instant) -> Option<Probe> {
        if !self.source.is_open() {
            return None;
        }
        let now = Instant::now();
        let patience = now + deadline.saturating_duration_since(now) / HELD_CONNECTION_SHARE;
        self.probe_once(patience).await.ok()
    }

    /// Opens a connection in place of the held one, and probes over it.
    async fn probe_fresh(&mut self, database: Option<&str>, deadline: Instant) -> Result<Probe, PollFailure> {
        self.control = None;
        let opened =
            timeout_at(deadline, self.source.open(database)).await.map_err(|_| PollFailure::Deadline)?;
        self.opened = Some(opened.map_err(PollFailure::Connect)?);
        let probe = self.probe_once(deadline).await?;
        if probe.session.search_path == "pg_catalog" || self.mode() == Some(Mode::Pooled) {
            return Ok(probe);
        }
        // The settings of the startup packet did not arrive: something in front dropped them.
        self.source.set_pooled();
        if let Some(opened) = &mut self.opened {
            opened.mode = Mode::Pooled;
        }
        self.probe_once(deadline).await
    }

    fn lock_for(&self, version: ServerVersion) -> Option<Unit> {
        let LockKey(key) = self.options.single_flight?;
        let sql = LOCK.statement_for(version.major()).filter(|_| self.mode() != Some(Mode::Pooled))?;
        let request = Request { view: &LOCK, sql, relations: Some(key.to_vec()) };
        Some(Unit { schema: None, statement_timeout: None, requests: vec![request] })
    }

    fn mode(&self) -> Option<Mode> {
        self.opened.as_ref().map(|opened| opened.mode)
    }

    async fn probe_once(&mut self, deadline: Instant) -> Result<Probe, PollFailure> {
        let version = self.opened.as_ref().map_or(ServerVersion(0), |opened| opened.version);
        let sql = PROBE.statement_for(version.major()).ok_or(PollFailure::Unsupported(version))?;
        let mut units = vec![Unit::single(&PROBE, sql)];
        let control_sql = CONTROL.statement_for(version.major()).filter(|_| self.control.is_none());
        units.extend(control_sql.map(|sql| Unit::single(&CONTROL, sql)));
        // As long as the connection is held the lock is.
        units.extend(self.lock_for(version).filter(|_| self.control.is_none()));
        let mut answers = self.source.read(&units, deadline).await;
        if let Some(at) = answers.iter().position(|answer| answer.view.name == LOCK.name) {
            let is_ours = is_ours(answers.swap_remove(at)).map_err(PollFailure::Probe)?;
            if is_ours == Some(false) {
                return Err(PollFailure::Overlapped);
            }
        }
        let mut answers = answers.into_iter();
        let rows = answers.next().map_or(Err(ReadError::NotRecorded), |answer| answer.rows);
        let rows = rows.map_err(PollFailure::Probe)?;
        let mut probe = Probe::from_rows(&rows).ok_or(PollFailure::Probe(ReadError::NotRecorded))?;
        let control = match (answers.next(), self.control) {
            (Some(answer), _) => read_control(answer, probe.identity),
            (None, Some(control)) if control.in_recovery == probe.identity.in_recovery => control,
            // A promotion: the timeline is another, and is read again with the next probe.
            (None, _) => {
                self.control = None;
                return Box::pin(self.probe_once(deadline)).await;
            }
        };
        self.control = Some(control);
        probe.identity.system_identifier = control.system_identifier;
        probe.identity.timeline = control.timeline;
        Ok(probe)
    }
}

/// Tells whether we got the lock. Behind a pooler nobody knows.
fn is_ours(answer: Answer) -> Result<Option<bool>, ReadError> {
    let rows = answer.rows?;
    Ok(LOCK.column_index("is_ours").and_then(|column| rows.flag(column, 0)))
}

/// A provider that denies the control file leaves both unknown.
fn read_control(answer: Answer, identity: Identity) -> Control {
    let rows = answer.rows.unwrap_or_default();
    let int = |name| rows.int(CONTROL.column_index(name)?, 0);
    Control {
        in_recovery: identity.in_recovery,
        system_identifier: int("system_identifier"),
        timeline: int("timeline"),
    }
}

/// Returns a step that ends now.
fn step(name: &'static str, poll_began: Instant, began: Instant) -> Step {
    let milliseconds = |from: Instant, to: Instant| to.saturating_duration_since(from).as_secs_f64() * 1e3;
    Step { name, after_ms: milliseconds(poll_began, began), duration_ms: milliseconds(began, Instant::now()) }
}

fn spent(before: &Cost, after: &Cost, began: Instant) -> Cost {
    Cost {
        connections: after.connections - before.connections,
        statements: after.statements - before.statements,
        round_trips: after.round_trips - before.round_trips,
        received_bytes: after.received_bytes - before.received_bytes,
        sent_bytes: after.sent_bytes - before.sent_bytes,
        duration_ms: began.elapsed().as_secs_f64() * 1e3,
        ..Cost::default()
    }
}
