//! `db.server.top_query`: one event per named statement of a window, with the receiver's attributes and ours.

use pgquerylens_model::baseline::Snapshot;
use pgquerylens_model::report::{NamedStatement, PollReport, StatementMetrics, UnifiedMetrics};
use pgquerylens_model::selection::Selected;
use pgquerylens_model::statements::{StatementKey, exec_moments};
use pgquerylens_model::views::statements::VIEW;
use pgquerylens_model::window::{Quality, Sum};

use super::{Compat, Event, Field, present};
use crate::MILLISECONDS_PER_SECOND;

/// The name of the event.
const NAME: &str = "db.server.top_query";

/// The receiver's attributes that are a column's difference.
const RECEIVERS: [(&str, &str); 8] = [
    ("postgresql.calls", "calls"),
    ("postgresql.rows", "rows"),
    ("postgresql.shared_blks_dirtied", "shared_blks_dirtied"),
    ("postgresql.shared_blks_hit", "shared_blks_hit"),
    ("postgresql.shared_blks_read", "shared_blks_read"),
    ("postgresql.shared_blks_written", "shared_blks_written"),
    ("postgresql.temp_blks_read", "temp_blks_read"),
    ("postgresql.temp_blks_written", "temp_blks_written"),
];

/// Ours: what the receiver has no attribute for.
const OURS: [(&str, &str); 9] = [
    ("postgresql.wal_bytes", "wal_bytes"),
    ("postgresql.wal_records", "wal_records"),
    ("postgresql.wal_fpi", "wal_fpi"),
    ("postgresql.shared_blk_read_time_ms", "shared_blk_read_time"),
    ("postgresql.shared_blk_write_time_ms", "shared_blk_write_time"),
    ("postgresql.temp_blk_read_time_ms", "temp_blk_read_time"),
    ("postgresql.temp_blk_write_time_ms", "temp_blk_write_time"),
    ("postgresql.plans", "plans"),
    ("pgquerylens.total_exec_time_ms", "total_exec_time"),
];

/// Returns the events; none where there is no interval to speak of.
pub(super) fn events(report: &PollReport, metrics: &UnifiedMetrics, compat: Compat) -> Vec<Event> {
    let Some(statements) = &metrics.statements else { return Vec::new() };
    let Some(snapshot) = metrics.view(&VIEW).map(|found| &found.snapshot) else { return Vec::new() };
    if matches!(statements.window.quality, Quality::Gap(_)) {
        return Vec::new();
    }
    let named = statements.selection.selected.iter().zip(&statements.named);
    named
        .filter_map(|(selected, known)| event(report, statements, snapshot, selected, known, compat))
        .collect()
}

fn event(
    report: &PollReport,
    statements: &StatementMetrics,
    snapshot: &Snapshot,
    selected: &Selected,
    known: &NamedStatement,
    compat: Compat,
) -> Option<Event> {
    let window = &statements.window;
    let key = StatementKey::of(&snapshot.rows, window.deltas.row_indexes[selected.row])?;
    let added = |column: &str| {
        Some(match Sum::of(&window.deltas, VIEW.column_index(column)?, selected.row)? {
            Sum::Int(value) => Field::Int(value),
            Sum::Float(value) => Field::Float(value),
        })
    };
    let time = |column: &str| match (added(column)?, compat) {
        (Field::Float(ms), Compat::Receiver) => Some(Field::Float(ms / MILLISECONDS_PER_SECOND)),
        (field, _) => Some(field),
    };
    let mut fields = present([
        ("db.system.name", Field::text(Some("postgresql"))),
        ("db.namespace", Field::text(known.datname.clone())),
        ("db.query.text", Field::text(known.query.clone())),
        ("postgresql.queryid", Some(Field::Text(key.queryid.to_string()))),
        ("postgresql.rolname", Field::text(known.rolname.clone())),
        ("postgresql.total_exec_time", time("total_exec_time")),
        ("postgresql.total_plan_time", time("total_plan_time")),
    ]);
    fields.extend(present(RECEIVERS.iter().chain(&OURS).map(|(name, column)| (*name, added(column)))));
    let moments = exec_moments(statements.baseline.as_ref(), snapshot, window, selected.row);
    let ranked: Vec<String> = selected.ranked_by.iter().map(|order| order.name().to_owned()).collect();
    fields.extend(present([
        ("postgresql.toplevel", key.toplevel.map(Field::Flag)),
        ("db.operation.name", Field::text(known.statement_type.clone())),
        ("db.collection.name", Field::text((known.tables.len() == 1).then(|| known.tables[0].clone()))),
        ("pgquerylens.query.tables", (!known.tables.is_empty()).then(|| Field::Texts(known.tables.clone()))),
        ("pgquerylens.query.fingerprint", Field::text(known.fingerprint.clone())),
        (
            "pgquerylens.mean_exec_time_ms",
            moments.map(|found| Field::Float(found.total / found.count as f64)),
        ),
        ("pgquerylens.stddev_exec_time_ms", moments.map(|found| Field::Float(found.stddev))),
        ("pgquerylens.ranked_by", Some(Field::Texts(ranked))),
        ("pgquerylens.window.id", Some(Field::Text(report.window_id.clone()))),
        ("pgquerylens.window.start", Field::text(window.from.map(|from| from.to_rfc3339()))),
        ("pgquerylens.window.end", Field::text(Some(window.to.to_rfc3339()))),
        ("pgquerylens.window.quality", Field::text(Some(window.quality.name()))),
    ]));
    Some(Event { name: NAME, time: window.to, fields, trace: None })
}
