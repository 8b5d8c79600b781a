//! Extensions that lie ready on the server. A view of its own: one broken control file fails the whole
//! reading.

use crate::view::{Cadence, Statement, View, label};

/// `pg_available_extensions()`.
pub const VIEW: View = View {
    name: "pg_available_extensions",
    about: "Extensions that could be created, and the version that would be",
    cadence: Cadence::Hours,
    key: &["name"],
    columns: &[label("name"), label("default_version")],
    statements: &[Statement { since: 12, sql: include_str!("available_extensions.sql") }],
    ..View::BASE
};
