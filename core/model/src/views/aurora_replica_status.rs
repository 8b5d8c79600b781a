//! The instances of an Aurora cluster, writer and readers, and how far behind each is. They share their storage: there is no
//! replication for `pg_stat_replication` to show.
//!
//! Source: "aurora_replica_status" of the Aurora user guide. What it says is not used there is not read here.

use crate::capabilities::AuroraFunction::ReplicaStatus;
use crate::unit::Unit;
use crate::view::{READ_AT, Requirement, Statement, View, counter, gauge, gauge_float, label, time};

/// `aurora_replica_status()`; the writer is the row whose session is `MASTER_SESSION_ID`.
pub const VIEW: View = View {
    name: "aurora_replica_status",
    about: "Instances of an Aurora cluster, and how far each is behind the writer",
    key: &["server_id"],
    columns: &[
        label("server_id"),
        label("session_id"),
        gauge_float("replica_lag_in_msec", Unit::Milliseconds),
        gauge("cur_replay_latency_in_usec", Unit::Microseconds),
        gauge("active_txns", Unit::Count),
        gauge("pending_read_ios", Unit::Count),
        counter("read_ios", Unit::Count),
        gauge_float("log_stream_speed_in_kib_per_second", Unit::None),
        gauge_float("cpu", Unit::None),
        time("last_update_timestamp"),
        READ_AT,
    ],
    requires: &[Requirement::Aurora(ReplicaStatus)],
    statements: &[Statement { since: 12, sql: include_str!("aurora_replica_status.sql") }],
    ..View::BASE
};
