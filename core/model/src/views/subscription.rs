//! Workers of logical subscriptions, of all databases. The connection strings are never read.

use crate::unit::Unit;
use crate::view::{Cadence, Statement, View, flag, gauge, label, label_int, time};

/// `pg_stat_subscription`. A subscription without a worker has a row without a `pid`.
pub const VIEW: View = View {
    name: "pg_stat_subscription",
    about: "Workers of logical subscriptions and how far they are",
    cadence: Cadence::Minutes,
    key: &["subid", "relid", "pid"],
    columns: &[
        label_int("subid"),
        label("subname"),
        label_int("subdbid").since(14),
        flag("subenabled").since(14),
        label_int("pid"),
        label_int("leader_pid").since(16),
        label_int("relid"),
        label("worker_type").since(17),
        gauge("received_lsn", Unit::Bytes),
        time("last_msg_send_time"),
        time("last_msg_receipt_time"),
        gauge("latest_end_lsn", Unit::Bytes),
        time("latest_end_time"),
    ],
    statements: &[
        Statement { since: 12, sql: include_str!("subscription.sql") },
        Statement { since: 14, sql: include_str!("subscription.14.sql") },
        Statement { since: 16, sql: include_str!("subscription.16.sql") },
        Statement { since: 17, sql: include_str!("subscription.17.sql") },
    ],
    ..View::BASE
};
