//! When polls begin: on a steady tick that does not drift, never two at once, and until a bound is reached.

use std::time::Duration;

use tokio::time::Instant;

/// When polls begin and when there are no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// The interval; none for polls that follow each other at once.
    pub(crate) every: Option<Duration>,
    /// No poll begins after this time.
    pub(crate) lasting: Option<Duration>,
    /// The most polls.
    pub(crate) polls: Option<usize>,
}

/// The next poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tick {
    /// When it begins.
    pub(crate) at: Instant,
    /// Ticks that passed while the poll before was still running.
    pub(crate) skipped: u64,
}

impl Schedule {
    /// One poll, at once.
    pub(crate) const ONCE: Schedule = Schedule { every: None, lasting: None, polls: Some(1) };

    /// Returns the poll after the one that began at `began`, or nothing if that was the last one. `start` is when the
    /// first one began, `done` how many there were.
    pub(crate) fn next(&self, start: Instant, began: Instant, now: Instant, done: usize) -> Option<Tick> {
        if self.polls.is_some_and(|polls| done >= polls) {
            return None;
        }
        let Some(every) = self.every else { return Some(Tick { at: now, skipped: 0 }) };
        let index = |at: Instant| at.saturating_duration_since(start).as_nanos() / every.as_nanos().max(1);
        let (last, passed) = (index(began), index(now));
        let next = passed.max(last) + 1;
        let offset = every.saturating_mul(u32::try_from(next).unwrap_or(u32::MAX));
        let ended = self.lasting.is_some_and(|lasting| offset > lasting);
        let skipped = u64::try_from(next - last - 1).unwrap_or(u64::MAX);
        (!ended).then(|| Tick { at: start + offset, skipped })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY_TEN: Schedule = Schedule { every: Some(Duration::from_secs(10)), lasting: None, polls: None };

    /// Seconds at which the next poll begins, and how many ticks are skipped.
    fn check(
        schedule: Schedule,
        began_seconds: f64,
        now_seconds: f64,
        done: usize,
        next: Option<(u64, u64)>,
    ) {
        let start = Instant::now();
        let at = |seconds: f64| start + Duration::from_secs_f64(seconds);
        let tick = schedule.next(start, at(began_seconds), at(now_seconds), done);
        let seconds = tick.map(|tick| ((tick.at - start).as_secs(), tick.skipped));
        assert_eq!(seconds, next, "began {began_seconds}, now {now_seconds}");
    }

    #[test]
    fn ticks_are_steady_whatever_a_poll_takes() {
        check(EVERY_TEN, 0.0, 0.2, 1, Some((10, 0)));
        check(EVERY_TEN, 10.003, 19.9, 2, Some((20, 0)));
        check(EVERY_TEN, 20.0, 31.0, 3, Some((40, 1)));
        check(EVERY_TEN, 20.0, 55.0, 3, Some((60, 3)));
    }

    #[test]
    fn bounds_end_it() {
        let lasting = Schedule { lasting: Some(Duration::from_secs(25)), ..EVERY_TEN };
        check(lasting, 10.0, 10.1, 2, Some((20, 0)));
        check(lasting, 20.0, 20.1, 3, None);
        check(Schedule { polls: Some(2), ..EVERY_TEN }, 0.0, 0.1, 1, Some((10, 0)));
        check(Schedule { polls: Some(2), ..EVERY_TEN }, 10.0, 10.1, 2, None);
        check(Schedule::ONCE, 0.0, 0.1, 1, None);
        check(Schedule { polls: Some(2), ..Schedule::ONCE }, 0.0, 1.0, 1, Some((1, 0)));
    }
}
