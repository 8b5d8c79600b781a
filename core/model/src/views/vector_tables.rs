//! Tables that have vectors of pgvector: what is written to them, and distances in their database, are counted apart.

use crate::view::{Cadence, Scope, Statement, View, label, label_int};

/// `pg_depend` from pgvector's types to the columns of tables.
pub const VIEW: View = View {
    name: "vector_tables",
    about: "Tables with a column of a type of pgvector",
    scope: Scope::Database,
    cadence: Cadence::Hours,
    key: &["relid"],
    columns: &[label_int("relid"), label("schemaname"), label("relname")],
    statements: &[Statement { since: 12, sql: include_str!("vector_tables.sql") }],
    ..View::BASE
};
