//! Replication, from either side: how far behind standbys are, and which slots hold WAL back.

use pgquerylens_model::report::UnifiedMetrics;
use pgquerylens_model::views::{recovery, replication, replication_slots, wal_receiver};

use super::fields::Row;
use super::line::{Line, Span, Tone, flowed};
use super::{fact, label};
use crate::figures::{bytes, plural, span};

/// Receivers and slots that get a line each.
const MAX_LINES: usize = 6;
/// A slot that retains less is not worth a line, if it is in use.
const RETAINED_BYTES: i64 = 256 << 20;
/// A standby further behind is worth a look.
const LATE_SECONDS: f64 = 10.0;

/// Returns the lines.
pub(super) fn lines(metrics: &UnifiedMetrics, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(row) = metrics.view(&recovery::VIEW).and_then(|view| Row::all(view).next()) {
        lines.extend(flowed(label("replay"), replay(&row, metrics), width));
    }
    lines.extend(many(
        "standby",
        rows(metrics, &replication::VIEW).map(|row| receiver(&row)).collect(),
        width,
    ));
    lines.extend(many(
        "slot",
        rows(metrics, &replication_slots::VIEW).filter_map(|row| slot(&row)).collect(),
        width,
    ));
    lines
}

fn rows<'m>(
    metrics: &'m UnifiedMetrics,
    view: &'static pgquerylens_model::view::View,
) -> impl Iterator<Item = Row<'m>> {
    metrics.view(view).into_iter().flat_map(Row::all)
}

fn many(name: &str, all: Vec<Vec<Span>>, width: usize) -> Vec<Line> {
    let left_out = all.len().saturating_sub(MAX_LINES);
    let mut lines: Vec<Line> =
        all.into_iter().take(MAX_LINES).flat_map(|facts| flowed(label(name), facts, width)).collect();
    if left_out > 0 {
        lines.push(Line::of(label("")).dim(format!("and {} more", plural(left_out, name))));
    }
    lines
}

/// The standby's own view of itself.
fn replay(row: &Row<'_>, metrics: &UnifiedMetrics) -> Vec<Span> {
    let mut facts = vec![behind(row.int("replay_lsn_lag"), row.float("replay_delay"))];
    if row.flag("is_wal_replay_paused") == Some(true) {
        facts.push(Span::new("paused", Tone::Trouble));
    }
    match rows(metrics, &wal_receiver::VIEW).next() {
        Some(receiver) => {
            let host = receiver.label("sender_host").unwrap_or("its primary");
            facts.push(fact(format!("{} from {host}", receiver.label("status").unwrap_or("receiving"))));
        }
        None => facts.push(Span::new("no WAL receiver is running", Tone::Caution)),
    }
    facts
}

fn receiver(row: &Row<'_>) -> Vec<Span> {
    let name = row.label("application_name").filter(|name| !name.is_empty()).unwrap_or("(unnamed)");
    let address = row.label("client_addr").map(|address| format!(" at {address}")).unwrap_or_default();
    let mut facts = vec![fact(format!("{name}{address}"))];
    let states: Vec<&str> = [row.label("state"), row.label("sync_state")].into_iter().flatten().collect();
    facts.push(fact(states.join(", ")));
    facts.push(behind(row.int("replay_lsn_lag"), row.float("replay_lag")));
    facts
}

fn behind(lag: Option<i64>, seconds: Option<f64>) -> Span {
    let lag_text = lag.map(|lag| match lag {
        0 => "caught up".to_owned(),
        lag => format!("{} behind", bytes(lag as f64)),
    });
    // The delay of a standby without traffic grows although nothing is missing.
    let seconds = seconds.filter(|_| lag != Some(0));
    let tone =
        if seconds.is_some_and(|seconds| seconds >= LATE_SECONDS) { Tone::Caution } else { Tone::Plain };
    let text = match (lag_text, seconds.map(span)) {
        (Some(lag), Some(seconds)) => format!("{lag}, {seconds}"),
        (Some(lag), None) => lag,
        (None, Some(seconds)) => format!("{seconds} behind"),
        (None, None) => "lag not known".to_owned(),
    };
    Span::new(text, tone)
}

/// Only slots that hold much back, that nobody reads, or that are lost.
fn slot(row: &Row<'_>) -> Option<Vec<Span>> {
    let retained = row.int("restart_lsn_lag");
    let is_unused = row.flag("active") == Some(false);
    let is_lost = row.label("wal_status").is_some_and(|status| status != "reserved" && status != "extended");
    if !is_unused && !is_lost && retained.unwrap_or(0) < RETAINED_BYTES {
        return None;
    }
    let mut facts = vec![fact(row.label("slot_name")?)];
    facts.extend(
        retained.map(|size| Span::new(format!("retains {} of WAL", bytes(size as f64)), Tone::Caution)),
    );
    if is_unused {
        facts.push(Span::new("nobody reads it", Tone::Caution));
    }
    if is_lost {
        facts.push(Span::new(row.label("wal_status").unwrap_or("lost"), Tone::Trouble));
    }
    Some(facts)
}
