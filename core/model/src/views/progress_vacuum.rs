//! VACUUM and autovacuum at work.

use crate::unit::Unit;
use crate::view::{Needs, Reading, Statement, View, gauge, gauge_float, label, label_int};

/// `pg_stat_progress_vacuum`.
pub const VIEW: View = View {
    name: "pg_stat_progress_vacuum",
    about: "VACUUM in progress: phase, blocks done, dead tuples remembered",
    key: &["pid"],
    columns: &[
        label_int("pid"),
        label_int("datid"),
        label("datname"),
        label_int("relid"),
        label("schemaname"),
        label("relname"),
        label("phase"),
        gauge("heap_blks_total", Unit::Blocks),
        gauge("heap_blks_scanned", Unit::Blocks),
        gauge("heap_blks_vacuumed", Unit::Blocks),
        gauge("index_vacuum_count", Unit::Count),
        gauge("max_dead_tuples", Unit::Count).until(16),
        gauge("num_dead_tuples", Unit::Count).until(16),
        gauge("max_dead_tuple_bytes", Unit::Bytes).since(17),
        gauge("dead_tuple_bytes", Unit::Bytes).since(17),
        gauge("num_dead_item_ids", Unit::Count).since(17),
        gauge("indexes_total", Unit::Count).since(17),
        gauge("indexes_processed", Unit::Count).since(17),
        gauge_float("delay_time", Unit::Milliseconds).since(18),
    ],
    needs: Needs::PROGRESS,
    reading: Reading::WhereInProgress("VACUUM"),
    statements: &[
        Statement { since: 12, sql: include_str!("progress_vacuum.sql") },
        Statement { since: 17, sql: include_str!("progress_vacuum.17.sql") },
        Statement { since: 18, sql: include_str!("progress_vacuum.18.sql") },
    ],
    ..View::BASE
};
