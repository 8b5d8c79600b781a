//! Sessions and the server's own processes: who does what, since when, and what they wait for.

use crate::unit::Unit;
use crate::view::{Column, Needs, READ_AT, Statement, View, flag, gauge, label, label_int, text, time};

const fn age(name: &'static str) -> Column {
    gauge(name, Unit::Transactions)
}

/// `pg_stat_activity`, all rows. The text of an idle session's last query is left out; our own session is
/// marked.
pub const VIEW: View = View {
    name: "pg_stat_activity",
    about: "Sessions and processes, their state, waits and running queries",
    key: &["pid", "backend_start"],
    columns: &[
        label_int("datid"),
        label("datname"),
        label_int("pid"),
        label_int("leader_pid").since(13),
        label_int("usesysid"),
        label("usename"),
        label("application_name"),
        label("client_addr"),
        label("client_hostname"),
        label_int("client_port"),
        time("backend_start"),
        time("xact_start"),
        time("query_start"),
        time("state_change"),
        label("wait_event_type"),
        label("wait_event"),
        label("state"),
        label("backend_xid"),
        age("backend_xid_age"),
        label("backend_xmin"),
        age("backend_xmin_age"),
        label_int("query_id").since(14),
        text("query"),
        label("backend_type"),
        flag("own_session"),
        flag("insufficient_privilege"),
        READ_AT,
    ],
    needs: Needs::Monitor {
        without: "of other roles' sessions state, waits, times, address and query are NULL, and flagged so",
    },
    statements: &[
        Statement { since: 12, sql: include_str!("activity.sql") },
        Statement { since: 13, sql: include_str!("activity.13.sql") },
        Statement { since: 14, sql: include_str!("activity.14.sql") },
    ],
    ..View::BASE
};
