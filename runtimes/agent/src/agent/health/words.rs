//! Moments as people read them.

use pgquerylens_model::time::Timestamp;

use crate::figures::span;

/// Returns how long ago a moment was.
pub(super) fn ago(then: Timestamp, now: Timestamp) -> String {
    format!("{} ago", whole_span(now.seconds_since(then)))
}

/// Returns how far away a moment is; one that has passed is now.
pub(super) fn ahead(then: Timestamp, now: Timestamp) -> String {
    match then.seconds_since(now) {
        left if left < 1.0 => "now".to_owned(),
        left => format!("in {}", whole_span(left)),
    }
}

fn whole_span(seconds: f64) -> String {
    span(seconds.max(0.0).round().max(1.0))
}

/// Returns a moment to the second, in UTC: `2026-07-01T12:00:00Z`.
pub(super) fn moment(at: Timestamp) -> String {
    let text = at.to_rfc3339();
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_from_now() {
        let at = |second: i64| Timestamp(second * 1_000_000);
        assert_eq!(ago(at(0), at(75)), "1 min 15 s ago");
        assert_eq!(ago(at(9), at(8)), "1 s ago", "a clock that went back");
        assert_eq!(ahead(at(75), at(0)), "in 1 min 15 s");
        assert_eq!(ahead(at(0), at(75)), "now");
        assert_eq!(moment(at(0)), "1970-01-01T00:00:00Z");
    }
}
