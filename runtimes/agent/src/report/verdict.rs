//! The busiest facts in one line: where to look first.

use pgquerylens_model::report::UnifiedMetrics;
use pgquerylens_model::selection::Order;
use pgquerylens_model::views::database;

use super::fields::{Row, is_interval};
use super::line::{Line, Span, Tone, flowed};
use super::{blocking, fact, sessions};
use crate::figures::{plural, span};

/// A transaction that idles longer is said in the verdict.
const IDLE_IN_TRANSACTION_SECONDS: f64 = 60.0;
/// A single statement that takes this share of the time is worth a look.
const DOMINANT_SHARE: f64 = 0.5;
/// Below this share the statements explain too little to be judged by.
pub(super) const WELL_EXPLAINED: f64 = 0.8;

/// Returns the verdict.
pub(super) fn lines(metrics: &UnifiedMetrics, width: usize) -> Vec<Line> {
    let facts: Vec<Span> = [
        activity(metrics),
        busiest(metrics),
        blocked(metrics),
        idling(metrics),
        deadlocks(metrics),
        explained(metrics),
    ]
    .into_iter()
    .flatten()
    .collect();
    if facts.is_empty() { Vec::new() } else { flowed(fact(""), facts, width) }
}

fn activity(metrics: &UnifiedMetrics) -> Option<Span> {
    let active = metrics.coverage.and_then(|coverage| coverage.active_ms_per_second);
    if let Some(active) = active {
        return Some(fact(format!("{} sessions active on average", average(active / 1e3))));
    }
    if let Some(coverage) = metrics.coverage {
        let average = average(coverage.statements_ms_per_second / 1e3);
        return Some(fact(format!("{average} statements running on average")));
    }
    let active = sessions::active_count(metrics)?;
    Some(fact(format!("{} active now", plural(active, "session"))))
}

fn average(value: f64) -> String {
    if value < 0.1 { format!("{value:.2}") } else { format!("{value:.1}") }
}

fn busiest(metrics: &UnifiedMetrics) -> Option<Span> {
    let statements = metrics.statements.as_ref()?;
    let deltas = &statements.window.deltas;
    let weight = |row: usize| Order::Time.weight(deltas, row);
    let total: f64 = (0..deltas.len()).map(weight).sum();
    if total <= 0.0 {
        let nothing = is_interval(&statements.window);
        return nothing.then(|| fact("no statement ended in the window"));
    }
    let largest =
        statements.selection.selected.iter().map(|selected| weight(selected.row)).fold(0.0, f64::max);
    let share = largest / total;
    let tone = if share >= DOMINANT_SHARE { Tone::Caution } else { Tone::Plain };
    (largest > 0.0).then(|| Span::new(format!("{} of time in one statement", percent(share)), tone))
}

fn blocked(metrics: &UnifiedMetrics) -> Option<Span> {
    let (count, longest) = blocking::summary(metrics)?;
    let time = longest.map(|seconds| format!(" for {}", span(seconds))).unwrap_or_default();
    let most = if count > 1 && longest.is_some() { " at most" } else { "" };
    Some(Span::new(format!("{} blocked{time}{most}", plural(count, "session")), Tone::Trouble))
}

fn idling(metrics: &UnifiedMetrics) -> Option<Span> {
    let seconds = sessions::oldest_idle_in_transaction(metrics)?;
    (seconds >= IDLE_IN_TRANSACTION_SECONDS)
        .then(|| Span::new(format!("a transaction idle for {}", span(seconds)), Tone::Caution))
}

fn deadlocks(metrics: &UnifiedMetrics) -> Option<Span> {
    let databases = metrics.view(&database::VIEW)?;
    databases.window.as_ref().filter(|window| is_interval(window))?;
    let count: f64 = Row::all(databases).filter_map(|row| row.gained("deadlocks")).sum();
    (count > 0.0).then(|| Span::new(plural(count as usize, "deadlock"), Tone::Trouble))
}

fn explained(metrics: &UnifiedMetrics) -> Option<Span> {
    // More than all is explained where active time is reported late: the line on coverage says so.
    let share = metrics.coverage?.share()?.min(1.0);
    let tone = if share < WELL_EXPLAINED { Tone::Caution } else { Tone::Plain };
    Some(Span::new(format!("{} of active time explained", percent(share)), tone))
}

/// Returns a share as it reads in a sentence.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
