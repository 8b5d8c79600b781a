//! The small caches beside shared buffers: transaction status, subtransactions, multixacts, notifications.

use crate::unit::Unit;
use crate::view::{READ_AT, Statement, View, counter, label, time};

/// `pg_stat_slru`.
pub const VIEW: View = View {
    name: "pg_stat_slru",
    about: "Accesses to the simple least-recently-used caches",
    key: &["name"],
    reset_column: Some("stats_reset"),
    columns: &[
        label("name").since(13),
        counter("blks_zeroed", Unit::Blocks).since(13),
        counter("blks_hit", Unit::Blocks).since(13),
        counter("blks_read", Unit::Blocks).since(13),
        counter("blks_written", Unit::Blocks).since(13),
        counter("blks_exists", Unit::Blocks).since(13),
        counter("flushes", Unit::Count).since(13),
        counter("truncates", Unit::Count).since(13),
        time("stats_reset").since(13),
        READ_AT,
    ],
    statements: &[Statement { since: 13, sql: include_str!("slru.13.sql") }],
    ..View::BASE
};
