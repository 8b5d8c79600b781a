//! Prepared transactions, which hold their locks and their xmin until somebody ends them.

use crate::unit::Unit;
use crate::view::{Cadence, Statement, View, gauge, label, time};

/// `pg_prepared_xacts` without `gid`, which may hold an application's data.
pub const VIEW: View = View {
    name: "pg_prepared_xacts",
    about: "Prepared transactions and how old they are",
    cadence: Cadence::Minutes,
    key: &["transaction"],
    columns: &[
        label("transaction"),
        gauge("transaction_age", Unit::Transactions),
        time("prepared"),
        label("owner"),
        label("database"),
    ],
    statements: &[Statement { since: 12, sql: include_str!("prepared_xacts.sql") }],
    ..View::BASE
};
