//! Every wait since the instance started, counted and timed by Aurora itself: what PostgreSQL shows of waits is the moment
//! alone.
//!
//! Source: "aurora_stat_system_waits", "aurora_stat_wait_event" and "aurora_stat_wait_type" of the Aurora user guide.

use crate::capabilities::AuroraFunction::SystemWaits;
use crate::unit::Unit;
use crate::view::{READ_AT, Requirement, Statement, View, counter, counter_us, label};

/// `aurora_stat_system_waits()` with the names of types and events; they begin anew with each start.
pub const VIEW: View = View {
    name: "aurora_stat_system_waits",
    about: "Waits and their time by event, on Aurora",
    key: &["type_name", "event_name"],
    columns: &[
        label("type_name"),
        label("event_name"),
        counter("waits", Unit::Count),
        counter_us("wait_time"),
        READ_AT,
    ],
    requires: &[Requirement::Aurora(SystemWaits)],
    statements: &[Statement { since: 12, sql: include_str!("aurora_system_waits.sql") }],
    ..View::BASE
};
