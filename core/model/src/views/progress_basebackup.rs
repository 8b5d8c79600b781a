//! Base backups that are being streamed.

use crate::unit::Unit;
use crate::view::{Needs, Reading, Statement, View, gauge, label, label_int};

/// `pg_stat_progress_basebackup`.
pub const VIEW: View = View {
    name: "pg_stat_progress_basebackup",
    about: "Base backups in progress: phase and bytes streamed",
    key: &["pid"],
    columns: &[
        label_int("pid").since(13),
        label("phase").since(13),
        gauge("backup_total", Unit::Bytes).since(13),
        gauge("backup_streamed", Unit::Bytes).since(13),
        gauge("tablespaces_total", Unit::Count).since(13),
        gauge("tablespaces_streamed", Unit::Count).since(13),
    ],
    needs: Needs::PROGRESS,
    reading: Reading::WhereInProgress("BASEBACKUP"),
    statements: &[Statement { since: 13, sql: include_str!("progress_basebackup.13.sql") }],
    ..View::BASE
};
