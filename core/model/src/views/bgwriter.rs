//! The background writer, and before 17 the checkpointer and the backends' own writes too.

use crate::unit::Unit;
use crate::view::{READ_AT, Statement, View, counter, counter_ms, time};

/// `pg_stat_bgwriter`.
pub const VIEW: View = View {
    name: "pg_stat_bgwriter",
    about: "Buffers written in the background; before 17 also checkpoints and the backends' own writes",
    reset_column: Some("stats_reset"),
    columns: &[
        counter("checkpoints_timed", Unit::Count).until(16),
        counter("checkpoints_req", Unit::Count).until(16),
        counter_ms("checkpoint_write_time").until(16),
        counter_ms("checkpoint_sync_time").until(16),
        counter("buffers_checkpoint", Unit::Blocks).until(16),
        counter("buffers_clean", Unit::Blocks),
        counter("maxwritten_clean", Unit::Count),
        counter("buffers_backend", Unit::Blocks).until(16),
        counter("buffers_backend_fsync", Unit::Count).until(16),
        counter("buffers_alloc", Unit::Blocks),
        time("stats_reset"),
        READ_AT,
    ],
    statements: &[
        Statement { since: 12, sql: include_str!("bgwriter.sql") },
        Statement { since: 17, sql: include_str!("bgwriter.17.sql") },
    ],
    ..View::BASE
};
