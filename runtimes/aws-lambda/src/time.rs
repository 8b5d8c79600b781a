//! What an invocation's time is for: reading first, and a reserve at its end in which what was read is delivered and
//! committed. Lambda ends a function that is late in the middle of whatever it does.

use std::time::Duration;

use pgquerylens_model::time::Timestamp;
use tokio::time::Instant;

/// The part of the time that is kept for delivery and commit: one fifth, within the bounds below.
const RESERVE_SHARE: u32 = 5;
const LEAST_RESERVE: Duration = Duration::from_secs(1);
const MOST_RESERVE: Duration = Duration::from_secs(10);
/// With less than this a poll is not begun.
const LEAST_POLL: Duration = Duration::from_secs(1);
/// What is kept of an invocation to answer in.
const TO_ANSWER: Duration = Duration::from_millis(500);
/// How long after the end of all work what still hangs is broken off.
const TO_END: Duration = Duration::from_millis(250);
/// What an invocation may last where nobody says: the usual timeout of a function of ours.
const UNTOLD: Duration = Duration::from_secs(60);

/// Returns how long an invocation may last that begins now, by its deadline in milliseconds since 1970.
///
/// Lambda hands over no event whose time is over, but other runtime APIs do: that of cargo-lambda says 600,000 for each.
/// Such a deadline says nothing. A bit of it is left to answer in.
pub(crate) fn for_invocation(deadline_ms: u64, now: Timestamp) -> Duration {
    let now_ms = u64::try_from(now.0 / 1_000).unwrap_or(0);
    deadline_ms
        .checked_sub(now_ms)
        .filter(|left| *left > 0)
        .map_or(UNTOLD, Duration::from_millis)
        .saturating_sub(TO_ANSWER)
}

/// The least that may be between two ticks of a schedule.
const LEAST_TICK: Duration = Duration::from_secs(60);
/// A message that waited longer than so many intervals is not worth a poll: the next one is behind it.
const LATE_INTERVALS: u32 = 2;
/// How much sooner than after its interval a scheduled poll may come: a tick is early, the one before was late.
const MOST_JITTER: Duration = Duration::from_secs(30);

/// Returns how long a message may wait for its poll. A schedule has no ticks between whole minutes, however short the
/// interval of a server is.
pub(crate) fn until_late(every: Duration) -> Duration {
    every.max(LEAST_TICK) * LATE_INTERVALS
}

/// Returns how long after the last poll a scheduled one may come: a server whose interval is longer than the schedule's is not
/// polled at every tick.
pub(crate) fn least_pause(every: Duration) -> Duration {
    every.saturating_sub(MOST_JITTER.min(every / 2))
}

/// Returns how long a poll may take of what is left, if it is worth to begin.
pub(crate) fn for_polling(left: Duration) -> Option<Duration> {
    let reserve = (left / RESERVE_SHARE).clamp(LEAST_RESERVE, MOST_RESERVE);
    left.checked_sub(reserve).filter(|poll| *poll >= LEAST_POLL)
}

/// Returns when to break off what should be over and is not.
pub(crate) fn to_break_off(end: Instant) -> Instant {
    end + TO_END
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_that_is_over_before_it_begins_is_none() {
        let now = Timestamp(1_700_000_000_000_000);
        let milliseconds = |deadline_ms| for_invocation(deadline_ms, now).as_millis();
        assert_eq!(milliseconds(1_700_000_020_000), 19_500);
        assert_eq!(milliseconds(1_700_000_000_100), 0);
        assert_eq!([0, 600_000, 1_700_000_000_000].map(milliseconds), [59_500; 3]);
    }

    #[test]
    fn a_server_is_polled_at_every_tick_or_at_every_so_many() {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        assert_eq!(least_pause(minutes(1)).as_secs(), 30);
        assert_eq!(least_pause(minutes(15)).as_secs(), 14 * 60 + 30);
        assert_eq!(least_pause(Duration::from_secs(10)).as_secs(), 5);
        assert_eq!(until_late(minutes(15)), minutes(30));
        assert_eq!(until_late(Duration::from_secs(10)), minutes(2));
    }

    #[test]
    fn a_reserve_is_kept_at_the_end() {
        let seconds = |left: u64| for_polling(Duration::from_secs(left)).map(|poll| poll.as_secs());
        assert_eq!([seconds(0), seconds(1), seconds(2)], [None, None, Some(1)]);
        assert_eq!([seconds(20), seconds(60), seconds(900)], [Some(16), Some(50), Some(890)]);
    }
}
