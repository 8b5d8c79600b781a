//! Indexes that another index of the same table makes superfluous.

use crate::view::{Cadence, Scope, Statement, View, flag, label, label_int};

/// `pg_index` compared with itself. `same_columns` tells an equal from one whose columns are only the first
/// of the other's. Equals that both back a constraint are reported too: dropping one drops its constraint.
pub const VIEW: View = View {
    name: "index_duplicates",
    about: "Indexes that repeat another index of their table or its first columns",
    scope: Scope::Database,
    cadence: Cadence::Hours,
    key: &["indexrelid", "covering_indexrelid"],
    columns: &[
        label_int("relid"),
        label("schemaname"),
        label("relname"),
        label_int("indexrelid"),
        label("indexrelname"),
        label_int("covering_indexrelid"),
        label("covering_indexrelname"),
        flag("same_columns"),
        flag("backs_constraint"),
    ],
    statements: &[Statement { since: 12, sql: include_str!("index_duplicates.sql") }],
    ..View::BASE
};
