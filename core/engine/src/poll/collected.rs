//! What the answers of one poll mean: snapshots for the subtraction, and a line per view for the report.

use std::collections::BTreeMap;
use std::time::Duration;

use pgquerylens_model::baseline::{Baseline, Snapshot, StatementsInfo};
use pgquerylens_model::capabilities::Provider;
use pgquerylens_model::coverage::{Coverage, coverage};
use pgquerylens_model::delta::{since_reset, subtract};
use pgquerylens_model::outside::Findings;
use pgquerylens_model::probe::Probe;
use pgquerylens_model::report::{
    CollectorReport, Cost, Outcome, PollReport, StatementMetrics, Status, UnifiedMetrics, ViewMetrics,
};
use pgquerylens_model::rows::{RawText, Rows, Series};
use pgquerylens_model::statements::{StatementKey, without_hidden};
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::view::{Kind, Scope, View};
use pgquerylens_model::views::{self, activity, database, statements};
use pgquerylens_model::window::{DeltaSeries, Quality, Sum, Window};

use pgquerylens_sql::{RawSql, analyse};
use tokio::time::Instant;

use crate::source::{Answer, ReadError};
use crate::state::patience::{Try, Went};

use super::heard::Heard;
use super::keep::Held;
use super::plan::Planned;
use super::{PollFailure, PollOptions, naming, notices};

/// Everything read so far at this poll.
pub(super) struct Collected {
    /// When the poll began.
    began: Instant,
    pub(super) probe: Probe,
    /// Snapshots in reading order, with the name of their database.
    pub(super) snapshots: Vec<(Option<String>, Snapshot)>,
    hidden_entries: usize,
    collectors: Vec<CollectorReport>,
    /// How each view that was tried went, for its breaker.
    tries: Vec<Try>,
    statements: Option<StatementReading>,
    /// What others told.
    heard: Heard,
}

/// The statements' window, which decides about texts before the report is made.
struct StatementReading {
    baseline: Option<Baseline>,
    interval: Window,
    /// The interval, or everything since the last reset where there is none.
    shown: Window,
}

impl Collected {
    pub(super) fn new(probe: Probe, began: Instant) -> Collected {
        Collected {
            began,
            probe,
            snapshots: Vec::new(),
            hidden_entries: 0,
            collectors: Vec::new(),
            tries: Vec::new(),
            statements: None,
            heard: Heard::default(),
        }
    }

    /// Returns when the poll began.
    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// Returns a server-wide snapshot.
    pub(super) fn snapshot(&self, view: &View) -> Option<&Snapshot> {
        self.snapshots.iter().map(|(_, snapshot)| snapshot).find(|snapshot| snapshot.view.name == view.name)
    }

    /// Returns the statements and the window in which they are shown.
    pub(super) fn statements(&self) -> Option<(&Snapshot, &Window)> {
        Some((self.snapshot(&statements::VIEW)?, &self.statements.as_ref()?.shown))
    }

    /// Subtracts the statements, whose window decides about texts.
    pub(super) fn subtract_statements(&mut self, held: &mut Held) {
        let Some(snapshot) = self.snapshot(&statements::VIEW) else { return };
        let baseline = held.state_mut().take_baseline(&statements::VIEW, None);
        let mut interval = subtract(baseline.as_ref(), snapshot);
        let mut shown = match is_interval(&interval) {
            true => interval.clone(),
            false => since_reset(snapshot, snapshot.statements.and_then(|info| info.stats_reset)),
        };
        if self.probe.capabilities.provider == Provider::Aurora {
            [&mut interval, &mut shown]
                .into_iter()
                .for_each(|window| leave_out_falsified(window, snapshot, held));
        }
        self.statements = Some(StatementReading { baseline, interval, shown });
    }

    /// Takes what was read in another database.
    pub(super) fn join(&mut self, other: Collected) {
        self.snapshots.extend(other.snapshots);
        self.collectors.extend(other.collectors);
        self.tries.extend(other.tries);
    }

    /// Takes what others told who looked from then on.
    pub(super) fn hear(&mut self, found: Findings, held: &mut Held, began: Instant) {
        self.heard = Heard::of(found, held, self.probe.read_at);
        self.collectors.extend(self.heard.lines(milliseconds(self.began, began)));
    }

    /// Notes a database that could not be reached; that was tried from `began` on.
    pub(super) fn note_unreached(&mut self, database: &str, failure: &PollFailure, began: Instant) {
        self.collectors.push(CollectorReport {
            view: "connection",
            database: Some(database.to_owned()),
            outcome: Outcome::Failed { error: failure.to_string(), class: failure.class().to_owned() },
            after_ms: milliseconds(self.began, began),
            duration_ms: milliseconds(began, Instant::now()),
        });
    }

    /// Tells whether any session waits for a lock.
    pub(super) fn something_waits(&self) -> bool {
        let Some(snapshot) = self.snapshot(&activity::VIEW) else { return false };
        let Some(column) = activity::VIEW.column_index("wait_event_type") else { return false };
        (0..snapshot.rows.len()).any(|row| snapshot.rows.label(column, row) == Some("Lock"))
    }

    /// Returns the relations of a view that was read in the connected database, the largest first.
    pub(super) fn relations_of(&self, source: &str, limit: usize) -> Vec<u32> {
        let Some(view) = views::by_name(source) else { return Vec::new() };
        let of_here = |snapshot: &&Snapshot| {
            snapshot.view.name == source && snapshot.database == Some(self.probe.database_oid)
        };
        let Some(snapshot) = self.snapshots.iter().map(|(_, snapshot)| snapshot).find(of_here) else {
            return Vec::new();
        };
        let Some(key) = view.key_indexes().first().copied() else { return Vec::new() };
        let pages = view.column_index("relpages");
        let mut relations: Vec<(i64, u32)> = (0..snapshot.rows.len())
            .filter_map(|row| {
                let oid = u32::try_from(snapshot.rows.int(key, row)?).ok()?;
                Some((pages.and_then(|column| snapshot.rows.int(column, row)).unwrap_or(0), oid))
            })
            .collect();
        relations.sort_by_key(|(pages, oid)| (std::cmp::Reverse(*pages), *oid));
        relations.into_iter().take(limit).map(|(_, oid)| oid).collect()
    }

    /// Notes what a plan left out.
    pub(super) fn note_left_out(&mut self, planned: &Planned) {
        for (view, why) in &planned.not_offered {
            self.note(view, Outcome::NotOffered(why.clone()), Took::default());
        }
        for view in &planned.not_due {
            self.note(view, Outcome::NotDue, Took::default());
        }
        for (view, until) in &planned.resting {
            self.note(view, Outcome::Resting { until: *until }, Took::default());
        }
    }

    fn note_try(&mut self, view: &'static View, error: Option<&ReadError>, duration_ms: f64) {
        let database = (view.scope == Scope::Database).then_some(self.probe.database_oid);
        let went = match error {
            None => Went::Well { duration_ms },
            Some(ReadError::StatementTimeout) => Went::OutOfTime,
            // The connection's end and the poll's are no view's fault, nor is a reset in the middle.
            Some(
                ReadError::Lost(_)
                | ReadError::DeadlineReached
                | ReadError::Interrupted
                | ReadError::ResetWhileReading,
            ) => return,
            Some(_) => Went::Wrong,
        };
        self.tries.push(Try { view, database, went });
    }

    fn note(&mut self, view: &'static View, outcome: Outcome, took: Took) {
        let database = (view.scope == Scope::Database).then(|| self.probe.database_name.clone());
        let known =
            self.collectors.iter().any(|report| report.view == view.name && report.database == database);
        if !known || matches!(outcome, Outcome::Read { .. } | Outcome::Failed { .. }) {
            let Took { after_ms, duration_ms } = took;
            self.collectors.push(CollectorReport {
                view: view.name,
                database,
                outcome,
                after_ms,
                duration_ms,
            });
        }
    }

    /// Takes the answers of one batch in.
    pub(super) fn absorb(&mut self, answers: Vec<Answer>) {
        let mut batches: BTreeMap<&'static str, Vec<Answer>> = BTreeMap::new();
        let mut order = Vec::new();
        for answer in answers {
            let name = if answer.view.name == statements::INFO.name {
                statements::VIEW.name
            } else {
                answer.view.name
            };
            if !batches.contains_key(name) {
                order.push(name);
            }
            batches.entry(name).or_default().push(answer);
        }
        for name in order {
            let answers = batches.remove(name).unwrap_or_default();
            let took = Took::of(&answers, self.began);
            match name == statements::VIEW.name {
                true => self.absorb_statements(answers, took),
                false => self.absorb_view(answers, took),
            }
        }
    }

    /// One view: one answer, or one per batch of relations, each of which fails alone.
    fn absorb_view(&mut self, answers: Vec<Answer>, took: Took) {
        let Some(view) = answers.first().map(|answer| answer.view) else { return };
        let mut rows: Option<Rows> = None;
        let mut failure = None;
        for answer in answers {
            match answer.rows {
                Ok(more) => {
                    rows = Some(match rows {
                        None => more,
                        Some(rows) => rows.followed_by(more),
                    });
                }
                Err(error) => failure = Some(error),
            }
        }
        self.note_try(view, failure.as_ref(), took.duration_ms);
        if let Some(error) = failure {
            self.note(view, failed(&error), took);
        }
        if let Some(rows) = rows {
            self.note(view, Outcome::Read { row_count: rows.len() }, took);
            self.keep(view, rows, None, None);
        }
    }

    /// The extension's own figures, the counters, the figures again: a reset in between spoils the reading.
    fn absorb_statements(&mut self, answers: Vec<Answer>, took: Took) {
        let mut rows = answers.into_iter().map(|answer| answer.rows);
        let read = (|| {
            let mut next = || rows.next().unwrap_or(Err(ReadError::NotRecorded));
            let (before, counters, after) = (next()?, next()?, next()?);
            let (before, after) = (Info::of(&before), Info::of(&after));
            (before.stats_reset == after.stats_reset)
                .then_some((before, counters, after))
                .ok_or(ReadError::ResetWhileReading)
        })();
        self.note_try(&statements::VIEW, read.as_ref().err(), took.duration_ms);
        match read {
            Err(error) => {
                self.note(&statements::VIEW, failed(&error), took);
            }
            Ok((before, counters, after)) => {
                let (counters, hidden) = without_hidden(counters);
                self.hidden_entries = hidden;
                self.note(&statements::VIEW, Outcome::Read { row_count: counters.len() }, took);
                let info = StatementsInfo {
                    stats_reset: before.stats_reset,
                    dealloc_before: before.dealloc,
                    dealloc_after: after.dealloc,
                    max_entries: self.probe.capabilities.switches.statements_max,
                };
                self.keep(&statements::VIEW, counters, before.read_at, Some(info));
            }
        }
    }

    fn keep(
        &mut self,
        view: &'static View,
        mut rows: Rows,
        read_at: Option<Timestamp>,
        info: Option<StatementsInfo>,
    ) {
        for (index, column) in view.columns.iter().enumerate() {
            if !self.probe.capabilities.measures(column) {
                rows.remove_column(index);
            }
        }
        normalise_texts(view, &mut rows, self.probe.activity_query_bytes());
        let own_clock = view.column_index("read_at").and_then(|column| rows.time(column, 0));
        let in_database = view.scope == Scope::Database;
        let snapshot = Snapshot {
            view,
            database: in_database.then_some(self.probe.database_oid),
            taken_at: read_at.or(own_clock).unwrap_or(self.probe.read_at),
            identity: self.probe.identity,
            visibility: self.probe.visibility(),
            statements: info,
            rows,
        };
        let database = in_database.then(|| self.probe.database_name.clone());
        self.snapshots.push((database, snapshot.in_key_order()));
    }

    /// Subtracts, names statements and sums the poll up; the baselines of the next poll go into the state.
    pub(super) fn into_report(
        mut self,
        target: &str,
        held: &mut Held,
        options: &PollOptions,
        mut cost: Cost,
    ) -> PollReport {
        let mut views = Vec::new();
        let mut statements = self.statements;
        for (database, snapshot) in self.snapshots {
            let state = held.state_mut();
            state.note_read(snapshot.view, snapshot.database, snapshot.taken_at);
            let window = match &statements {
                Some(reading) if snapshot.view.name == statements::VIEW.name => {
                    Some(reading.interval.clone())
                }
                _ if snapshot.view.has_counters() => {
                    Some(subtract(state.take_baseline(snapshot.view, snapshot.database).as_ref(), &snapshot))
                }
                _ => None,
            };
            if snapshot.view.has_counters() {
                state.put_baseline(Baseline::of(&snapshot));
            }
            // The statements' running sums have starts of their own.
            let since = window
                .as_ref()
                .filter(|_| snapshot.view.name != statements::VIEW.name)
                .map(|window| state.carry_since(window, &snapshot));
            views.push(ViewMetrics { view: snapshot.view, database, snapshot, window, since });
        }
        held.remember(&views, self.probe.capabilities.provider);
        held.state_mut().note_tries(&self.tries, self.probe.read_at, &options.limits);
        let statements = statements
            .take()
            .and_then(|reading| statement_metrics(&views, reading, self.hidden_entries, held, options));
        let interval = statements.as_ref().filter(|metrics| is_interval(&metrics.window));
        if let Some(metrics) = interval.filter(|_| held.knows_own()) {
            own_cost(&mut cost, metrics);
        }
        let metrics = UnifiedMetrics {
            provider: self.probe.capabilities.provider,
            identity: self.probe.identity,
            read_at: self.probe.read_at,
            coverage: coverage_of(&views),
            probe: self.probe,
            views,
            statements,
            measures: std::mem::take(&mut self.heard.measures),
        };
        let notices = notices::of(&metrics, &self.collectors, &self.heard, self.hidden_entries);
        let degraded = notices.iter().any(|notice| notice.degrades);
        PollReport {
            target: target.to_owned(),
            window_id: held.window_id(target, metrics.read_at),
            status: if degraded { Status::Degraded } else { Status::Ok },
            collectors: self.collectors,
            steps: Vec::new(),
            notices,
            cost,
            walk: None,
            metrics: Some(metrics),
            deliveries: Vec::new(),
        }
    }
}

/// When the answers to a view came, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Took {
    /// From the poll's beginning.
    after_ms: f64,
    duration_ms: f64,
}

impl Took {
    fn of(answers: &[Answer], poll_began: Instant) -> Took {
        let milliseconds = |duration: Duration| duration.as_secs_f64() * 1e3;
        let first = answers.first().map(|answer| answer.began.saturating_duration_since(poll_began));
        Took {
            after_ms: first.map_or(0.0, milliseconds),
            duration_ms: answers.iter().map(|answer| milliseconds(answer.duration)).sum(),
        }
    }
}

fn milliseconds(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64() * 1e3
}

fn failed(error: &ReadError) -> Outcome {
    Outcome::Failed { error: error.to_string(), class: error.class().to_owned() }
}

/// Bytes of one character at most: so much shorter than its limit can a text be that the server cut.
const MAX_CHARACTER_BYTES: usize = 4;

/// Texts leave this place normalised; the raw ones are dropped here. A text as long as the server keeps them was
/// cut, and what is cut is not parsed.
fn normalise_texts(view: &View, rows: &mut Rows, kept_bytes: usize) {
    let normalised = |text: &RawText| {
        let raw = RawSql::from_bytes(text.as_bytes());
        let was_cut = text.as_bytes().len() + MAX_CHARACTER_BYTES >= kept_bytes;
        analyse(&if was_cut { raw.mark_cut() } else { raw }).normalized.as_str().into()
    };
    for (index, _) in view.columns.iter().enumerate().filter(|(_, column)| column.kind == Kind::Text) {
        if let Some(Series::Text(texts)) = rows.series(index) {
            let labels = texts.iter().map(|text| text.as_ref().map(&normalised)).collect();
            rows.replace_column(index, Series::Label(labels));
        }
    }
}

/// pg_stat_statements_info's one row.
struct Info {
    stats_reset: Option<Timestamp>,
    dealloc: Option<i64>,
    read_at: Option<Timestamp>,
}

impl Info {
    fn of(rows: &Rows) -> Info {
        let column = |name| statements::INFO.column_index(name);
        Info {
            stats_reset: column("stats_reset").and_then(|index| rows.time(index, 0)),
            dealloc: column("dealloc").and_then(|index| rows.int(index, 0)),
            read_at: column("read_at").and_then(|index| rows.time(index, 0)),
        }
    }
}

/// Leaves out what Aurora gets wrong: the block times of utility statements. The readings keep them, by which an entry is
/// known to go on.
fn leave_out_falsified(window: &mut Window, snapshot: &Snapshot, held: &Held) {
    let deltas = &mut window.deltas;
    let is_utility = |row: &usize| {
        StatementKey::of(&snapshot.rows, deltas.row_indexes[*row]).is_some_and(|key| held.is_utility(&key))
    };
    let utilities: Vec<usize> = (0..deltas.len()).filter(is_utility).collect();
    for column in statements::BLOCK_TIMES.iter().filter_map(|name| statements::VIEW.column_index(name)) {
        if let Some(Some(DeltaSeries::Float(times))) = deltas.series.get_mut(column) {
            utilities.iter().for_each(|row| times[*row] = None);
        }
    }
}

/// Fills in what our own statements cost.
fn own_cost(cost: &mut Cost, metrics: &StatementMetrics) {
    let own = |name: &str| metrics.selection.own.get(statements::VIEW.column_index(name)?).copied().flatten();
    cost.own_exec_time_ms = own("total_exec_time").map(Sum::as_f64);
    cost.own_temp_blks_written = own("temp_blks_written").map(|sum| sum.as_f64() as i64);
}

fn is_interval(window: &Window) -> bool {
    !matches!(window.quality, Quality::Gap(_))
}

fn statement_metrics(
    views: &[ViewMetrics],
    reading: StatementReading,
    hidden_entries: usize,
    held: &mut Held,
    options: &PollOptions,
) -> Option<StatementMetrics> {
    let snapshot = &views.iter().find(|metrics| metrics.view.name == statements::VIEW.name)?.snapshot;
    let StatementReading { baseline, interval, shown: window } = reading;
    let (selection, named) = naming::name(&window, snapshot, views, held, options);
    let running = naming::running(&interval, &window, snapshot, views, held, options);
    let entries = snapshot.rows.len();
    Some(StatementMetrics { window, baseline, selection, named, hidden_entries, entries, running })
}

/// Top-level statement time against the databases' active time, both over their own windows.
fn coverage_of(views: &[ViewMetrics]) -> Option<Coverage> {
    let find = |view: &View| views.iter().find(|metrics| metrics.view.name == view.name);
    let statements = find(&statements::VIEW)?;
    let window = statements.window.as_ref().filter(|window| is_interval(window))?;
    let toplevel = statements::VIEW.column_index("toplevel")?;
    let rows = &statements.snapshot.rows;
    let is_toplevel = |row: usize| rows.flag(toplevel, window.deltas.row_indexes[row]) != Some(false);
    let sum = |name: &str| {
        let column = statements::VIEW.column_index(name)?;
        window.deltas.sum(column, is_toplevel).map(Sum::as_f64)
    };
    let milliseconds = sum("total_exec_time")? + sum("total_plan_time").unwrap_or(0.0);
    let databases = find(&database::VIEW).and_then(|metrics| {
        let window = metrics.window.as_ref().filter(|window| is_interval(window))?;
        let column = database::VIEW.column_index("active_time")?;
        Some((window.deltas.sum(column, |_| true)?.as_f64(), window.seconds()?))
    });
    coverage((milliseconds, window.seconds()?), databases)
}
