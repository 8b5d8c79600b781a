//! What each database did since its last reset, with the conflicts of a standby.

use crate::unit::Unit;
use crate::view::{
    MeasuredIf, READ_AT, Statement, View, counter, counter_ms, flag, gauge, label, label_int, time,
};

/// `pg_stat_database` with `pg_stat_database_conflicts` and the limits of `pg_database`.
pub const VIEW: View = View {
    name: "pg_stat_database",
    about: "Transactions, blocks, rows, temporary files, conflicts and sessions of each database",
    key: &["datid"],
    reset_column: Some("stats_reset"),
    columns: &[
        label_int("datid"),
        label("datname"),
        gauge("numbackends", Unit::Count),
        counter("xact_commit", Unit::Count),
        counter("xact_rollback", Unit::Count),
        counter("blks_read", Unit::Blocks),
        counter("blks_hit", Unit::Blocks),
        counter("tup_returned", Unit::Count),
        counter("tup_fetched", Unit::Count),
        counter("tup_inserted", Unit::Count),
        counter("tup_updated", Unit::Count),
        counter("tup_deleted", Unit::Count),
        counter("conflicts", Unit::Count),
        counter("confl_tablespace", Unit::Count),
        counter("confl_lock", Unit::Count),
        counter("confl_snapshot", Unit::Count),
        counter("confl_bufferpin", Unit::Count),
        counter("confl_deadlock", Unit::Count),
        counter("confl_active_logicalslot", Unit::Count).since(16),
        counter("temp_files", Unit::Count),
        counter("temp_bytes", Unit::Bytes),
        counter("deadlocks", Unit::Count),
        // NULL where data checksums are off.
        counter("checksum_failures", Unit::Count),
        time("checksum_last_failure"),
        counter_ms("blk_read_time").measured_if(MeasuredIf::TrackIoTiming),
        counter_ms("blk_write_time").measured_if(MeasuredIf::TrackIoTiming),
        counter_ms("session_time").since(14),
        counter_ms("active_time").since(14),
        counter_ms("idle_in_transaction_time").since(14),
        counter("sessions", Unit::Count).since(14),
        counter("sessions_abandoned", Unit::Count).since(14),
        counter("sessions_fatal", Unit::Count).since(14),
        counter("sessions_killed", Unit::Count).since(14),
        counter("parallel_workers_to_launch", Unit::Count).since(18),
        counter("parallel_workers_launched", Unit::Count).since(18),
        flag("datallowconn"),
        flag("datistemplate"),
        // -1 is no limit, -2 marks a database whose removal was interrupted.
        gauge("datconnlimit", Unit::Count),
        time("stats_reset"),
        READ_AT,
    ],
    statements: &[
        Statement { since: 12, sql: include_str!("database.sql") },
        Statement { since: 14, sql: include_str!("database.14.sql") },
        Statement { since: 16, sql: include_str!("database.16.sql") },
        Statement { since: 18, sql: include_str!("database.18.sql") },
    ],
    ..View::BASE
};
