//! Sizes of indexes, read in batches and only where no lock stands in the way.

use crate::unit::Unit;
use crate::view::{Cadence, Reading, Scope, Statement, View, flag, gauge, label_int};

/// `pg_relation_size()` of each index, NULL where `locked`.
pub const VIEW: View = View {
    name: "pg_relation_size",
    about: "Size of each index",
    scope: Scope::Database,
    cadence: Cadence::Hours,
    key: &["indexrelid"],
    columns: &[label_int("indexrelid"), flag("locked"), gauge("relation_size", Unit::Bytes)],
    reading: Reading::PerRelationOf("pg_stat_user_indexes"),
    statements: &[Statement { since: 12, sql: include_str!("index_sizes.sql") }],
    ..View::BASE
};
