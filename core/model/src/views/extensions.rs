//! Extensions created in the connected database.

use crate::view::{Cadence, Scope, Statement, View, flag, label, label_int};

/// `pg_extension`. Whether a newer version lies ready is told by [`super::available_extensions`].
pub const VIEW: View = View {
    name: "pg_extension",
    about: "Extensions of the connected database and their versions",
    scope: Scope::Database,
    cadence: Cadence::Hours,
    key: &["extoid"],
    columns: &[
        label_int("extoid"),
        label("extname"),
        label("extversion"),
        label("extnamespace"),
        label("extowner"),
        flag("extrelocatable"),
    ],
    statements: &[Statement { since: 12, sql: include_str!("extensions.sql") }],
    ..View::BASE
};
