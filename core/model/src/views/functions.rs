//! Calls of functions in the connected database, and the time spent in them.

use crate::unit::Unit;
use crate::view::{
    Cadence, MeasuredIf, READ_AT, Scope, Statement, View, counter, counter_ms, label, label_int,
};

/// `pg_stat_user_functions`: functions that were called since the reset while `track_functions` allowed it.
pub const VIEW: View = View {
    name: "pg_stat_user_functions",
    about: "Calls and times of functions",
    scope: Scope::Database,
    cadence: Cadence::Minutes,
    key: &["funcid"],
    columns: &[
        label_int("funcid"),
        label("schemaname"),
        label("funcname"),
        counter("calls", Unit::Count).measured_if(MeasuredIf::TrackFunctions),
        counter_ms("total_time").measured_if(MeasuredIf::TrackFunctions),
        counter_ms("self_time").measured_if(MeasuredIf::TrackFunctions),
        READ_AT,
    ],
    statements: &[Statement { since: 12, sql: include_str!("functions.sql") }],
    ..View::BASE
};
