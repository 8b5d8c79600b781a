//! How many locks of which kind and mode are held and awaited in each database.

use crate::unit::Unit;
use crate::view::{Cadence, Statement, View, flag, gauge, label, label_int};

/// `pg_locks`, counted.
pub const VIEW: View = View {
    name: "pg_locks",
    about: "Locks held and awaited, by database, kind and mode",
    cadence: Cadence::Minutes,
    key: &["datid", "locktype", "mode", "granted"],
    columns: &[
        label_int("datid"),
        label("datname"),
        label("locktype"),
        label("mode"),
        flag("granted"),
        gauge("lock_count", Unit::Count),
    ],
    statements: &[Statement { since: 12, sql: include_str!("locks.sql") }],
    ..View::BASE
};
