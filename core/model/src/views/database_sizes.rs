//! Sizes of databases, which PostgreSQL finds by walking their files.

use crate::unit::Unit;
use crate::view::{Cadence, Needs, Statement, View, gauge, label, label_int};

/// `pg_database_size()`, NULL for databases that our role may not connect to unless it has pg_read_all_stats.
pub const VIEW: View = View {
    name: "pg_database_size",
    about: "Size of each database",
    cadence: Cadence::Hours,
    key: &["datid"],
    columns: &[label_int("datid"), label("datname"), gauge("database_size", Unit::Bytes)],
    needs: Needs::Monitor { without: "the size is NULL for databases that the role may not connect to" },
    statements: &[Statement { since: 12, sql: include_str!("database_sizes.sql") }],
    ..View::BASE
};
