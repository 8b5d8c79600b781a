//! The child: one poll for each line that comes in, one line of JSON for each poll. It does nothing but poll.

use std::fs;
use std::io::{BufRead, Write, stdin, stdout};
use std::sync::Arc;
use std::time::Duration;

use pgquerylens_engine::conninfo::{Environment, resolve};
use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::poll::{Databases, PollOptions, Poller};
use pgquerylens_engine::source::live::Live;
use pgquerylens_engine::state::codec;
use pgquerylens_engine::state::contents::State;
use pgquerylens_engine::state::dictionary::{Dictionary, OpenDictionary};
use pgquerylens_engine::state::file::FileStore;
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_engine::state::{ObjectName, StateStore};
use pgquerylens_model::report::{CollectorReport, Outcome, PollReport};
use pgquerylens_model::statements::StatementKey;
use pgquerylens_model::view::Cadence;
use pgquerylens_model::views;
use rustix::time::{ClockId, clock_gettime};

use super::metered::Metered;
use super::orders::{Orders, Turn};
use super::weighed::{Weighed, Weights};
use crate::Result;

/// Longer than the default of 30 seconds.
const DEADLINE: Duration = Duration::from_secs(300);
/// Statements named in each order, as the command does by default.
const TOP: usize = 10;

/// Polls until the input ends.
pub(crate) async fn run(orders: &Orders) -> Result<bool> {
    match &orders.state {
        Some(folder) => serve(orders, FileStore::new(folder)).await,
        None => serve(orders, MemoryStore::default()).await,
    }
}

async fn serve(orders: &Orders, store: impl StateStore) -> Result<bool> {
    let target = resolve(Some(&orders.url), &Environment::default()).map_err(|error| error.to_string())?;
    let options = options(orders);
    let weights = Arc::new(Weights::default());
    let source = Metered::new(Live::new(target.clone(), options.limits.clone()));
    let store = Weighed::new(store, weights.clone());
    let mut poller = Poller::new(source, store, target.address(), options);
    let mut visits_before = 0;
    for line in stdin().lock().lines() {
        line?;
        let began = cpu_time();
        let report = poller.poll().await?;
        let summary = Summary::of(&report);
        drop(report);
        let ended = cpu_time();
        let mut turn = turn(poller.source(), &weights, &summary, (began, ended));
        let visits = turn.visits.len();
        turn.visits.drain(..visits_before);
        turn.packing_cpu = packing_cpu(&weights, &summary.shown)?;
        visits_before = visits;
        println!("{}", serde_json::to_string(&turn)?);
        stdout().flush()?;
    }
    Ok(true)
}

fn options(orders: &Orders) -> PollOptions {
    // A machine that does other things besides must not turn a reading of texts into a failure.
    let mut limits = Limits { deadline: DEADLINE, ..Limits::default() };
    limits.pauses.minutes_seconds /= orders.hastened;
    limits.pauses.hours_seconds /= orders.hastened;
    limits.text_pause_seconds /= orders.hastened;
    let databases = if orders.visits { Databases::All } else { Databases::Connected };
    PollOptions { databases, all_due: orders.visits, ..PollOptions::within(limits, TOP) }
}

/// What is kept of a report while the rest of it is dropped on the poll's account.
struct Summary {
    cost: pgquerylens_model::report::Cost,
    slow_views: usize,
    /// The statements that it names.
    shown: Vec<StatementKey>,
}

impl Summary {
    fn of(report: &PollReport) -> Summary {
        let is_slow = |line: &&CollectorReport| {
            matches!(line.outcome, Outcome::Read { .. })
                && views::by_name(line.view).is_some_and(|view| view.cadence != Cadence::EveryPoll)
        };
        let slow_views = report.collectors.iter().filter(is_slow).count();
        Summary { cost: report.cost, slow_views, shown: shown(report).unwrap_or_default() }
    }
}

fn shown(report: &PollReport) -> Option<Vec<StatementKey>> {
    let metrics = report.metrics.as_ref()?;
    let (rows, statements) = (metrics.rows(&views::statements::VIEW)?, metrics.statements.as_ref()?);
    let row = |place: usize| statements.window.deltas.row_indexes.get(place).copied();
    let selected = statements.selection.selected.iter();
    Some(selected.filter_map(|selected| StatementKey::of(rows, row(selected.row)?)).collect())
}

fn turn(source: &Metered, weights: &Weights, summary: &Summary, (began, ended): (u64, u64)) -> Turn {
    let cost = summary.cost;
    Turn {
        backend: source.backend().unwrap_or(0),
        server_cpu: source.server_cpu(),
        visits: source.visits(),
        collector_cpu: ended - began,
        collector_cpu_in_all: ended,
        packing_cpu: 0,
        collector_peak: memory("VmHWM:"),
        collector_resident: memory("VmRSS:"),
        statements: cost.statements,
        round_trips: cost.round_trips,
        connections: cost.connections,
        received: cost.received_bytes,
        sent: cost.sent_bytes,
        text_readings: source.text_readings(),
        slow_views: summary.slow_views,
        baseline_bytes: weights.bytes(ObjectName::Baseline),
        dictionary_bytes: weights.bytes(ObjectName::Dictionary),
    }
}

/// Does once more what the poll did with its state: it is unpacked, the texts that were shown are looked up in the
/// dictionary, and the state is packed again. The dictionary as it is in the store is unpacked by a process once.
fn packing_cpu(weights: &Weights, shown: &[StatementKey]) -> Result<u64> {
    let baseline = weights.object(ObjectName::Baseline).unwrap_or_default();
    let dictionary =
        weights.object(ObjectName::Dictionary).map(|packed| codec::decode::<Dictionary>(&packed));
    let dictionary = dictionary.transpose().map_err(|error| error.to_string())?.unwrap_or_default();
    let dictionary = Arc::new(dictionary);
    let began = cpu_time();
    let mut state: State = codec::decode(&baseline).map_err(|error| error.to_string())?;
    let open = OpenDictionary::of(dictionary);
    let text = |key: &StatementKey| open.entry(key.dbid, key.queryid)?.text();
    let texts = shown.iter().filter_map(text).count();
    let (packed, _) = state.encode_within(usize::MAX);
    let ended = cpu_time();
    // What nobody looks at might not be done.
    std::hint::black_box((texts, packed));
    Ok(ended - began)
}

/// The process's CPU time so far, in nanoseconds.
fn cpu_time() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let part = |value: i64| u64::try_from(value).unwrap_or(0);
    part(time.tv_sec) * 1_000_000_000 + part(time.tv_nsec)
}

/// A line of our own /proc/self/status, in bytes.
fn memory(label: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(label));
    let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
