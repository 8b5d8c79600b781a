//! The server's own work, where there is something to say: WAL, checkpoints, archiving, commands in progress, and
//! how far it is from wraparound.

use pgquerylens_model::report::{UnifiedMetrics, ViewMetrics};
use pgquerylens_model::view::{Reading, View};
use pgquerylens_model::views::{archiver, bgwriter, checkpointer, databases, prepared_xacts, wal};

use super::fields::{Row, interval_seconds};
use super::line::{Line, Span, Tone, flowed};
use super::{fact, label};
use crate::figures::{bytes, count, milliseconds, plural, share, span};

/// The server stops assigning transaction ids this many before 2^31.
const WRAPAROUND_AGE: f64 = 2_147_483_648.0 - 3_000_000.0;
/// A database older than this is shown.
const OLD_DATABASE: f64 = 1_000_000_000.0;
/// And this is trouble: the failsafe of vacuum has begun.
const VERY_OLD_DATABASE: f64 = 1_600_000_000.0;
/// A prepared transaction older than this was probably forgotten.
const FORGOTTEN_SECONDS: f64 = 60.0;
/// Pairs of columns that tell how far a command in progress is: done, of all.
const PROGRESS: [(&str, &str); 8] = [
    ("heap_blks_scanned", "heap_blks_total"),
    ("sample_blks_scanned", "sample_blks_total"),
    ("blocks_done", "blocks_total"),
    ("tuples_done", "tuples_total"),
    ("bytes_processed", "bytes_total"),
    ("backup_streamed", "backup_total"),
    ("lockers_done", "lockers_total"),
    ("partitions_done", "partitions_total"),
];

/// Returns the lines.
pub(super) fn lines(metrics: &UnifiedMetrics, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |name: &str, facts: Vec<Span>| {
        if !facts.is_empty() {
            lines.extend(flowed(label(name), facts, width));
        }
    };
    add("WAL", written(metrics));
    add("checkpoints", checkpoints(metrics));
    add("archiver", archiving(metrics));
    for facts in progress(metrics) {
        add("in progress", facts);
    }
    add("prepared", forgotten(metrics));
    add("wraparound", wraparound(metrics));
    lines
}

/// Returns the one row of a view that has an interval, and its length.
fn in_interval<'m>(metrics: &'m UnifiedMetrics, view: &View) -> Option<(Row<'m>, f64)> {
    let found = metrics.view(view)?;
    Some((Row::all(found).next()?, interval_seconds(found)?))
}

fn written(metrics: &UnifiedMetrics) -> Vec<Span> {
    let Some((row, seconds)) = in_interval(metrics, &wal::VIEW) else { return Vec::new() };
    let Some(written) = row.gained("wal_bytes").filter(|written| *written > 0.0) else { return Vec::new() };
    let mut facts = vec![fact(format!("{}/s", bytes(written / seconds)))];
    facts.extend(row.gained("wal_fpi").map(|images| fact(format!("{} full-page images", count(images)))));
    let full = row.gained("wal_buffers_full").filter(|full| *full > 0.0);
    facts.extend(full.map(|full| fact(format!("buffers full {} times", count(full)))));
    facts
}

/// Names of the same figures in `pg_stat_checkpointer` and, before 17, in `pg_stat_bgwriter`.
struct CheckpointColumns {
    timed: &'static str,
    requested: &'static str,
    buffers: &'static str,
    write_time: &'static str,
    sync_time: &'static str,
}

const CHECKPOINTER: CheckpointColumns = CheckpointColumns {
    timed: "num_timed",
    requested: "num_requested",
    buffers: "buffers_written",
    write_time: "write_time",
    sync_time: "sync_time",
};

const BGWRITER: CheckpointColumns = CheckpointColumns {
    timed: "checkpoints_timed",
    requested: "checkpoints_req",
    buffers: "buffers_checkpoint",
    write_time: "checkpoint_write_time",
    sync_time: "checkpoint_sync_time",
};

fn checkpoints(metrics: &UnifiedMetrics) -> Vec<Span> {
    let newer = in_interval(metrics, &checkpointer::VIEW).map(|found| (found, CHECKPOINTER));
    let found = newer.or_else(|| in_interval(metrics, &bgwriter::VIEW).map(|found| (found, BGWRITER)));
    let Some(((row, _), columns)) = found else { return Vec::new() };
    let gained = |name| row.gained(name).unwrap_or(0.0);
    let (timed, requested) = (gained(columns.timed), gained(columns.requested));
    if timed + requested <= 0.0 {
        return Vec::new();
    }
    let written = gained(columns.buffers) * metrics.probe.block_size as f64;
    let busy = gained(columns.write_time) + gained(columns.sync_time);
    vec![
        fact(format!("{} timed, {} requested", count(timed), count(requested))),
        fact(format!("{} written in {}", bytes(written), milliseconds(busy))),
    ]
}

fn archiving(metrics: &UnifiedMetrics) -> Vec<Span> {
    let Some(row) = metrics.view(&archiver::VIEW).and_then(|view| Row::all(view).next()) else {
        return Vec::new();
    };
    let is_failing = match (row.time("last_failed_time"), row.time("last_archived_time")) {
        (Some(failed), Some(archived)) => failed > archived,
        (failed, _) => failed.is_some(),
    };
    if !is_failing {
        return Vec::new();
    }
    let since = row.seconds_since("last_failed_time").map(span).unwrap_or_default();
    let wal = row.label("last_failed_wal").unwrap_or("a WAL file");
    let mut facts = vec![Span::new(format!("failing: {wal}, {since} ago"), Tone::Trouble)];
    facts.extend(row.gained("failed_count").map(|failures| fact(format!("{} failures", count(failures)))));
    facts
}

fn progress(metrics: &UnifiedMetrics) -> Vec<Vec<Span>> {
    let in_progress = |view: &&ViewMetrics| matches!(view.view.reading, Reading::WhereInProgress(_));
    metrics
        .views
        .iter()
        .filter(in_progress)
        .flat_map(|view| Row::all(view).map(|row| command(view, &row)))
        .collect()
}

fn command(view: &ViewMetrics, row: &Row<'_>) -> Vec<Span> {
    let kind = match view.view.reading {
        Reading::WhereInProgress(kind) => kind,
        _ => view.view.name,
    };
    let name = row.label("command").unwrap_or(kind);
    let relation = match (row.label("schemaname"), row.label("relname"), row.label("datname")) {
        (Some(schema), Some(relation), _) => format!(" of {schema}.{relation}"),
        (_, _, Some(database)) => format!(" in {database}"),
        _ => String::new(),
    };
    let mut facts = vec![fact(format!("{name}{relation}"))];
    facts.extend(row.label("phase").map(fact));
    let part = PROGRESS.iter().find_map(|(done, all)| {
        let (done, all) = (row.int(done)?, row.int(all)?);
        (all > 0).then(|| done as f64 / all as f64)
    });
    facts.extend(part.map(|part| fact(share(part.min(1.0)))));
    facts.extend(row.int("pid").map(|pid| Span::new(format!("pid {pid}"), Tone::Dim)));
    facts
}

fn forgotten(metrics: &UnifiedMetrics) -> Vec<Span> {
    let Some(view) = metrics.view(&prepared_xacts::VIEW) else { return Vec::new() };
    let ages: Vec<f64> = Row::all(view).filter_map(|row| row.seconds_since("prepared")).collect();
    let oldest = ages.iter().copied().fold(0.0, f64::max);
    if oldest < FORGOTTEN_SECONDS {
        return Vec::new();
    }
    let text = format!("{}, the oldest for {}", plural(ages.len(), "prepared transaction"), span(oldest));
    vec![Span::new(text, Tone::Caution)]
}

fn wraparound(metrics: &UnifiedMetrics) -> Vec<Span> {
    let Some(view) = metrics.view(&databases::VIEW) else { return Vec::new() };
    let aged = Row::all(view).filter_map(|row| Some((row, row.int("datfrozenxid_age")? as f64)));
    let oldest = aged.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, age)| *age >= OLD_DATABASE);
    let Some((row, age)) = oldest else { return Vec::new() };
    let tone = if age >= VERY_OLD_DATABASE { Tone::Trouble } else { Tone::Caution };
    let name = row.label("datname").unwrap_or("-");
    let left = count((WRAPAROUND_AGE - age).max(0.0));
    vec![
        Span::new(format!("{name} is {} transactions old", count(age)), tone),
        fact(format!("{left} left before the server stops writing")),
    ]
}
