//! What an invocation's time is for: reading first, and a reserve at its end in which what was read is delivered and
//! committed. Lambda ends a function that is late in the middle of whatever it does.

use std::time::Duration;

/// The part of the time that is kept for delivery and commit: one fifth, within the bounds below.
const RESERVE_SHARE: u32 = 5;
const LEAST_RESERVE: Duration = Duration::from_secs(1);
const MOST_RESERVE: Duration = Duration::from_secs(10);
/// With less than this a poll is not begun.
const LEAST_POLL: Duration = Duration::from_secs(1);

/// Returns how long a poll may take of what is left, if it is worth to begin.
pub(crate) fn for_polling(left: Duration) -> Option<Duration> {
    let reserve = (left / RESERVE_SHARE).clamp(LEAST_RESERVE, MOST_RESERVE);
    left.checked_sub(reserve).filter(|poll| *poll >= LEAST_POLL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserve_is_kept_at_the_end() {
        let seconds = |left: u64| for_polling(Duration::from_secs(left)).map(|poll| poll.as_secs());
        assert_eq!([seconds(0), seconds(1), seconds(2)], [None, None, Some(1)]);
        assert_eq!([seconds(20), seconds(60), seconds(900)], [Some(16), Some(50), Some(890)]);
    }
}
