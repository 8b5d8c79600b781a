//! How each index of the connected database is used, and what it is for.

use crate::unit::Unit;
use crate::view::{Cadence, READ_AT, Scope, Statement, View, counter, flag, gauge, label, label_int, time};

/// `pg_stat_user_indexes`, `pg_statio_user_indexes` and `pg_index`. An index that is not valid after its
/// build has ended serves no query and still costs every write.
pub const VIEW: View = View {
    name: "pg_stat_user_indexes",
    about: "Scans and blocks of each index, whether it is valid, and which constraint it serves",
    scope: Scope::Database,
    cadence: Cadence::Minutes,
    key: &["indexrelid"],
    columns: &[
        label_int("relid"),
        label_int("indexrelid"),
        label("schemaname"),
        label("relname"),
        label("indexrelname"),
        label("amname"),
        flag("indisunique"),
        flag("indisprimary"),
        flag("indisexclusion"),
        flag("indimmediate"),
        flag("indisclustered"),
        flag("indisvalid"),
        flag("indisready"),
        flag("indislive"),
        flag("indisreplident"),
        flag("is_partial"),
        flag("has_expressions"),
        counter("idx_scan", Unit::Count),
        time("last_idx_scan").since(16),
        counter("idx_tup_read", Unit::Count),
        counter("idx_tup_fetch", Unit::Count),
        counter("idx_blks_read", Unit::Blocks),
        counter("idx_blks_hit", Unit::Blocks),
        gauge("relpages", Unit::Blocks),
        READ_AT,
    ],
    statements: &[
        Statement { since: 12, sql: include_str!("indexes.sql") },
        Statement { since: 16, sql: include_str!("indexes.16.sql") },
    ],
    ..View::BASE
};
