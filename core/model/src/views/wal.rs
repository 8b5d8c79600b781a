//! WAL that the server wrote.

use crate::unit::Unit;
use crate::view::{Column, MeasuredIf, READ_AT, Statement, View, counter, counter_ms, time};

const fn wal_time(name: &'static str) -> Column {
    counter_ms(name).since(14).until(17).measured_if(MeasuredIf::TrackWalIoTiming)
}

/// `pg_stat_wal`. From 18 on its writes and syncs are rows of `pg_stat_io`.
pub const VIEW: View = View {
    name: "pg_stat_wal",
    about: "WAL records, full-page images and bytes",
    reset_column: Some("stats_reset"),
    columns: &[
        counter("wal_records", Unit::Count).since(14),
        counter("wal_fpi", Unit::Count).since(14),
        counter("wal_bytes", Unit::Bytes).since(14),
        counter("wal_buffers_full", Unit::Count).since(14),
        counter("wal_write", Unit::Count).since(14).until(17),
        counter("wal_sync", Unit::Count).since(14).until(17),
        wal_time("wal_write_time"),
        wal_time("wal_sync_time"),
        time("stats_reset").since(14),
        READ_AT,
    ],
    statements: &[
        Statement { since: 14, sql: include_str!("wal.14.sql") },
        Statement { since: 18, sql: include_str!("wal.18.sql") },
    ],
    ..View::BASE
};
