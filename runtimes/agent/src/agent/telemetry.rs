//! What a poll did, view by view, as events at the level debug. What is kept of a poll is the board's.

use pgquerylens_model::report::{Outcome, PollReport};
use tracing::{Span, debug, debug_span};

/// Returns the span of one poll.
pub(super) fn poll_span(server: &str) -> Span {
    debug_span!("poll", server)
}

/// Tells of every view that was to be read.
pub(super) fn tell_views(server: &str, report: &PollReport) {
    for collector in &report.collectors {
        let (view, database) = (collector.view, collector.database.as_deref());
        let duration_ms = collector.duration_ms;
        match &collector.outcome {
            Outcome::Read { row_count } => {
                debug!(server, view, database, rows = row_count, duration_ms, "view read");
            }
            Outcome::Failed { error, .. } => {
                debug!(server, view, database, error, duration_ms, "view not read")
            }
            Outcome::Resting { until } => {
                debug!(server, view, database, until = until.to_rfc3339(), "view rests");
            }
            Outcome::NotOffered(_) | Outcome::NotDue => {}
        }
    }
}
