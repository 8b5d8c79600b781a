//! ANALYZE and autovacuum's analysing at work.

use crate::unit::Unit;
use crate::view::{Needs, Reading, Statement, View, gauge, gauge_float, label, label_int};

/// `pg_stat_progress_analyze`.
pub const VIEW: View = View {
    name: "pg_stat_progress_analyze",
    about: "ANALYZE in progress: phase, blocks sampled, children done",
    key: &["pid"],
    columns: &[
        label_int("pid").since(13),
        label_int("datid").since(13),
        label("datname").since(13),
        label_int("relid").since(13),
        label("schemaname").since(13),
        label("relname").since(13),
        label("phase").since(13),
        gauge("sample_blks_total", Unit::Blocks).since(13),
        gauge("sample_blks_scanned", Unit::Blocks).since(13),
        gauge("ext_stats_total", Unit::Count).since(13),
        gauge("ext_stats_computed", Unit::Count).since(13),
        gauge("child_tables_total", Unit::Count).since(13),
        gauge("child_tables_done", Unit::Count).since(13),
        label_int("current_child_table_relid").since(13),
        gauge_float("delay_time", Unit::Milliseconds).since(18),
    ],
    needs: Needs::PROGRESS,
    reading: Reading::WhereInProgress("ANALYZE"),
    statements: &[
        Statement { since: 13, sql: include_str!("progress_analyze.13.sql") },
        Statement { since: 18, sql: include_str!("progress_analyze.18.sql") },
    ],
    ..View::BASE
};
