//! Whether something that failed is tried again now: a circuit breaker as plain data, kept with the state, so that it
//! outlives the process.
//!
//! Closed, everything is tried. After some failures in a row it opens for a pause that doubles with each further one;
//! the first try after a pause is the probe, and one success closes it.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakerRules {
    /// Failures in a row that open it.
    pub failures: u32,
    /// The first pause, in seconds; each further failure doubles it.
    pub first_pause_seconds: f64,
    /// The longest pause, in seconds.
    pub longest_pause_seconds: f64,
}

/// Of a server: a minute at first, a quarter of an hour at most, so that one that came back is soon seen.
pub const SERVER: BreakerRules =
    BreakerRules { failures: 3, first_pause_seconds: 60.0, longest_pause_seconds: 900.0 };
/// Of a view that fails: the others go on, so that it may rest for hours.
pub const VIEW: BreakerRules =
    BreakerRules { failures: 3, first_pause_seconds: 300.0, longest_pause_seconds: 21_600.0 };
/// Of a view that ran into its time limit: each try costs the server that time.
pub const SLOW_VIEW: BreakerRules = BreakerRules { failures: 1, ..VIEW };

/// A breaker's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    failures: u32,
    until: Option<Timestamp>,
}

impl Breaker {
    /// Returns until when not to try, if it is open. A clock that went back makes a pause no longer than the longest.
    pub fn open_until(&self, now: Timestamp, rules: &BreakerRules) -> Option<Timestamp> {
        self.until.filter(|until| {
            let left = until.seconds_since(now);
            left > 0.0 && left <= rules.longest_pause_seconds
        })
    }

    /// Notes a failure.
    pub fn failed(&mut self, now: Timestamp, rules: &BreakerRules) {
        self.failures = self.failures.saturating_add(1);
        let beyond = self.failures.checked_sub(rules.failures);
        self.until = beyond.map(|beyond| {
            let doubled = rules.first_pause_seconds * f64::from(2u32.saturating_pow(beyond.min(31)));
            let pause = doubled.min(rules.longest_pause_seconds);
            Timestamp(now.0.saturating_add((pause * 1e6) as i64))
        });
    }

    /// Notes a success.
    pub fn succeeded(&mut self) {
        *self = Breaker::default();
    }

    /// Returns the failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: BreakerRules =
        BreakerRules { failures: 2, first_pause_seconds: 10.0, longest_pause_seconds: 35.0 };

    fn at(second: i64) -> Timestamp {
        Timestamp(second * 1_000_000)
    }

    #[test]
    fn it_opens_after_some_failures_for_pauses_that_grow_to_a_bound() {
        let mut breaker = Breaker::default();
        breaker.failed(at(0), &RULES);
        assert_eq!(breaker.open_until(at(0), &RULES), None, "one is none");
        for (now, until) in [(1, 11), (11, 31), (31, 66), (66, 101)] {
            breaker.failed(at(now), &RULES);
            assert_eq!(breaker.open_until(at(now), &RULES), Some(at(until)));
            assert_eq!(breaker.open_until(at(until), &RULES), None);
        }
        breaker.succeeded();
        assert_eq!(breaker.open_until(at(0), &RULES), None);
    }

    #[test]
    fn a_clock_that_went_back_does_not_keep_it_open() {
        let mut breaker = Breaker::default();
        (0..2).for_each(|_| breaker.failed(at(100_000), &RULES));
        assert_eq!(breaker.open_until(at(0), &RULES), None);
    }

    #[test]
    fn many_failures_overflow_nothing() {
        let mut breaker = Breaker::default();
        (0..100).for_each(|_| breaker.failed(Timestamp(i64::MAX - 1), &RULES));
        assert_eq!(breaker.failures(), 100);
    }
}
