//! Who blocks whom: the sessions that nobody blocks first, beneath each those that wait for it.

use std::collections::{BTreeMap, BTreeSet};

use pgquerylens_model::report::UnifiedMetrics;
use pgquerylens_model::views::{activity, blocking};

use super::fields::Row;
use super::heading;
use super::line::{Line, Span, Tone, on_one_line};
use super::sessions::{doing, who};
use crate::figures::{plural, span};

/// Lines that the tree takes at most.
const MAX_LINES: usize = 20;
/// Generations that are indented further.
const MAX_DEPTH: usize = 8;
/// What `pg_blocking_pids` gives for a prepared transaction.
const PREPARED_TRANSACTION: i64 = 0;

/// Returns the section; nothing if nobody waits for a lock.
pub(super) fn lines(metrics: &UnifiedMetrics, width: usize) -> Vec<Line> {
    let forest = Forest::of(metrics);
    if forest.waiters.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![heading("WHO BLOCKS WHOM", &[])];
    let mut shown = BTreeSet::new();
    for root in forest.roots() {
        forest.show(root, 0, &mut shown, &mut lines);
    }
    // Sessions in a circle have no root; PostgreSQL will end one of them.
    for waiter in forest.waiters.keys() {
        forest.show(*waiter, 0, &mut shown, &mut lines);
    }
    let waiting = forest.waiters.keys().filter(|pid| !shown.contains(*pid)).count();
    if waiting > 0 {
        lines.push(Line::default().dim(format!("  and {} more", plural(waiting, "waiting session"))));
    }
    lines.into_iter().map(|line| line.cut(width)).collect()
}

/// Returns how many sessions wait for others, and the longest wait where it is known.
pub(super) fn summary(metrics: &UnifiedMetrics) -> Option<(usize, Option<f64>)> {
    let forest = Forest::of(metrics);
    let longest = forest.waiters.values().filter_map(|waiter| waiter.seconds()).max_by(f64::total_cmp);
    (!forest.waiters.is_empty()).then_some((forest.waiters.len(), longest))
}

struct Waiter<'m> {
    row: Row<'m>,
    blocked_by: BTreeSet<i64>,
}

struct Forest<'m> {
    waiters: BTreeMap<i64, Waiter<'m>>,
    sessions: BTreeMap<i64, Row<'m>>,
}

impl<'m> Forest<'m> {
    fn of(metrics: &'m UnifiedMetrics) -> Forest<'m> {
        let rows = |view| metrics.view(view).into_iter().flat_map(Row::all);
        let by_pid = |row: Row<'m>| Some((row.int("pid")?, row));
        let waiter = |row: Row<'m>| {
            let blocked_by: BTreeSet<i64> = row.int_list("blocked_by")?.iter().copied().collect();
            (!blocked_by.is_empty()).then_some((row.int("pid")?, Waiter { row, blocked_by }))
        };
        Forest {
            waiters: rows(&blocking::VIEW).filter_map(waiter).collect(),
            sessions: rows(&activity::VIEW).filter_map(by_pid).collect(),
        }
    }

    /// Blockers that wait for nobody. Prepared transactions come last: those they block often wait for others too.
    fn roots(&self) -> Vec<i64> {
        let blockers = self.waiters.values().flat_map(|waiter| waiter.blocked_by.iter().copied());
        let roots: BTreeSet<i64> = blockers.filter(|pid| !self.waiters.contains_key(pid)).collect();
        let (prepared, sessions): (Vec<i64>, Vec<i64>) =
            roots.into_iter().partition(|pid| *pid == PREPARED_TRANSACTION);
        [sessions, prepared].concat()
    }

    /// Shows a session and then those that wait for it, each once.
    fn show(&self, pid: i64, depth: usize, shown: &mut BTreeSet<i64>, lines: &mut Vec<Line>) {
        if lines.len() > MAX_LINES || !shown.insert(pid) {
            return;
        }
        match self.waiters.get(&pid) {
            Some(waiter) => lines.push(self.waiting(pid, waiter, depth)),
            None => lines.extend(self.blocking(pid)),
        }
        for (waiting, waiter) in &self.waiters {
            if waiter.blocked_by.contains(&pid) {
                self.show(*waiting, (depth + 1).min(MAX_DEPTH), shown, lines);
            }
        }
    }

    /// A session that waits for nobody, with the query that it runs or ran last in its transaction.
    fn blocking(&self, pid: i64) -> Vec<Line> {
        let line = Line::default().spaces(2);
        let Some(row) = self.sessions.get(&pid) else {
            let name = match pid {
                PREPARED_TRANSACTION => "a prepared transaction, see pg_prepared_xacts".to_owned(),
                pid => format!("pid {pid}, which has gone since"),
            };
            return vec![line.bold(name)];
        };
        let line = doing(line.bold(who(row)), row);
        let open = row
            .seconds_since("xact_start")
            .map(|seconds| format!(" · in its transaction for {}", span(seconds)));
        let query = row.label("query").map(|query| Line::default().spaces(4).dim(on_one_line(query)));
        [line.dim(open.unwrap_or_default())].into_iter().chain(query).collect()
    }

    fn waiting(&self, pid: i64, waiter: &Waiter<'_>, depth: usize) -> Line {
        let row = &waiter.row;
        let waits = waiter.seconds().map(|seconds| format!(" {}", span(seconds))).unwrap_or_default();
        let mut line = Line::default().spaces(depth * 2 + 2).dim("└ ").plain(who(row));
        line = line.with(Span::new(format!(" waits{waits}"), Tone::Trouble)).plain(lock(row));
        if waiter.blocked_by.len() > 1 {
            line = line.plain(format!(", blocked by {}", plural(waiter.blocked_by.len(), "session")));
        }
        match self.sessions.get(&pid).and_then(|session| session.label("query")) {
            Some(query) => line.dim(format!(" · {}", on_one_line(query))),
            None => line,
        }
    }
}

impl Waiter<'_> {
    /// Before 14 the wait is at most as long as the query.
    fn seconds(&self) -> Option<f64> {
        self.row.seconds_since("waitstart").or_else(|| self.row.seconds_since("query_start"))
    }
}

/// Returns which lock on what.
fn lock(row: &Row<'_>) -> String {
    let Some(kind) = row.label("locktype") else { return String::new() };
    let mode = row.label("mode").unwrap_or("a lock");
    let relation = match (row.label("schemaname"), row.label("relname"), row.int("relid")) {
        (Some(schema), Some(name), _) => Some(format!("{schema}.{name}")),
        (_, _, Some(oid)) => Some(format!("relation {oid}")),
        _ => None,
    };
    match (kind, relation) {
        ("relation", Some(relation)) => format!(" for {mode} on {relation}"),
        ("tuple", Some(relation)) => format!(" for {mode} on a row of {relation}"),
        ("transactionid", _) => " for that transaction to end".to_owned(),
        (kind, Some(relation)) => format!(" for {mode} on {kind} of {relation}"),
        (kind, None) => format!(" for {mode} on {kind}"),
    }
}
