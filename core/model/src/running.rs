//! Running sums of the statements' windows: what a cumulative exporter sends of them.
//!
//! Few statements have a series of their own; all others are in `other`, so that the parts always add up and no
//! sum ever falls. A statement that is among the first of a window has a series from the next one on; it leaves a named
//! while after it was among the first for the last time.
//!
//! Who has a series in a window is decided before the window, and kept with the baseline. A window that is delivered
//! but not committed is delivered again with a later end; were it decided from the window itself, a statement could be
//! in a series the first time and in `other` the second, and a receiver would have it in both.

use serde::{Deserialize, Serialize};

use crate::statements::StatementKey;
use crate::time::Timestamp;
use crate::vectors::VectorUse;
use crate::views::statements::VIEW;
use crate::window::{Loss, Quality, Sum, Window};

/// How many statements have a series, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeriesRules {
    /// How many of each order enter.
    pub top: usize,
    /// How long one stays after it was among the first, in seconds.
    pub hold_seconds: f64,
    /// The most series; beyond it those go that were among the first longest ago.
    pub most: usize,
}

impl Default for SeriesRules {
    fn default() -> SeriesRules {
        SeriesRules { top: 20, hold_seconds: 900.0, most: 200 }
    }
}

/// A sum that grows from window to window, one value per column of the view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Running {
    /// When it began at nothing.
    pub start: Timestamp,
    /// The sums since then.
    pub sums: Vec<Option<Sum>>,
    /// What the last window added.
    #[serde(skip)]
    pub added: Vec<Option<Sum>>,
}

/// One statement's running sum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatementSeries {
    /// The statement.
    pub key: StatementKey,
    /// The end of the last window in which it was among the first.
    pub last_first: Timestamp,
    /// Its sums.
    pub running: Running,
}

/// All running sums of one server's statements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunningSums {
    columns: Vec<String>,
    /// Statements with a series of their own, by key.
    pub series: Vec<StatementSeries>,
    /// Statements that are known to be ours, by key.
    ours: Vec<StatementKey>,
    /// All statements without one.
    pub other: Running,
    /// Our own statements.
    pub own: Running,
    /// The execution time of all statements of each database, by its oid; nothing else of them is summed.
    pub databases: Vec<(i64, Running)>,
    /// What statements did with vectors, by database and use: calls, rows and execution time.
    pub vectors: Vec<VectorSums>,
    /// Statements that are known to do something with vectors, by database and query id.
    vector_statements: Vec<VectorStatement>,
}

/// The running sums of what statements of a database do with vectors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VectorSums {
    /// The database's oid.
    pub database: i64,
    /// What they do.
    pub vector_use: VectorUse,
    /// The sums, since the first such statement was known.
    pub running: Running,
}

/// A statement that does something with vectors.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VectorStatement {
    /// The database's oid.
    pub database: i64,
    /// The query id.
    pub queryid: i64,
    /// What it does.
    pub vector_use: VectorUse,
}

/// The statements of a window.
pub struct Told<'t> {
    /// The statement of each row; none where it has no identity.
    pub keys: &'t [Option<StatementKey>],
    /// Those among the first of their orders, none of them ours: they have a series from the next window on.
    pub first: &'t [StatementKey],
    /// Those that are ours, as far as it is known by now.
    pub own: &'t [StatementKey],
    /// All entries that do something with vectors, as far as it is known by now.
    pub vectors: &'t [VectorStatement],
    /// When all entries were reset last, where the server tells.
    pub reset_at: Option<Timestamp>,
}

/// What came of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Summed {
    /// The sums with the window.
    pub now: RunningSums,
    /// What the next window begins with.
    pub next: RunningSums,
}

/// Statements of ours that are remembered: several times as many as we have.
const MAX_OURS: usize = 1_000;
/// Databases whose execution time is summed; those that come later are not.
const MAX_DATABASES: usize = 1_000;
/// Statements that are remembered for what they do with vectors.
const MAX_VECTOR_STATEMENTS: usize = 1_000;
/// What is summed of them.
const VECTOR_COLUMNS: [&str; 3] = ["calls", "rows", EXECUTION_TIME];
/// The column of the execution time.
pub const EXECUTION_TIME: &str = "total_exec_time";

impl Running {
    fn begun(start: Timestamp) -> Running {
        Running { start, sums: vec![None; VIEW.columns.len()], added: vec![None; VIEW.columns.len()] }
    }

    fn add(&mut self, window: &Window, row: usize) {
        for column in 0..VIEW.columns.len() {
            self.add_column(window, row, column);
        }
    }

    fn add_column(&mut self, window: &Window, row: usize, column: usize) {
        let Some(more) = Sum::of(&window.deltas, column, row) else { return };
        for sums in [&mut self.sums, &mut self.added] {
            sums[column] = Some(sums[column].map_or(more, |sum| sum.plus(more)));
        }
    }

    /// Forgets what was summed.
    fn begin_anew(&mut self, start: Timestamp) {
        *self = Running::begun(start);
    }

    /// Puts the sums into the order of today's columns. What is gone is dropped, what is new begins with nothing.
    fn aligned(&mut self, columns: &[String]) {
        let place = |name: &str| columns.iter().position(|column| column == name);
        let kept = |name| self.sums.get(place(name)?).copied().flatten();
        self.sums = VIEW.columns.iter().map(|column| kept(column.name)).collect();
        self.added = vec![None; VIEW.columns.len()];
    }
}

impl RunningSums {
    /// Begins at a moment, with nothing.
    pub fn begun(at: Timestamp) -> RunningSums {
        RunningSums {
            columns: names(),
            series: Vec::new(),
            ours: Vec::new(),
            other: Running::begun(at),
            own: Running::begun(at),
            databases: Vec::new(),
            vectors: Vec::new(),
            vector_statements: Vec::new(),
        }
    }

    /// Returns all that was kept, with no window added yet.
    fn opened(mut self) -> RunningSums {
        let columns = std::mem::replace(&mut self.columns, names());
        self.parts().for_each(|running| running.aligned(&columns));
        self
    }

    fn parts(&mut self) -> impl Iterator<Item = &mut Running> {
        let of_databases = self.databases.iter_mut().map(|(_, running)| running);
        let of_series = self.series.iter_mut().map(|series| &mut series.running);
        let of_vectors = self.vectors.iter_mut().map(|sums| &mut sums.running);
        of_series.chain([&mut self.other, &mut self.own]).chain(of_databases).chain(of_vectors)
    }

    /// Adds a window. Over a gap everything begins anew: what happened in it is nobody's to sum. With a reset, too, as
    /// the server's own counters do: a process that died before its commit may have told what the server then forgot.
    pub fn add(before: Option<RunningSums>, window: &Window, told: &Told<'_>, rules: &SeriesRules) -> Summed {
        let kept = before.filter(|_| !matches!(window.quality, Quality::Gap(_)));
        let now = match kept {
            None => RunningSums::begun(window.to),
            Some(sums) => {
                let mut sums = sums.opened();
                if let Some(reset) = reset_in(window, told.reset_at) {
                    sums.parts().for_each(|running| running.begin_anew(reset));
                }
                for row in 0..window.deltas.len() {
                    sums.part_of(told.keys[row]).add(window, row);
                    sums.add_time(told.keys[row], window, row);
                    sums.add_vectors(told.keys[row], window, row);
                }
                sums
            }
        };
        let mut next = now.clone();
        next.recognise(told.own);
        next.recognise_vectors(told.vectors, window.to);
        next.enter(told.first, window.to);
        next.leave(window.to, rules);
        Summed { now, next }
    }

    fn recognise(&mut self, own: &[StatementKey]) {
        self.ours.extend_from_slice(own);
        self.ours.sort_unstable();
        self.ours.dedup();
        self.ours.truncate(MAX_OURS);
    }

    /// What is known from now on is counted from the next window on, as with our own.
    fn recognise_vectors(&mut self, known: &[VectorStatement], now: Timestamp) {
        self.vector_statements = known.to_vec();
        self.vector_statements.sort_unstable();
        self.vector_statements.dedup_by_key(|statement| (statement.database, statement.queryid));
        self.vector_statements.truncate(MAX_VECTOR_STATEMENTS);
        for VectorStatement { database, vector_use, .. } in self.vector_statements.clone() {
            if self.vector_sums(database, &vector_use).is_none() {
                self.vectors.push(VectorSums { database, vector_use, running: Running::begun(now) });
            }
        }
    }

    fn vector_sums(&mut self, database: i64, vector_use: &VectorUse) -> Option<&mut VectorSums> {
        self.vectors.iter_mut().find(|sums| sums.database == database && sums.vector_use == *vector_use)
    }

    fn add_vectors(&mut self, key: Option<StatementKey>, window: &Window, row: usize) {
        let Some(StatementKey { dbid, queryid, .. }) = key else { return };
        let place = self
            .vector_statements
            .binary_search_by_key(&(dbid, queryid), |statement| (statement.database, statement.queryid));
        let Ok(place) = place else { return };
        let vector_use = self.vector_statements[place].vector_use.clone();
        let Some(sums) = self.vector_sums(dbid, &vector_use) else { return };
        for column in VECTOR_COLUMNS.iter().filter_map(|name| VIEW.column_index(name)) {
            sums.running.add_column(window, row, column);
        }
    }

    fn enter(&mut self, first: &[StatementKey], now: Timestamp) {
        for key in first {
            match self.series.binary_search_by_key(key, |series| series.key) {
                Ok(place) => self.series[place].last_first = now,
                Err(place) => {
                    let running = Running::begun(now);
                    self.series.insert(place, StatementSeries { key: *key, last_first: now, running });
                }
            }
        }
    }

    fn leave(&mut self, now: Timestamp, rules: &SeriesRules) {
        self.series.retain(|series| now.seconds_since(series.last_first) <= rules.hold_seconds);
        if self.series.len() > rules.most {
            let mut latest: Vec<(Timestamp, StatementKey)> =
                self.series.iter().map(|series| (series.last_first, series.key)).collect();
            latest.sort_unstable_by(|a, b| b.cmp(a));
            let gone = latest.split_off(rules.most);
            self.series.retain(|series| !gone.contains(&(series.last_first, series.key)));
        }
    }

    /// A database that had no statements so far has been at nothing since all sums began.
    fn add_time(&mut self, key: Option<StatementKey>, window: &Window, row: usize) {
        let (Some(key), Some(column)) = (key, VIEW.column_index(EXECUTION_TIME)) else { return };
        let place = match self.databases.binary_search_by_key(&key.dbid, |(dbid, _)| *dbid) {
            Ok(place) => place,
            Err(_) if self.databases.len() >= MAX_DATABASES => return,
            Err(place) => {
                self.databases.insert(place, (key.dbid, Running::begun(self.other.start)));
                place
            }
        };
        self.databases[place].1.add_column(window, row, column);
    }

    fn part_of(&mut self, key: Option<StatementKey>) -> &mut Running {
        let Some(key) = key else { return &mut self.other };
        if self.ours.binary_search(&key).is_ok() {
            return &mut self.own;
        }
        match self.series.binary_search_by_key(&key, |series| series.key) {
            Ok(place) => &mut self.series[place].running,
            Err(_) => &mut self.other,
        }
    }
}

/// Returns when all entries were reset, if that was inside the window. After a clock went back, an old stamp can look so.
fn reset_in(window: &Window, reset_at: Option<Timestamp>) -> Option<Timestamp> {
    let is_reset =
        matches!(&window.quality, Quality::LowerBound(losses) if losses.contains(&Loss::StatisticsReset));
    reset_at.filter(|reset| is_reset && window.from.is_some_and(|from| *reset >= from))
}

fn names() -> Vec<String> {
    VIEW.columns.iter().map(|column| column.name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::{DeltaSeries, Deltas, Gap};
    use proptest::prelude::*;

    const RULES: SeriesRules = SeriesRules { top: 2, hold_seconds: 120.0, most: 4 };

    fn key(queryid: i64) -> StatementKey {
        StatementKey { dbid: 1, userid: 2, queryid, toplevel: Some(true) }
    }

    fn window(minute: i64, quality: Quality, calls: &[(i64, i64)]) -> Window {
        let mut series = vec![None; VIEW.columns.len()];
        series[calls_column()] =
            Some(DeltaSeries::Int(calls.iter().map(|(_, calls)| Some(*calls)).collect()));
        Window {
            view: &VIEW,
            database: None,
            from: Some(Timestamp((minute - 1) * 60_000_000)),
            to: Timestamp(minute * 60_000_000),
            quality,
            deltas: Deltas {
                row_indexes: (0..calls.len()).collect(),
                baseline_indexes: vec![None; calls.len()],
                series,
            },
        }
    }

    fn calls_column() -> usize {
        VIEW.column_index("calls").unwrap()
    }

    fn calls(running: &Running) -> i64 {
        running.sums[calls_column()].map_or(0, |sum| sum.as_f64() as i64)
    }

    /// Adds a minute in which statements did calls; the first rows are the first.
    fn summed(before: Option<RunningSums>, minute: i64, done: &[(i64, i64)]) -> Summed {
        let keys: Vec<_> = done.iter().map(|(id, _)| Some(key(*id))).collect();
        let first: Vec<_> = done.iter().take(RULES.top).map(|(id, _)| key(*id)).collect();
        let told = Told { keys: &keys, first: &first, own: &[], vectors: &[], reset_at: None };
        RunningSums::add(before, &window(minute, Quality::Exact, done), &told, &RULES)
    }

    fn minute(before: Option<RunningSums>, minute: i64, done: &[(i64, i64)]) -> RunningSums {
        summed(before, minute, done).next
    }

    #[test]
    fn a_statement_enters_after_its_window_and_stays_a_while() {
        let mut sums = minute(Some(RunningSums::begun(Timestamp(0))), 1, &[(1, 5), (2, 3), (3, 1)]);
        let starts: Vec<_> =
            sums.series.iter().map(|series| (series.key.queryid, series.running.start.0)).collect();
        assert_eq!(starts, [(1, 60_000_000), (2, 60_000_000)]);
        assert_eq!(calls(&sums.other), 9);
        for at in 2..=3 {
            sums = minute(Some(sums), at, &[(7, 9), (8, 9), (1, 1)]);
            assert_eq!(
                calls(&sums.series[0].running),
                at - 1,
                "it is no longer among the first, and counted"
            );
        }
        let last = summed(Some(sums), 4, &[(7, 9), (8, 9), (1, 1)]);
        assert_eq!(calls(&last.now.series[0].running), 3, "the window in which it leaves is its own");
        assert!(last.next.series.iter().all(|series| series.key.queryid != 1), "two minutes are over");
        assert_eq!(calls(&last.next.other), 9 + 18);
    }

    /// What is delivered but not committed is delivered again: whatever the longer window shows, each row is where it
    /// was, and no sum falls.
    #[test]
    fn a_window_that_is_added_again_puts_its_rows_where_they_were() {
        let before = minute(Some(RunningSums::begun(Timestamp(0))), 1, &[(1, 5), (2, 3)]);
        let first = summed(Some(before.clone()), 2, &[(1, 4), (3, 2)]).now;
        let again = summed(Some(before), 9, &[(4, 90), (5, 80), (1, 4), (3, 2)]).now;
        let of = |sums: &RunningSums| {
            sums.series.iter().map(|series| (series.key, calls(&series.running))).collect::<Vec<_>>()
        };
        assert_eq!(of(&first), of(&again));
        assert_eq!((calls(&first.other), calls(&again.other)), (8 + 2, 8 + 2 + 170));
    }

    #[test]
    fn our_own_are_told_apart_from_the_next_window_on() {
        let keys = [Some(key(1))];
        let told = Told { keys: &keys, first: &[], own: &[key(1)], vectors: &[], reset_at: None };
        let begun = RunningSums::begun(Timestamp(0));
        let first = RunningSums::add(Some(begun), &window(1, Quality::Exact, &[(1, 5)]), &told, &RULES);
        assert_eq!((calls(&first.now.own), calls(&first.now.other)), (0, 5));
        let second = RunningSums::add(Some(first.next), &window(2, Quality::Exact, &[(1, 7)]), &told, &RULES);
        assert_eq!((calls(&second.now.own), calls(&second.now.other)), (7, 5));
    }

    #[test]
    fn a_gap_begins_everything_anew() {
        let sums = minute(Some(RunningSums::begun(Timestamp(0))), 1, &[(1, 5)]);
        let gap = window(2, Quality::Gap(Gap::Restarted), &[]);
        let told = Told { keys: &[], first: &[], own: &[], vectors: &[], reset_at: None };
        let summed = RunningSums::add(Some(sums), &gap, &told, &RULES);
        assert_eq!(summed.now, RunningSums::begun(Timestamp(120_000_000)));
    }

    /// However often it is delivered, the window with the reset says the same of the time before it: nothing.
    #[test]
    fn a_reset_begins_every_sum_anew_and_keeps_the_series() {
        let sums = minute(Some(RunningSums::begun(Timestamp(0))), 1, &[(1, 5), (2, 3)]);
        let reset_at = Some(Timestamp(90_000_000));
        let keys = [Some(key(1)), Some(key(7))];
        let told = Told { keys: &keys, first: &[], own: &[], vectors: &[], reset_at };
        let add = |sums, at, quality| {
            RunningSums::add(Some(sums), &window(at, quality, &[(1, 2), (7, 4)]), &told, &RULES).now
        };
        let now = add(sums, 2, Quality::LowerBound(vec![Loss::StatisticsReset]));
        let first = &now.series[0].running;
        assert_eq!((now.series.len(), calls(first), calls(&now.other)), (2, 2, 4));
        assert_eq!((Some(first.start), Some(now.other.start)), (reset_at, reset_at));
        let after = add(add(now, 3, Quality::Exact), 2, Quality::Exact);
        let sums = (calls(&after.series[0].running), calls(&after.other));
        assert_eq!(sums, (6, 12), "a stamp alone is none, wherever a clock puts it");
    }

    #[test]
    fn what_is_done_with_vectors_is_summed_from_the_window_on_in_which_it_is_known() {
        let l2 = || VectorUse::Search { distance: "l2".to_owned() };
        let statement = |queryid, vector_use| VectorStatement { database: 1, queryid, vector_use };
        let known = [statement(1, l2()), statement(2, l2()), statement(3, VectorUse::Insert)];
        let keys = [1, 2, 3, 4].map(|id| Some(key(id)));
        let add = |before, at, known: &[VectorStatement]| {
            let told = Told { keys: &keys, first: &[], own: &[], vectors: known, reset_at: None };
            let window = window(at, Quality::Exact, &[(1, 5), (2, 7), (3, 11), (4, 13)]);
            RunningSums::add(Some(before), &window, &told, &RULES)
        };
        let of = |sums: &RunningSums| -> Vec<(VectorUse, i64)> {
            sums.vectors.iter().map(|sums| (sums.vector_use.clone(), calls(&sums.running))).collect()
        };
        let first = add(RunningSums::begun(Timestamp(0)), 1, &known);
        assert_eq!(of(&first.now), []);
        let second = add(first.next, 2, &known[..2]);
        assert_eq!(of(&second.now), [(l2(), 12), (VectorUse::Insert, 11)]);
        assert_eq!(second.now.vectors[0].running.start, Timestamp(60_000_000));
        let third = add(second.next, 3, &known).now;
        assert_eq!(
            of(&third),
            [(l2(), 24), (VectorUse::Insert, 11)],
            "an entry that left is counted no longer"
        );
    }

    #[test]
    fn columns_of_another_version_are_put_in_their_places() {
        let mut sums = minute(Some(RunningSums::begun(Timestamp(0))), 1, &[(1, 5)]);
        let all = sums.columns.len();
        sums.columns.swap(calls_column(), all - 1);
        sums.other.sums.swap(calls_column(), all - 1);
        let sums = minute(Some(sums), 2, &[(2, 2)]);
        assert_eq!(calls(&sums.other), 7);
    }

    proptest! {
        /// What the series held when they left, what they hold, and what is in `other` is all that ever happened.
        #[test]
        fn nothing_is_lost_or_counted_twice(minutes in prop::collection::vec(prop::collection::btree_map(0i64..12, 1i64..50, 0..8), 1..40)) {
            let mut sums = RunningSums::begun(Timestamp(0));
            let (mut truth, mut ended) = (0, 0);
            for (at, done) in minutes.iter().enumerate() {
                let mut done: Vec<(i64, i64)> = done.iter().map(|(id, calls)| (*id, *calls)).collect();
                done.sort_by_key(|(_, calls)| -calls);
                truth += done.iter().map(|(_, calls)| calls).sum::<i64>();
                let before = sums.clone();
                let Summed { now, next } = summed(Some(sums), at as i64 + 1, &done);
                prop_assert!(next.series.len() <= RULES.most);
                prop_assert!(calls(&now.other) >= calls(&before.other));
                let left = now.series.iter().filter(|old| {
                    !next.series.iter().any(|new| new.key == old.key && new.running.start == old.running.start)
                });
                ended += left.map(|series| calls(&series.running)).sum::<i64>();
                sums = next;
            }
            let held: i64 = sums.series.iter().map(|series| calls(&series.running)).sum();
            prop_assert_eq!(held + ended + calls(&sums.other), truth);
        }
    }
}
