//! How far each sequence is, read in batches because every reading holds a lock until its transaction ends.

use crate::unit::Unit;
use crate::view::{Cadence, Needs, Reading, Scope, Statement, View, flag, gauge, gauge_float, label_int};

/// `pg_sequence_last_value()`. NULL where `locked`, where not `permitted` (USAGE or SELECT on the sequence),
/// and before the first value; `used_ratio` is 1 when none is left.
pub const VIEW: View = View {
    name: "pg_sequence_last_value",
    about: "How much of each sequence is used up",
    scope: Scope::Database,
    cadence: Cadence::Hours,
    key: &["relid"],
    columns: &[
        label_int("relid"),
        flag("locked"),
        flag("permitted"),
        gauge("last_value", Unit::Count),
        gauge_float("used_ratio", Unit::Count),
    ],
    needs: Needs::Other {
        what: "usage or select on the sequence (pg_read_all_data from 14 on)",
        without: "last_value is NULL for that sequence, and flagged so",
    },
    reading: Reading::PerRelationOf("pg_sequences"),
    statements: &[Statement { since: 12, sql: include_str!("sequence_values.sql") }],
    ..View::BASE
};
