//! What was done to each table of the connected database, and what the catalogue says of it.

use crate::unit::Unit;
use crate::view::{
    Cadence, Column, READ_AT, Scope, Statement, View, counter, counter_ms, gauge, gauge_float, label,
    label_int, time,
};

const fn rows(name: &'static str) -> Column {
    counter(name, Unit::Count)
}

const fn runs(name: &'static str) -> Column {
    counter(name, Unit::Count)
}

const fn blocks(name: &'static str) -> Column {
    counter(name, Unit::Blocks)
}

const fn age(name: &'static str) -> Column {
    gauge(name, Unit::Transactions)
}

/// `pg_stat_user_tables`, `pg_statio_user_tables` and `pg_class`. Index figures are NULL for a table without
/// an index, TOAST figures for one without a TOAST table, as in the views.
pub const VIEW: View = View {
    name: "pg_stat_user_tables",
    about: "Scans, changes, vacuuming, blocks and freeze age of each table",
    scope: Scope::Database,
    cadence: Cadence::Minutes,
    key: &["relid"],
    columns: &[
        label_int("relid"),
        label("schemaname"),
        label("relname"),
        label("relkind"),
        label("relpersistence"),
        label_int("reltoastrelid"),
        runs("seq_scan"),
        time("last_seq_scan").since(16),
        rows("seq_tup_read"),
        runs("idx_scan"),
        time("last_idx_scan").since(16),
        rows("idx_tup_fetch"),
        rows("n_tup_ins"),
        rows("n_tup_upd"),
        rows("n_tup_del"),
        rows("n_tup_hot_upd"),
        rows("n_tup_newpage_upd").since(16),
        gauge("n_live_tup", Unit::Count),
        gauge("n_dead_tup", Unit::Count),
        gauge("n_mod_since_analyze", Unit::Count),
        gauge("n_ins_since_vacuum", Unit::Count).since(13),
        time("last_vacuum"),
        time("last_autovacuum"),
        time("last_analyze"),
        time("last_autoanalyze"),
        runs("vacuum_count"),
        runs("autovacuum_count"),
        runs("analyze_count"),
        runs("autoanalyze_count"),
        counter_ms("total_vacuum_time").since(18),
        counter_ms("total_autovacuum_time").since(18),
        counter_ms("total_analyze_time").since(18),
        counter_ms("total_autoanalyze_time").since(18),
        blocks("heap_blks_read"),
        blocks("heap_blks_hit"),
        blocks("idx_blks_read"),
        blocks("idx_blks_hit"),
        blocks("toast_blks_read"),
        blocks("toast_blks_hit"),
        blocks("tidx_blks_read"),
        blocks("tidx_blks_hit"),
        // An estimate, as the last vacuum, analyse or index build left it; NULL before the first of them.
        gauge_float("reltuples", Unit::Count),
        gauge("relpages", Unit::Blocks),
        gauge("relallvisible", Unit::Blocks),
        gauge("relallfrozen", Unit::Blocks).since(18),
        age("relfrozenxid_age"),
        age("relminmxid_age"),
        READ_AT,
    ],
    statements: &[
        Statement { since: 12, sql: include_str!("tables.sql") },
        Statement { since: 13, sql: include_str!("tables.13.sql") },
        Statement { since: 14, sql: include_str!("tables.14.sql") },
        Statement { since: 16, sql: include_str!("tables.16.sql") },
        Statement { since: 18, sql: include_str!("tables.18.sql") },
    ],
    ..View::BASE
};
