//! Whether a view is due: a pure function of its class, the pauses, and when it was last read.

use crate::time::Timestamp;
use crate::view::Cadence;

/// The pauses behind the two slow classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pauses {
    /// Pause of [`Cadence::Minutes`], in seconds.
    pub minutes_seconds: f64,
    /// Pause of [`Cadence::Hours`], in seconds.
    pub hours_seconds: f64,
}

impl Default for Pauses {
    fn default() -> Pauses {
        Pauses { minutes_seconds: 600.0, hours_seconds: 3_600.0 }
    }
}

/// Schedulers jitter: a view that is due within this share of its pause is read now and not a whole poll later.
const EARLY_SHARE: f64 = 0.05;

/// Tells whether a view of this class is due. A clock that went back makes it due: waiting could take for ever.
pub fn is_due(cadence: Cadence, pauses: Pauses, last_read: Option<Timestamp>, now: Timestamp) -> bool {
    let pause = match cadence {
        Cadence::EveryPoll => return true,
        Cadence::Minutes => pauses.minutes_seconds,
        Cadence::Hours => pauses.hours_seconds,
    };
    match last_read.map(|last| now.seconds_since(last)) {
        None => true,
        Some(elapsed) => elapsed < 0.0 || elapsed >= pause * (1.0 - EARLY_SHARE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cadence: Cadence, elapsed_seconds: Option<i64>, due: bool) {
        let now = Timestamp(1_000_000_000_000_000);
        let last = elapsed_seconds.map(|seconds| Timestamp(now.0 - seconds * 1_000_000));
        assert_eq!(
            is_due(cadence, Pauses::default(), last, now),
            due,
            "{cadence:?} after {elapsed_seconds:?}"
        );
    }

    #[test]
    fn slow_classes_wait_for_their_pause() {
        check(Cadence::EveryPoll, Some(0), true);
        check(Cadence::Minutes, None, true);
        check(Cadence::Minutes, Some(60), false);
        check(Cadence::Minutes, Some(575), true);
        check(Cadence::Hours, Some(600), false);
        check(Cadence::Hours, Some(3_600), true);
    }

    #[test]
    fn a_clock_that_went_back_does_not_silence_a_view() {
        check(Cadence::Hours, Some(-86_400), true);
    }
}
