//! One history under eviction: work drawn from more statements than there are places, a poll after each part of it,
//! and what our windows and the other policies make of the same readings.

use futures_util::TryFutureExt;
use pgquerylens_engine::conninfo::{Environment, resolve};
use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::poll::{PollOptions, Poller};
use pgquerylens_engine::source::live::Live;
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_model::report::{PollReport, UnifiedMetrics, ViewMetrics};
use pgquerylens_model::views::statements;
use pgquerylens_sandbox::{Server, roles};

use super::draw::Draw;
use super::policies::{Calls, Ledger, Policy};
use crate::Result;

/// The role whose statements are counted; our own are another's.
pub(super) const WORKLOAD: &str = "workload";
pub(super) const POLLS: usize = 15;
const EXECUTIONS_PER_POLL: usize = 2_000;
/// Statements sent at once.
const STATEMENTS_PER_MESSAGE: usize = 50;
/// Columns that tell statements apart: two to the power of this is the most there can be.
const DISTINGUISHING_COLUMNS: usize = 11;

/// How the work is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Churn {
    pub(super) statements: usize,
    pub(super) exponent: f64,
}

/// What came of one history.
pub(super) struct History {
    pub(super) truth: i64,
    pub(super) evictions: i64,
    pub(super) ours: i64,
    /// In the order of [`Policy::ALL`].
    pub(super) others: [i64; 4],
    /// The share of the databases' active time that the statements explain, by our own reports.
    pub(super) coverage: f64,
}

impl History {
    /// Tells whether our windows are never above the truth and never below another policy.
    pub(super) fn is_sound(&self) -> bool {
        self.ours <= self.truth && self.others.iter().all(|other| self.ours >= *other)
    }
}

/// Runs the work and the polls.
pub(super) async fn run(server: &Server, churn: Churn, userid: i64) -> Result<History> {
    server.execute("select pg_stat_statements_reset()").await?;
    let mut poller = poller(server)?;
    let mut draw = Draw::new(churn.statements, churn.exponent);
    // Nobody is compared by a window in which every statement is new.
    work(server, &mut draw).await?;
    let first = Reading::of(&poller.poll().await?, userid)?;
    let mut ledgers = Policy::ALL.map(|policy| Ledger::new(policy, &first.calls));
    let (mut ours, mut explained, mut active, mut last) = (0, 0.0, 0.0, first.evictions);
    for _ in 0..POLLS {
        work(server, &mut draw).await?;
        let reading = Reading::of(&poller.poll().await?, userid)?;
        ledgers.iter_mut().for_each(|ledger| ledger.read(&reading.calls));
        ours += reading.ours;
        explained += reading.explained_ms;
        active += reading.active_ms;
        last = reading.evictions;
    }
    Ok(History {
        truth: (POLLS * EXECUTIONS_PER_POLL) as i64,
        evictions: last - first.evictions,
        ours,
        others: ledgers.map(|ledger| ledger.counted()),
        coverage: explained / active,
    })
}

fn poller(server: &Server) -> Result<Poller<Live, MemoryStore>> {
    let url = server.url(roles::MONITOR, "postgres");
    let target = resolve(Some(&url), &Environment::default()).map_err(|error| error.to_string())?;
    let options = PollOptions::within(Limits::default(), 10);
    let address = target.address();
    Ok(Poller::new(Live::new(target, options.limits.clone()), MemoryStore::default(), address, options))
}

/// Runs the next part of the work. The session ends with it, so that its active time is counted.
async fn work(server: &Server, draw: &mut Draw) -> Result<()> {
    let client = server.client(WORKLOAD, "postgres").await?;
    for _ in 0..EXECUTIONS_PER_POLL / STATEMENTS_PER_MESSAGE {
        let texts: Vec<String> = (0..STATEMENTS_PER_MESSAGE).map(|_| statement(draw.next())).collect();
        client.batch_execute(&texts.join(";")).map_err(|error| format!("run the work: {error}")).await?;
    }
    Ok(())
}

/// A statement that computes for a while; each index has a query id of its own, by its operators.
fn statement(index: usize) -> String {
    let operator = |column: usize| if index >> column & 1 == 0 { '+' } else { '-' };
    let columns: String =
        (0..DISTINGUISHING_COLUMNS).map(|column| format!(", 1 {} 1", operator(column))).collect();
    format!("select count(*){columns} from generate_series(1, 300)")
}

/// What one poll tells of the work.
struct Reading {
    calls: Calls,
    ours: i64,
    evictions: i64,
    explained_ms: f64,
    active_ms: f64,
}

impl Reading {
    fn of(report: &PollReport, userid: i64) -> Result<Reading> {
        let metrics = report.metrics.as_ref().ok_or("nothing was read")?;
        let view = metrics.view(&statements::VIEW).ok_or("the statements were not read")?;
        let info = view.snapshot.statements.ok_or("pg_stat_statements_info was not read")?;
        let (explained_ms, active_ms) = covered(metrics, view);
        Ok(Reading {
            calls: calls(view, userid),
            ours: ours(view, userid),
            evictions: info.dealloc_after.unwrap_or(0),
            explained_ms,
            active_ms,
        })
    }
}

fn column(name: &str) -> usize {
    statements::VIEW.column_index(name).unwrap_or(usize::MAX)
}

/// The counters as they were read.
fn calls(view: &ViewMetrics, userid: i64) -> Calls {
    let rows = &view.snapshot.rows;
    let of_work = |row: &usize| rows.int(column("userid"), *row) == Some(userid);
    let entry = |row| Some((rows.int(column("queryid"), row)?, rows.int(column("calls"), row)?));
    (0..rows.len()).filter(of_work).filter_map(entry).collect()
}

/// What our window says happened.
fn ours(view: &ViewMetrics, userid: i64) -> i64 {
    let Some(window) = &view.window else { return 0 };
    let (rows, deltas) = (&view.snapshot.rows, &window.deltas);
    let of_work = |row: &usize| rows.int(column("userid"), deltas.row_indexes[*row]) == Some(userid);
    (0..deltas.len()).filter(of_work).filter_map(|row| deltas.int(column("calls"), row)).sum()
}

/// Explained and active milliseconds of the window.
fn covered(metrics: &UnifiedMetrics, view: &ViewMetrics) -> (f64, f64) {
    let seconds = view.window.as_ref().and_then(|window| window.seconds()).unwrap_or(0.0);
    let Some(coverage) = metrics.coverage else { return (0.0, 0.0) };
    let active = coverage.active_ms_per_second.unwrap_or(0.0);
    (coverage.statements_ms_per_second * seconds, active * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_differ_in_their_operators() {
        let texts: std::collections::BTreeSet<String> = (0..1_500).map(statement).collect();
        assert_eq!(texts.len(), 1_500);
    }
}
