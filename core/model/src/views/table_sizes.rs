//! Sizes of tables, read in batches and only where no lock stands in the way.

use crate::unit::Unit;
use crate::view::{Cadence, Reading, Scope, Statement, View, flag, gauge, label_int};

/// `pg_relation_size()`, `pg_table_size()`, `pg_indexes_size()`, their sum `pg_total_relation_size()`, and
/// the TOAST table with its index. NULL where `locked`.
pub const VIEW: View = View {
    name: "pg_total_relation_size",
    about: "Sizes of each table, its indexes and its TOAST table",
    scope: Scope::Database,
    cadence: Cadence::Hours,
    key: &["relid"],
    columns: &[
        label_int("relid"),
        flag("locked"),
        gauge("relation_size", Unit::Bytes),
        gauge("table_size", Unit::Bytes),
        gauge("indexes_size", Unit::Bytes),
        gauge("total_relation_size", Unit::Bytes),
        gauge("toast_size", Unit::Bytes),
    ],
    reading: Reading::PerRelationOf("pg_stat_user_tables"),
    statements: &[Statement { since: 12, sql: include_str!("table_sizes.sql") }],
    ..View::BASE
};
