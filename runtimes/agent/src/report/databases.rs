//! The databases that did something, one line each.

use pgquerylens_model::capabilities::PROVIDER_DATABASES;
use pgquerylens_model::report::UnifiedMetrics;
use pgquerylens_model::views::database;

use super::fields::{Row, interval_seconds};
use super::heading;
use super::line::{Line, Span, Tone};
use super::table::{Column, Side, laid_out};
use crate::figures::{bytes, count, plural, ratio};

/// Databases that get a line.
const MAX_DATABASES: usize = 8;
/// Columns of a database's name.
const MAX_NAME_WIDTH: usize = 24;

const fn figure(title: &'static str, dispensable: u8) -> Column {
    Column { title, width: 0, side: Side::Right, dispensable }
}

/// Counts over an interval are shown per second, totals as they are.
const fn columns(commits: &'static str, read: &'static str, written: &'static str) -> [Column; 10] {
    [
        Column { title: "", width: 0, side: Side::Left, dispensable: 0 },
        figure("sessions", 0),
        figure(commits, 0),
        figure("rollbacks", 1),
        figure("hit", 0),
        figure(read, 2),
        figure(written, 2),
        figure("temp", 0),
        figure("deadlocks", 1),
        figure("conflicts", 3),
    ]
}

/// Returns the section.
pub(super) fn lines(metrics: &UnifiedMetrics, width: usize) -> Vec<Line> {
    let Some(view) = metrics.view(&database::VIEW) else { return Vec::new() };
    let mut rows: Vec<Row<'_>> = Row::all(view).filter(is_users).collect();
    let all = rows.len();
    rows.retain(did_something);
    if rows.is_empty() {
        return Vec::new();
    }
    rows.sort_by(|a, b| busyness(b).total_cmp(&busyness(a)));
    rows.truncate(MAX_DATABASES);
    let seconds = interval_seconds(view);
    let columns = match seconds {
        Some(_) => columns("commits/s", "rows read/s", "written/s"),
        None => columns("commits", "rows read", "rows written"),
    };
    let remarks: &[String] =
        if seconds.is_some() { &[] } else { &["totals since each one's reset".to_owned()] };
    let left_out = all - rows.len();
    // Only a standby has conflicts.
    let columns = if metrics.identity.in_recovery { &columns[..] } else { &columns[..columns.len() - 1] };
    let cells = |row: &Row<'_>| cells(row, seconds).into_iter().take(columns.len()).collect();
    let (header, rows) = laid_out(columns, rows.iter().map(cells).collect(), width);
    let mut lines = vec![heading("DATABASES", remarks), header];
    lines.extend(rows);
    if left_out > 0 {
        lines.push(Line::default().dim(format!("and {}", plural(left_out, "other database"))));
    }
    lines
}

fn is_users(row: &Row<'_>) -> bool {
    let is_template = row.flag("datistemplate") == Some(true) || row.flag("datallowconn") == Some(false);
    row.label("datname").is_some_and(|name| !PROVIDER_DATABASES.contains(&name)) && !is_template
}

fn did_something(row: &Row<'_>) -> bool {
    row.int("numbackends").is_some_and(|sessions| sessions > 0)
        || row.gained("xact_commit").is_some_and(|commits| commits > 0.0)
}

fn busyness(row: &Row<'_>) -> f64 {
    row.gained("active_time").or_else(|| row.gained("xact_commit")).unwrap_or(0.0)
}

fn cells(row: &Row<'_>, seconds: Option<f64>) -> Vec<Span> {
    let rate = |value: Option<f64>| value.map(|value| count(value / seconds.unwrap_or(1.0)));
    let written: Option<f64> = ["tup_inserted", "tup_updated", "tup_deleted"]
        .iter()
        .filter_map(|name| row.gained(name))
        .reduce(|sum, value| sum + value);
    let hit = row.gained("blks_hit").zip(row.gained("blks_read"));
    let hit = hit.filter(|(hit, read)| hit + read > 0.0).map(|(hit, read)| hit / (hit + read));
    let plain = |text: Option<String>| match text {
        Some(text) if text == "0" => Span::new(text, Tone::Dim),
        Some(text) => Span::new(text, Tone::Plain),
        None => Span::new("-", Tone::Dim),
    };
    let alarming = |name: &str, tone: Tone| match row.gained(name) {
        Some(value) if value > 0.0 => Span::new(count(value), tone),
        value => plain(value.map(count)),
    };
    vec![
        Span::new(row.label("datname").unwrap_or("-"), Tone::Plain).shortened(MAX_NAME_WIDTH),
        plain(row.int("numbackends").map(|sessions| count(sessions as f64))),
        plain(rate(row.gained("xact_commit"))),
        plain(row.gained("xact_rollback").map(count)),
        plain(hit.map(ratio)),
        plain(rate(row.gained("tup_returned"))),
        plain(rate(written)),
        plain(row.gained("temp_bytes").map(bytes)),
        alarming("deadlocks", Tone::Trouble),
        alarming("conflicts", Tone::Caution),
    ]
}
