//! The server's settings as our session sees them. What may hold a secret leaves the server as a hash.

use crate::view::{Cadence, Needs, Statement, View, flag, label};

/// `pg_settings`. Where `setting_hash` is there, `setting` is NULL: the first 16 hexadecimal digits of the
/// SHA-256 of `name=setting`. Settings that only pg_read_all_settings shows are missing without it.
pub const VIEW: View = View {
    name: "pg_settings",
    about: "Settings, where they come from and whether they wait for a restart; secrets as a hash",
    cadence: Cadence::Hours,
    key: &["name"],
    columns: &[
        label("name"),
        label("setting"),
        label("setting_hash"),
        label("unit"),
        label("category"),
        label("vartype"),
        label("context"),
        label("source"),
        flag("pending_restart"),
    ],
    needs: Needs::Monitor { without: "settings that only superusers see are missing" },
    statements: &[Statement { since: 12, sql: include_str!("settings.sql") }],
    ..View::BASE
};
