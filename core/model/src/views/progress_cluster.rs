//! CLUSTER and VACUUM FULL at work.

use crate::unit::Unit;
use crate::view::{Needs, Reading, Statement, View, gauge, label, label_int};

/// `pg_stat_progress_cluster`.
pub const VIEW: View = View {
    name: "pg_stat_progress_cluster",
    about: "CLUSTER and VACUUM FULL in progress: phase, blocks and tuples",
    key: &["pid"],
    columns: &[
        label_int("pid"),
        label_int("datid"),
        label("datname"),
        label_int("relid"),
        label("schemaname"),
        label("relname"),
        label("command"),
        label("phase"),
        label_int("cluster_index_relid"),
        gauge("heap_tuples_scanned", Unit::Count),
        gauge("heap_tuples_written", Unit::Count),
        gauge("heap_blks_total", Unit::Blocks),
        gauge("heap_blks_scanned", Unit::Blocks),
        gauge("index_rebuild_count", Unit::Count),
    ],
    needs: Needs::PROGRESS,
    reading: Reading::WhereInProgress("CLUSTER"),
    statements: &[Statement { since: 12, sql: include_str!("progress_cluster.sql") }],
    ..View::BASE
};
