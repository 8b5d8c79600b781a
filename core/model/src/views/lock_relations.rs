//! How many locks lie on which relation of the connected database.

use crate::unit::Unit;
use crate::view::{Cadence, Scope, Statement, View, flag, gauge, label, label_int};

/// `pg_locks` on relations, their pages and tuples, counted. System catalogues count too.
pub const VIEW: View = View {
    name: "pg_locks_by_relation",
    about: "Locks held and awaited on each relation of the connected database",
    scope: Scope::Database,
    cadence: Cadence::Minutes,
    key: &["relid", "locktype", "mode", "granted"],
    columns: &[
        label_int("relid"),
        label("schemaname"),
        label("relname"),
        label("locktype"),
        label("mode"),
        flag("granted"),
        gauge("lock_count", Unit::Count),
    ],
    statements: &[Statement { since: 12, sql: include_str!("lock_relations.sql") }],
    ..View::BASE
};
