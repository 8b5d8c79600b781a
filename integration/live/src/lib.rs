//! What the live tests share: a server of a major with the extension and a monitoring role, and a poller for it.

pub mod faults;

use pgquerylens_engine::conninfo::{Environment, Target, resolve};
use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::poll::{PollOptions, Poller};
use pgquerylens_engine::source::live::Live;
use pgquerylens_engine::state::StateStore;
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_model::report::{Outcome, PollReport, ViewMetrics};
use pgquerylens_model::statements::StatementKey;
use pgquerylens_model::view::View;
use pgquerylens_model::views::statements;
use pgquerylens_sandbox::roles;
use pgquerylens_sandbox::{Server, ServerBuilder};

/// A poller as most tests need it.
pub type MemoryPoller = Poller<Live, MemoryStore>;

/// Starts a server that can be polled whole.
pub async fn monitored(builder: ServerBuilder) -> Server {
    builder.start_monitored().await.expect("the server starts")
}

/// Resolves a connection string in an empty environment.
pub fn target(url: &str) -> Target {
    resolve(Some(url), &Environment::default()).expect("the URL is good")
}

/// Everything due, everything named.
pub fn options() -> PollOptions {
    PollOptions { all_due: true, ..PollOptions::within(Limits::default(), 100_000) }
}

/// Returns a poller that keeps its state in memory.
pub fn poller(url: &str, options: PollOptions) -> MemoryPoller {
    let target = target(url);
    let address = target.address();
    Poller::new(Live::new(target, options.limits.clone()), MemoryStore::default(), address, options)
}

/// Returns a poller for the monitoring role in the database `postgres`.
pub fn monitor(server: &Server) -> MemoryPoller {
    poller(&server.url(roles::MONITOR, "postgres"), options())
}

/// Returns a poller for the monitoring role that keeps its state in the given store.
pub fn poller_with<T: StateStore>(server: &Server, store: T) -> Poller<Live, T> {
    let target = target(&server.url(roles::MONITOR, "postgres"));
    let address = target.address();
    Poller::new(Live::new(target, Limits::default()), store, address, options())
}

/// Returns what could not be read, as `view: error`.
pub fn failures(report: &PollReport) -> Vec<String> {
    let failed = |outcome: &Outcome| match outcome {
        Outcome::Failed { error, .. } => Some(error.clone()),
        _ => None,
    };
    let lines = report
        .collectors
        .iter()
        .filter_map(|line| Some(format!("{}: {}", line.view, failed(&line.outcome)?)));
    lines.collect()
}

/// Returns a server-wide view of the report.
pub fn view<'r>(report: &'r PollReport, view: &View) -> &'r ViewMetrics {
    let metrics = report.metrics.as_ref().expect("something was read");
    metrics.view(view).expect("the view was read")
}

/// A statement's differences in the poll's window.
#[derive(Clone, Debug, PartialEq)]
pub struct StatementDelta {
    /// Normalised text, if it is known.
    pub query: Option<String>,
    /// What it is known by.
    pub key: StatementKey,
    /// Executions.
    pub calls: i64,
    /// Rows.
    pub rows: i64,
}

/// Returns the named statements' differences.
pub fn statement_deltas(report: &PollReport) -> Vec<StatementDelta> {
    let metrics = report.metrics.as_ref().expect("something was read");
    let Some(named) = &metrics.statements else { return Vec::new() };
    let snapshot = &view(report, &statements::VIEW).snapshot;
    let (calls, rows) = (statements::VIEW.column_index("calls"), statements::VIEW.column_index("rows"));
    let deltas = &named.window.deltas;
    let delta = |(selected, known): (
        &pgquerylens_model::selection::Selected,
        &pgquerylens_model::report::NamedStatement,
    )| {
        Some(StatementDelta {
            query: known.query.clone(),
            key: StatementKey::of(&snapshot.rows, deltas.row_indexes[selected.row])?,
            calls: deltas.int(calls?, selected.row)?,
            rows: deltas.int(rows?, selected.row)?,
        })
    };
    named.selection.selected.iter().zip(&named.named).filter_map(delta).collect()
}
