//! Standbys and other receivers that this server sends WAL to, and how far behind each is.
//!
//! PostgreSQL's own `*_lag` are times; how many bytes are missing is told by our `*_lsn_lag`.

use crate::unit::Unit;
use crate::view::{Column, Needs, Statement, View, gauge, gauge_float, label, label_int, time};

const fn bytes_behind(name: &'static str) -> Column {
    gauge(name, Unit::Bytes)
}

const fn time_behind(name: &'static str) -> Column {
    gauge_float(name, Unit::Seconds)
}

/// `pg_stat_replication`. The times are NULL once a receiver has caught up and nothing more is written.
pub const VIEW: View = View {
    name: "pg_stat_replication",
    about: "WAL senders, and how far behind their receivers are in bytes and seconds",
    key: &["pid", "backend_start"],
    columns: &[
        label_int("pid"),
        label_int("usesysid"),
        label("usename"),
        label("application_name"),
        label("client_addr"),
        label("client_hostname"),
        label_int("client_port"),
        time("backend_start"),
        gauge("backend_xmin_age", Unit::Transactions),
        label("state"),
        bytes_behind("sent_lsn_lag"),
        bytes_behind("write_lsn_lag"),
        bytes_behind("flush_lsn_lag"),
        bytes_behind("replay_lsn_lag"),
        time_behind("write_lag"),
        time_behind("flush_lag"),
        time_behind("replay_lag"),
        gauge("sync_priority", Unit::Count),
        label("sync_state"),
        time("reply_time"),
    ],
    needs: Needs::Monitor { without: "all columns but pid, usesysid, usename and application_name are NULL" },
    statements: &[Statement { since: 12, sql: include_str!("replication.sql") }],
    ..View::BASE
};
