//! Sessions: in which states they are, what the active ones wait for, and whose transaction is the oldest.

use std::collections::BTreeMap;

use pgquerylens_model::capabilities::{PROVIDER_DATABASES, PROVIDER_ROLES};
use pgquerylens_model::report::UnifiedMetrics;
use pgquerylens_model::views::activity;

use super::fields::Row;
use super::line::{Line, Span, Tone, flowed, on_one_line};
use super::{fact, label};
use crate::figures::{grouped, plural, span};

/// States in the order in which they are shown; others come after them.
const STATES: [&str; 4] = ["active", "idle in transaction", "idle in transaction (aborted)", "idle"];
/// Kinds of waits that are shown.
const MAX_WAITS: usize = 8;
/// A shorter transaction is not worth a line.
const LONG_TRANSACTION_SECONDS: f64 = 1.0;
/// A transaction that lasts longer holds back vacuum and is worth a look.
const OLD_TRANSACTION_SECONDS: f64 = 60.0;

/// Returns the section.
pub(super) fn lines(metrics: &UnifiedMetrics, width: usize) -> Vec<Line> {
    let sessions = clients(metrics);
    let hidden = hidden_count(metrics);
    if sessions.is_empty() && hidden == 0 {
        return Vec::new();
    }
    let mut lines = flowed(label("SESSIONS"), states(&sessions, hidden), width);
    let waits = waits(metrics);
    if !waits.is_empty() {
        lines.extend(flowed(label("active on"), waits, width));
    }
    lines.extend(transactions(&sessions).into_iter().map(|line| line.cut(width)));
    lines
}

/// Returns how many sessions are active now.
pub(super) fn active_count(metrics: &UnifiedMetrics) -> Option<usize> {
    metrics.view(&activity::VIEW)?;
    Some(clients(metrics).iter().filter(|row| row.label("state") == Some("active")).count())
}

/// Returns for how long the session has idled that has idled longest inside a transaction.
pub(super) fn oldest_idle_in_transaction(metrics: &UnifiedMetrics) -> Option<f64> {
    let sessions = clients(metrics);
    let idle = sessions.iter().filter(|row| is_idle_in_transaction(row));
    idle.filter_map(|row| row.seconds_since("state_change")).max_by(f64::total_cmp)
}

/// Returns whose session it is, and its process id.
pub(super) fn who(row: &Row<'_>) -> String {
    let pid = row.int("pid").unwrap_or_default();
    match (row.label("usename"), row.label("datname")) {
        (Some(role), Some(database)) => format!("{role}@{database} pid {pid}"),
        (Some(role), None) => format!("{role} pid {pid}"),
        _ => format!("{} pid {pid}", row.label("backend_type").unwrap_or("session")),
    }
}

fn all(metrics: &UnifiedMetrics) -> impl Iterator<Item = Row<'_>> {
    metrics.view(&activity::VIEW).into_iter().flat_map(Row::all).filter(|row| is_shown(row))
}

/// A provider's sessions and our own are not the user's.
fn is_shown(row: &Row<'_>) -> bool {
    let of_provider = row.label("usename").is_some_and(|name| PROVIDER_ROLES.contains(&name))
        || row.label("datname").is_some_and(|name| PROVIDER_DATABASES.contains(&name));
    row.flag("own_session") != Some(true) && !of_provider
}

fn is_hidden(row: &Row<'_>) -> bool {
    row.flag("insufficient_privilege") == Some(true)
}

fn clients(metrics: &UnifiedMetrics) -> Vec<Row<'_>> {
    let is_client = |row: &Row<'_>| row.label("backend_type") == Some("client backend");
    all(metrics).filter(|row| is_client(row) && !is_hidden(row)).collect()
}

fn hidden_count(metrics: &UnifiedMetrics) -> usize {
    all(metrics).filter(is_hidden).count()
}

fn is_idle_in_transaction(row: &Row<'_>) -> bool {
    row.label("state").is_some_and(|state| state.starts_with("idle in transaction"))
}

fn states(sessions: &[Row<'_>], hidden: usize) -> Vec<Span> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in sessions {
        *counts.entry(row.label("state").unwrap_or("no state")).or_default() += 1;
    }
    let mut facts = vec![fact(plural(sessions.len(), "client"))];
    let mut push = |state: &str, count: usize| {
        let tone = if state.starts_with("idle in transaction") { Tone::Caution } else { Tone::Plain };
        facts.push(Span::new(format!("{} {state}", grouped(count as u64)), tone));
    };
    for state in STATES {
        if let Some(count) = counts.remove(state) {
            push(state, count);
        }
    }
    counts.into_iter().for_each(|(state, count)| push(state, count));
    if hidden > 0 {
        facts.push(Span::new(format!("{} hidden from our role", grouped(hidden as u64)), Tone::Caution));
    }
    facts
}

/// A WAL sender is always active; an event of the type Activity says that a process waits for something to do.
fn is_at_work(row: &Row<'_>) -> bool {
    row.label("state") == Some("active") && row.label("wait_event_type") != Some("Activity")
}

/// What active processes do: run on a CPU, or wait for something.
fn waits(metrics: &UnifiedMetrics) -> Vec<Span> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in all(metrics).filter(is_at_work) {
        let wait = match (row.label("wait_event_type"), row.label("wait_event")) {
            (Some(kind), Some(event)) => format!("{kind}:{event}"),
            (Some(kind), None) => kind.to_owned(),
            _ => "CPU".to_owned(),
        };
        *counts.entry(wait).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let left_out: usize = counts.iter().skip(MAX_WAITS).map(|(_, count)| count).sum();
    let mut facts: Vec<Span> = counts
        .into_iter()
        .take(MAX_WAITS)
        .map(|(wait, count)| {
            let tone = if wait.starts_with("Lock:") { Tone::Trouble } else { Tone::Plain };
            Span::new(format!("{} {wait}", grouped(count as u64)), tone)
        })
        .collect();
    if left_out > 0 {
        facts.push(fact(format!("{} on other waits", grouped(left_out as u64))));
    }
    facts
}

/// The longest transaction, and the one that idles longest if that is another.
fn transactions(sessions: &[Row<'_>]) -> Vec<Line> {
    let longest = oldest(sessions.iter(), "xact_start");
    let idle = oldest(sessions.iter().filter(|row| is_idle_in_transaction(row)), "state_change");
    let pid = |found: Option<(Row<'_>, f64)>| found.and_then(|(row, _)| row.int("pid"));
    let is_another = pid(idle) != pid(longest);
    let longest = longest.map(|(row, seconds)| transaction("longest xact", &row, seconds));
    let idle = idle.filter(|_| is_another).map(|(row, seconds)| transaction("idle in xact", &row, seconds));
    longest.into_iter().chain(idle).collect()
}

/// Returns the session that is oldest by a moment, unless it is too young to matter.
fn oldest<'r, 'm: 'r>(rows: impl Iterator<Item = &'r Row<'m>>, since: &str) -> Option<(Row<'m>, f64)> {
    let aged = rows.filter_map(|row| Some((*row, row.seconds_since(since)?)));
    aged.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, seconds)| *seconds >= LONG_TRANSACTION_SECONDS)
}

fn transaction(name: &str, row: &Row<'_>, seconds: f64) -> Line {
    let tone = if seconds >= OLD_TRANSACTION_SECONDS { Tone::Caution } else { Tone::Plain };
    let line = Line::of(label(name)).with(Span::new(span(seconds), tone)).plain(format!(" {}", who(row)));
    let line = doing(line, row);
    match row.label("query") {
        Some(query) => line.dim(format!(" · {}", on_one_line(query))),
        None => line,
    }
}

/// Adds what a session does, and for how long if that is nothing.
pub(super) fn doing(line: Line, row: &Row<'_>) -> Line {
    let state = row.label("state").unwrap_or("state not known");
    let since = row.seconds_since("state_change").filter(|_| state != "active");
    let since = since.map(|seconds| format!(" for {}", span(seconds))).unwrap_or_default();
    line.dim(format!(" · {state}{since}"))
}
