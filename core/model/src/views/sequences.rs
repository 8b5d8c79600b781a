//! Sequences of the connected database: their bounds here, how far they are in [`super::sequence_values`].

use crate::unit::Unit;
use crate::view::{Cadence, Scope, Statement, View, flag, gauge, label, label_int};

/// `pg_sequences` without `last_value`.
pub const VIEW: View = View {
    name: "pg_sequences",
    about: "Sequences and their bounds",
    scope: Scope::Database,
    cadence: Cadence::Hours,
    key: &["relid"],
    columns: &[
        label_int("relid"),
        label("schemaname"),
        label("sequencename"),
        label("data_type"),
        gauge("seqstart", Unit::Count),
        gauge("seqmin", Unit::Count),
        gauge("seqmax", Unit::Count),
        gauge("seqincrement", Unit::Count),
        flag("seqcycle"),
        gauge("seqcache", Unit::Count),
    ],
    statements: &[Statement { since: 12, sql: include_str!("sequences.sql") }],
    ..View::BASE
};
