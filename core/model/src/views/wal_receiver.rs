//! The process of a standby that receives WAL. Its connection string is never read.

use crate::unit::Unit;
use crate::view::{Needs, Requirement, Statement, View, gauge, label, label_int, time};

/// `pg_stat_wal_receiver`: one row while the process runs, none otherwise. Positions count from the
/// beginning of WAL.
pub const VIEW: View = View {
    name: "pg_stat_wal_receiver",
    about: "The WAL receiver of a standby: whom it receives from and how far it is",
    columns: &[
        label_int("pid"),
        label("status"),
        gauge("receive_start_lsn", Unit::Bytes),
        label_int("receive_start_tli"),
        gauge("written_lsn", Unit::Bytes).since(13),
        gauge("flushed_lsn", Unit::Bytes),
        label_int("received_tli"),
        time("last_msg_send_time"),
        time("last_msg_receipt_time"),
        gauge("latest_end_lsn", Unit::Bytes),
        time("latest_end_time"),
        label("slot_name"),
        label("sender_host"),
        label_int("sender_port"),
    ],
    requires: &[Requirement::Recovery],
    needs: Needs::Monitor { without: "all columns but pid are NULL" },
    statements: &[
        Statement { since: 12, sql: include_str!("wal_receiver.sql") },
        Statement { since: 13, sql: include_str!("wal_receiver.13.sql") },
    ],
    ..View::BASE
};
