//! Blocks that recovery asked for ahead of their replay.

use crate::unit::Unit;
use crate::view::{Cadence, READ_AT, Requirement, Statement, View, counter, gauge, time};

/// `pg_stat_recovery_prefetch`.
pub const VIEW: View = View {
    name: "pg_stat_recovery_prefetch",
    about: "Blocks prefetched during recovery, and why others were not",
    cadence: Cadence::Minutes,
    reset_column: Some("stats_reset"),
    columns: &[
        counter("prefetch", Unit::Blocks).since(15),
        counter("hit", Unit::Blocks).since(15),
        counter("skip_init", Unit::Blocks).since(15),
        counter("skip_new", Unit::Blocks).since(15),
        counter("skip_fpw", Unit::Blocks).since(15),
        counter("skip_rep", Unit::Blocks).since(15),
        gauge("wal_distance", Unit::Bytes).since(15),
        gauge("block_distance", Unit::Blocks).since(15),
        gauge("io_depth", Unit::Count).since(15),
        time("stats_reset").since(15),
        READ_AT,
    ],
    requires: &[Requirement::Recovery],
    statements: &[Statement { since: 15, sql: include_str!("recovery_prefetch.15.sql") }],
    ..View::BASE
};
