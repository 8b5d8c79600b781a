//! CREATE INDEX and REINDEX at work.

use crate::unit::Unit;
use crate::view::{Needs, Reading, Statement, View, gauge, label, label_int};

/// `pg_stat_progress_create_index`.
pub const VIEW: View = View {
    name: "pg_stat_progress_create_index",
    about: "CREATE INDEX and REINDEX in progress: phase, blocks, tuples and lockers",
    key: &["pid"],
    columns: &[
        label_int("pid"),
        label_int("datid"),
        label("datname"),
        label_int("relid"),
        label("schemaname"),
        label("relname"),
        label_int("index_relid"),
        label("command"),
        label("phase"),
        gauge("lockers_total", Unit::Count),
        gauge("lockers_done", Unit::Count),
        label_int("current_locker_pid"),
        gauge("blocks_total", Unit::Blocks),
        gauge("blocks_done", Unit::Blocks),
        gauge("tuples_total", Unit::Count),
        gauge("tuples_done", Unit::Count),
        gauge("partitions_total", Unit::Count),
        gauge("partitions_done", Unit::Count),
    ],
    needs: Needs::PROGRESS,
    reading: Reading::WhereInProgress("CREATE INDEX"),
    statements: &[Statement { since: 12, sql: include_str!("progress_create_index.sql") }],
    ..View::BASE
};
