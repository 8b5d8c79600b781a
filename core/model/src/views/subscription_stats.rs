//! Errors of logical subscriptions, and the conflicts they met.

use crate::unit::Unit;
use crate::view::{Cadence, Column, READ_AT, Statement, View, counter, label, label_int, time};

const fn conflicts(name: &'static str) -> Column {
    counter(name, Unit::Count).since(18)
}

/// `pg_stat_subscription_stats`.
pub const VIEW: View = View {
    name: "pg_stat_subscription_stats",
    about: "Errors and conflicts of logical subscriptions",
    cadence: Cadence::Minutes,
    key: &["subid"],
    reset_column: Some("stats_reset"),
    columns: &[
        label_int("subid").since(15),
        label("subname").since(15),
        counter("apply_error_count", Unit::Count).since(15),
        counter("sync_error_count", Unit::Count).since(15),
        conflicts("confl_insert_exists"),
        conflicts("confl_update_origin_differs"),
        conflicts("confl_update_exists"),
        conflicts("confl_update_missing"),
        conflicts("confl_delete_origin_differs"),
        conflicts("confl_delete_missing"),
        conflicts("confl_multiple_unique_conflicts"),
        time("stats_reset").since(15),
        READ_AT,
    ],
    statements: &[
        Statement { since: 15, sql: include_str!("subscription_stats.15.sql") },
        Statement { since: 18, sql: include_str!("subscription_stats.18.sql") },
    ],
    ..View::BASE
};
