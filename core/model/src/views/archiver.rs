//! WAL archiving: how many files went out, which failed, and when.

use crate::unit::Unit;
use crate::view::{READ_AT, Statement, View, counter, label, time};

/// `pg_stat_archiver`.
pub const VIEW: View = View {
    name: "pg_stat_archiver",
    about: "WAL files archived and failed to archive",
    reset_column: Some("stats_reset"),
    columns: &[
        counter("archived_count", Unit::Count),
        label("last_archived_wal"),
        time("last_archived_time"),
        counter("failed_count", Unit::Count),
        label("last_failed_wal"),
        time("last_failed_time"),
        time("stats_reset"),
        READ_AT,
    ],
    statements: &[Statement { since: 12, sql: include_str!("archiver.sql") }],
    ..View::BASE
};
