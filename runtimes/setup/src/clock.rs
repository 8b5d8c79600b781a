//! The wall clock, read here alone: only what is said of ourselves uses it. A window's time is the database's.

use std::time::{SystemTime, UNIX_EPOCH};

use pgquerylens_model::time::Timestamp;

/// Returns what our own clock says.
#[expect(clippy::disallowed_methods, reason = "a server that is down has no clock to ask")]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
