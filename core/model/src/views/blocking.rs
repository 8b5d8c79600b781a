//! Who waits for whom: one row per waiting session, with the sessions that stand in its way.

use crate::view::{Needs, READ_AT, Reading, Statement, View, int_list, label, label_int, time};

/// `pg_blocking_pids()` of each session that waits for a lock. `locktype` and what follows is NULL if the
/// wait ended between the reading of the two views.
pub const VIEW: View = View {
    name: "pg_blocking_pids",
    about: "Sessions that wait for a lock, what they wait for and who blocks them",
    key: &["pid", "backend_start"],
    columns: &[
        label_int("pid"),
        time("backend_start"),
        int_list("blocked_by"),
        label_int("datid"),
        label("datname"),
        label("usename"),
        label("application_name"),
        time("xact_start"),
        time("query_start"),
        time("state_change"),
        time("waitstart").since(14),
        label("locktype"),
        label("mode"),
        label_int("database"),
        label_int("relid"),
        label("schemaname"),
        label("relname"),
        READ_AT,
    ],
    needs: Needs::Monitor { without: "sessions of other roles are not seen to wait" },
    reading: Reading::WhereSomethingWaits,
    statements: &[
        Statement { since: 12, sql: include_str!("blocking.sql") },
        Statement { since: 14, sql: include_str!("blocking.14.sql") },
    ],
    ..View::BASE
};
