//! Checkpoints and restartpoints, in a view of their own since 17; `bgwriter` has them before.

use crate::unit::Unit;
use crate::view::{READ_AT, Statement, View, counter, counter_ms, time};

/// `pg_stat_checkpointer`.
pub const VIEW: View = View {
    name: "pg_stat_checkpointer",
    about: "Checkpoints and restartpoints, what they wrote and how long it took",
    reset_column: Some("stats_reset"),
    columns: &[
        counter("num_timed", Unit::Count).since(17),
        counter("num_requested", Unit::Count).since(17),
        counter("num_done", Unit::Count).since(18),
        counter("restartpoints_timed", Unit::Count).since(17),
        counter("restartpoints_req", Unit::Count).since(17),
        counter("restartpoints_done", Unit::Count).since(17),
        counter_ms("write_time").since(17),
        counter_ms("sync_time").since(17),
        counter("buffers_written", Unit::Blocks).since(17),
        counter("slru_written", Unit::Blocks).since(18),
        time("stats_reset").since(17),
        READ_AT,
    ],
    statements: &[
        Statement { since: 17, sql: include_str!("checkpointer.17.sql") },
        Statement { since: 18, sql: include_str!("checkpointer.18.sql") },
    ],
    ..View::BASE
};
