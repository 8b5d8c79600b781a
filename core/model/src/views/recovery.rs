//! How far a standby has replayed what it received, seen from the standby itself.

use crate::unit::Unit;
use crate::view::{Requirement, Statement, View, flag, gauge, gauge_float, label, time};

/// `pg_last_wal_receive_lsn()`, `pg_last_wal_replay_lsn()`, `pg_last_xact_replay_timestamp()` and the pause
/// state. Positions count from the beginning of WAL.
pub const VIEW: View = View {
    name: "recovery",
    about: "Replay on a standby: position, lag in bytes and seconds, whether it is paused",
    columns: &[
        gauge("last_wal_receive_lsn", Unit::Bytes),
        gauge("last_wal_replay_lsn", Unit::Bytes),
        gauge("replay_lsn_lag", Unit::Bytes),
        time("last_xact_replay_timestamp"),
        gauge_float("replay_delay", Unit::Seconds),
        label("wal_replay_pause_state").since(14),
        flag("is_wal_replay_paused"),
    ],
    requires: &[Requirement::Recovery],
    statements: &[
        Statement { since: 12, sql: include_str!("recovery.sql") },
        Statement { since: 14, sql: include_str!("recovery.14.sql") },
    ],
    ..View::BASE
};
