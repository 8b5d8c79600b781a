//! Roles, what they may do and how many connections they may hold. How many they do hold is in `activity`.

use crate::unit::Unit;
use crate::view::{Cadence, Statement, View, flag, gauge, label, label_int, time};

/// `pg_roles` without passwords and settings.
pub const VIEW: View = View {
    name: "pg_roles",
    about: "Roles, their attributes and connection limits",
    cadence: Cadence::Hours,
    key: &["roleid"],
    columns: &[
        label_int("roleid"),
        label("rolname"),
        flag("rolcanlogin"),
        flag("rolsuper"),
        flag("rolinherit"),
        flag("rolcreaterole"),
        flag("rolcreatedb"),
        flag("rolreplication"),
        flag("rolbypassrls"),
        // -1 is no limit.
        gauge("rolconnlimit", Unit::Count),
        time("rolvaliduntil"),
    ],
    statements: &[Statement { since: 12, sql: include_str!("roles.sql") }],
    ..View::BASE
};
