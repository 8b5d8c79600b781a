//! What is remembered of views that fail: when they are tried again, and with how much time. A view that ran out of
//! time gets twice as much at its next try, which comes later; one that is quick again gives it back.

use std::time::Duration;

use pgquerylens_model::breaker::{Breaker, SLOW_VIEW, VIEW};
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::view::View;
use serde::{Deserialize, Serialize};

use super::contents::State;
use crate::limits::Limits;

/// How often a view's time is doubled at most.
const MAX_DOUBLINGS: u8 = 2;
/// A view that needs less than this part of the usual time is quick.
const QUICK_SHARE: f64 = 0.5;

/// What is remembered of one view that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ViewPatience {
    view: String,
    database: Option<u32>,
    breaker: Breaker,
    doublings: u8,
}

/// One try to read a view.
#[derive(Clone, Copy, Debug)]
pub struct Try {
    /// The view.
    pub view: &'static View,
    /// The database, for views of database scope.
    pub database: Option<u32>,
    /// How it went.
    pub went: Went,
}

/// How a try went.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Went {
    /// It was read.
    Well {
        /// In so many milliseconds.
        duration_ms: f64,
    },
    /// It ran into its time limit.
    OutOfTime,
    /// It failed otherwise.
    Wrong,
}

impl State {
    /// Returns until when a view is not tried, if it rests now.
    pub fn rests_until(&self, view: &View, database: Option<u32>, now: Timestamp) -> Option<Timestamp> {
        self.patience_of(view, database)?.breaker.open_until(now, &VIEW)
    }

    /// Returns the time that a view's statement gets, if that is not what the session allows. Never more than the poll
    /// has as a whole.
    pub fn patience(&self, view: &View, database: Option<u32>, limits: &Limits) -> Option<Duration> {
        let doublings = self.patience_of(view, database)?.doublings;
        let timeout = limits.statement_timeout.saturating_mul(1 << doublings).min(limits.deadline);
        (timeout > limits.statement_timeout).then_some(timeout)
    }

    /// Notes how tries went. Views that are well again are forgotten.
    pub fn note_tries(&mut self, tries: &[Try], now: Timestamp, limits: &Limits) {
        for tried in tries {
            let place = self.views.iter().position(|kept| kept.is_of(tried.view, tried.database));
            if place.is_none() && matches!(tried.went, Went::Well { .. }) {
                continue;
            }
            let mut kept =
                place.map_or_else(|| ViewPatience::of(tried), |place| self.views.swap_remove(place));
            kept.note(tried.went, now, limits);
            if kept.breaker != Breaker::default() || kept.doublings > 0 {
                self.views.push(kept);
            }
        }
    }

    fn patience_of(&self, view: &View, database: Option<u32>) -> Option<&ViewPatience> {
        self.views.iter().find(|kept| kept.is_of(view, database))
    }
}

impl ViewPatience {
    fn of(tried: &Try) -> ViewPatience {
        ViewPatience {
            view: tried.view.name.to_owned(),
            database: tried.database,
            breaker: Breaker::default(),
            doublings: 0,
        }
    }

    fn is_of(&self, view: &View, database: Option<u32>) -> bool {
        self.view == view.name && self.database == database
    }

    fn note(&mut self, went: Went, now: Timestamp, limits: &Limits) {
        match went {
            Went::Well { duration_ms } => {
                self.breaker.succeeded();
                if duration_ms < limits.statement_timeout.as_secs_f64() * 1e3 * QUICK_SHARE {
                    self.doublings = self.doublings.saturating_sub(1);
                }
            }
            Went::OutOfTime => {
                self.breaker.failed(now, &SLOW_VIEW);
                self.doublings = (self.doublings + 1).min(MAX_DOUBLINGS);
            }
            Went::Wrong => self.breaker.failed(now, &VIEW),
        }
    }
}

#[cfg(test)]
mod tests {
    use pgquerylens_model::views::tables;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp(second * 1_000_000)
    }

    /// What the view gets after some tries: when it rests to, and its time in seconds.
    fn check(tries: &[(i64, Went)], now: i64, rests_until: Option<i64>, seconds: Option<u64>) {
        let limits = Limits::default();
        let mut state = State::default();
        for (second, went) in tries {
            state.note_tries(
                &[Try { view: &tables::VIEW, database: Some(1), went: *went }],
                at(*second),
                &limits,
            );
        }
        assert_eq!(state.rests_until(&tables::VIEW, Some(1), at(now)), rests_until.map(at), "{tries:?}");
        let patience = state.patience(&tables::VIEW, Some(1), &limits);
        assert_eq!(patience, seconds.map(Duration::from_secs), "{tries:?}");
        assert_eq!(
            state.rests_until(&tables::VIEW, Some(2), at(now)),
            None,
            "another database is another view"
        );
    }

    #[test]
    fn a_view_that_ran_out_of_time_gets_more_of_it_later() {
        check(&[(0, Went::OutOfTime)], 1, Some(300), Some(20));
        check(&[(0, Went::OutOfTime)], 300, None, Some(20));
        check(&[(0, Went::OutOfTime), (300, Went::OutOfTime)], 301, Some(900), Some(30));
    }

    #[test]
    fn a_view_that_is_quick_again_gives_its_time_back() {
        let quick = Went::Well { duration_ms: 20.0 };
        check(&[(0, Went::OutOfTime), (300, quick)], 301, None, None);
        check(&[(0, Went::OutOfTime), (300, Went::Well { duration_ms: 15_000.0 })], 301, None, Some(20));
    }

    #[test]
    fn a_view_that_fails_is_tried_three_times_before_it_rests() {
        check(&[(0, Went::Wrong), (60, Went::Wrong)], 61, None, None);
        check(&[(0, Went::Wrong), (60, Went::Wrong), (120, Went::Wrong)], 121, Some(420), None);
    }
}
