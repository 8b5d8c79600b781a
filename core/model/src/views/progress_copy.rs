//! COPY at work.

use crate::unit::Unit;
use crate::view::{Needs, Reading, Statement, View, gauge, label, label_int};

/// `pg_stat_progress_copy`.
pub const VIEW: View = View {
    name: "pg_stat_progress_copy",
    about: "COPY in progress: bytes and tuples",
    key: &["pid"],
    columns: &[
        label_int("pid").since(14),
        label_int("datid").since(14),
        label("datname").since(14),
        label_int("relid").since(14),
        label("schemaname").since(14),
        label("relname").since(14),
        label("command").since(14),
        label("type").since(14),
        gauge("bytes_processed", Unit::Bytes).since(14),
        gauge("bytes_total", Unit::Bytes).since(14),
        gauge("tuples_processed", Unit::Count).since(14),
        gauge("tuples_excluded", Unit::Count).since(14),
        gauge("tuples_skipped", Unit::Count).since(17),
    ],
    needs: Needs::PROGRESS,
    reading: Reading::WhereInProgress("COPY"),
    statements: &[
        Statement { since: 14, sql: include_str!("progress_copy.14.sql") },
        Statement { since: 17, sql: include_str!("progress_copy.17.sql") },
    ],
    ..View::BASE
};
