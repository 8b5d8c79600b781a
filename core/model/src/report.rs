//! What one poll found out: the one model that every report, document and exporter reads.

use crate::baseline::{Baseline, Snapshot};
use crate::capabilities::{NotRead, Provider};
use crate::coverage::Coverage;
use crate::delivery::DeliveryReport;
use crate::identity::Identity;
use crate::outside::Measure;
use crate::probe::Probe;
use crate::rows::Rows;
use crate::running::{Running, StatementSeries};
use crate::selection::Selection;
use crate::since::Since;
use crate::time::Timestamp;
use crate::vectors::VectorUse;
use crate::view::View;
use crate::window::Window;

/// One poll of one server.
#[derive(Debug)]
pub struct PollReport {
    /// `host:port/database` as the user named it; never a secret.
    pub target: String,
    /// The baseline that the windows start from. Two polls from one baseline have the same id: the later one, which
    /// ends later, replaces the earlier.
    pub window_id: String,
    /// How the poll went as a whole.
    pub status: Status,
    /// What happened to each view.
    pub collectors: Vec<CollectorReport>,
    /// What was done besides, in its order.
    pub steps: Vec<Step>,
    /// What the reader should know besides the figures, the gravest first.
    pub notices: Vec<Notice>,
    /// What the poll cost the server.
    pub cost: Cost,
    /// How far a walk through all databases has come, if one was asked for.
    pub walk: Option<WalkProgress>,
    /// The figures; none if nothing could be read.
    pub metrics: Option<UnifiedMetrics>,
    /// How those who were to have it answered.
    pub deliveries: Vec<DeliveryReport>,
}

/// How a poll went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Everything that this server offers was read.
    Ok,
    /// Something that this server could offer was not read.
    Degraded,
    /// Nothing was read.
    Failed,
}

impl Status {
    /// Returns `ok`, `degraded` or `failed`.
    pub const fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Degraded => "degraded",
            Status::Failed => "failed",
        }
    }
}

/// What happened to one view.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectorReport {
    /// The view.
    pub view: &'static str,
    /// The database, for views of database scope.
    pub database: Option<String>,
    /// How it went.
    pub outcome: Outcome,
    /// From the poll's beginning to the answer before, in milliseconds.
    pub after_ms: f64,
    /// From the answer before to this one, in milliseconds: the server's work and the wire.
    pub duration_ms: f64,
}

/// A part of a poll that is no view's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// What was done: `probe` with the connection, `deliver` or `commit`.
    pub name: &'static str,
    /// From the poll's beginning to the step's, in milliseconds.
    pub after_ms: f64,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
}

/// How the reading of one view went.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was read.
    Read {
        /// How many rows came.
        row_count: usize,
    },
    /// This server does not have it, or not in its present role. Nothing is missing.
    NotOffered(NotRead),
    /// It was not due at this poll.
    NotDue,
    /// It failed before and is not tried until a moment.
    Resting {
        /// The moment, by the database's clock.
        until: Timestamp,
    },
    /// It should be there and is not.
    Failed {
        /// Why, in words.
        error: String,
        /// Why, in a word: the SQLSTATE where the server said one.
        class: String,
    },
}

/// One sentence for the reader, with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whether something is missing because of it.
    pub degrades: bool,
    /// What is so.
    pub message: String,
    /// What mends it, where something does: SQL, or a setting.
    pub mend: Option<String>,
}

/// What the poll cost the monitored server.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Connections opened.
    pub connections: u64,
    /// Statements sent, transaction control included.
    pub statements: u64,
    /// Times we waited for an answer after login.
    pub round_trips: u64,
    /// Bytes that the server sent.
    pub received_bytes: u64,
    /// Bytes that it was sent.
    pub sent_bytes: u64,
    /// From the first statement to the last answer, in milliseconds.
    pub duration_ms: f64,
    /// Execution time of our own statements in the window, by pg_stat_statements; known once their texts are.
    pub own_exec_time_ms: Option<f64>,
    /// Temporary blocks that our own statements wrote in the window, likewise.
    pub own_temp_blks_written: Option<i64>,
}

/// How far the walk through all databases has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkProgress {
    /// Databases read at this poll.
    pub read: usize,
    /// Databases that are to be read in turn.
    pub total: usize,
    /// The one that comes next; none when the round is complete.
    pub next: Option<String>,
}

/// Everything that one poll read, with the windows since the poll before.
#[derive(Debug)]
pub struct UnifiedMetrics {
    /// Who runs the server.
    pub provider: Provider,
    /// Which server, and whose statistics.
    pub identity: Identity,
    /// The database's clock when the poll began.
    pub read_at: Timestamp,
    /// The probe's facts.
    pub probe: Probe,
    /// Every view that was read, in reading order.
    pub views: Vec<ViewMetrics>,
    /// The statements named, with their texts; none before there is a window.
    pub statements: Option<StatementMetrics>,
    /// How much of the active time the statements explain.
    pub coverage: Option<Coverage>,
    /// What others tell of it.
    pub measures: Vec<Measure>,
}

/// One view at this poll, and its window if it has counters.
#[derive(Debug)]
pub struct ViewMetrics {
    /// The view.
    pub view: &'static View,
    /// The database's name, for views of database scope.
    pub database: Option<String>,
    /// The rows, ordered by key.
    pub snapshot: Snapshot,
    /// What happened since the last reading.
    pub window: Option<Window>,
    /// Since when the counters have been growing.
    pub since: Option<Since>,
}

/// Statements of the window.
#[derive(Debug)]
pub struct StatementMetrics {
    /// What the figures cover: the window, or at a first poll everything since the last reset.
    pub window: Window,
    /// The earlier reading, for interval means.
    pub baseline: Option<Baseline>,
    /// Who is named, and the remainder.
    pub selection: Selection,
    /// What is known of each named statement, in the selection's order.
    pub named: Vec<NamedStatement>,
    /// Entries whose query id our role may not see.
    pub hidden_entries: usize,
    /// Entries in all.
    pub entries: usize,
    /// Running sums, if they were asked for.
    pub running: Option<RunningMetrics>,
}

/// Running sums of the statements.
#[derive(Clone, Debug, PartialEq)]
pub struct RunningMetrics {
    /// Statements with a series of their own, and what is known of each.
    pub series: Vec<(StatementSeries, NamedStatement)>,
    /// All statements without one.
    pub other: Running,
    /// Our own statements.
    pub own: Running,
    /// The execution time of all statements of a database, by its name.
    pub databases: Vec<(String, Running)>,
    /// What statements of a database did with vectors, by its name.
    pub vectors: Vec<(String, VectorUse, Running)>,
}

/// What is known of a named statement besides its figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NamedStatement {
    /// Name of the database.
    pub datname: Option<String>,
    /// Name of the role.
    pub rolname: Option<String>,
    /// Normalised text, free of literals, cut where it is long.
    pub query: Option<String>,
    /// Fingerprint, equal on every server and major.
    pub fingerprint: Option<String>,
    /// SELECT, UPDATE, CREATE TABLE …
    pub statement_type: Option<String>,
    /// Tables that the text names.
    pub tables: Vec<String>,
}

impl UnifiedMetrics {
    /// Returns a server-wide view as it was read at this poll.
    pub fn view(&self, view: &View) -> Option<&ViewMetrics> {
        self.views.iter().find(|metrics| metrics.view.name == view.name)
    }

    /// Returns the rows of a server-wide view.
    pub fn rows(&self, view: &View) -> Option<&Rows> {
        self.view(view).map(|metrics| &metrics.snapshot.rows)
    }
}
