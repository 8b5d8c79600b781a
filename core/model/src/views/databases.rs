//! What the catalogue says of each database: limits, collation, and how far it is from wraparound.

use crate::unit::Unit;
use crate::view::{Cadence, Statement, View, flag, gauge, label, label_int};

/// `pg_database`. The server stops assigning transaction ids at an age a few million short of 2^31.
pub const VIEW: View = View {
    name: "pg_database",
    about: "Freeze age, connection limit, encoding and collation of each database",
    cadence: Cadence::Minutes,
    key: &["datid"],
    columns: &[
        label_int("datid"),
        label("datname"),
        label("datdba"),
        label("encoding"),
        label("datcollate"),
        label("datctype"),
        label("datlocprovider").since(15),
        // Named daticulocale before 17.
        label("datlocale").since(15),
        label("datcollversion").since(15),
        // NULL where the collation has no version, as C has none.
        flag("collation_version_mismatch").since(15),
        flag("datistemplate"),
        flag("datallowconn"),
        // -1 is no limit, -2 marks a database whose removal was interrupted.
        gauge("datconnlimit", Unit::Count),
        gauge("datfrozenxid_age", Unit::Transactions),
        gauge("datminmxid_age", Unit::Transactions),
    ],
    statements: &[
        Statement { since: 12, sql: include_str!("databases.sql") },
        Statement { since: 15, sql: include_str!("databases.15.sql") },
        Statement { since: 17, sql: include_str!("databases.17.sql") },
    ],
    ..View::BASE
};
