//! What time it is for a front: the machine's time or one that stands still, either way as far ahead as a test says, so
//! that nobody waits a quarter of an hour for a token to expire.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use std::time::SystemTime;

/// A clock of a front. Clones are the same clock.
#[derive(Debug, Clone, Default)]
pub struct WallClock {
    stands_at: Option<i64>,
    ahead_seconds: Arc<AtomicI64>,
}

impl WallClock {
    /// Returns a clock that goes by the machine's time.
    pub fn right() -> Self {
        Self::default()
    }

    /// Returns a clock that stands at this time, in seconds since 1970.
    pub fn standing_at(unix_seconds: i64) -> Self {
        Self { stands_at: Some(unix_seconds), ..Self::default() }
    }

    /// Sets it so many seconds ahead of the time it was made with, or behind.
    pub fn set_ahead(&self, seconds: i64) {
        self.ahead_seconds.store(seconds, Ordering::Relaxed);
    }

    /// Returns the time, in seconds since 1970.
    pub fn unix_seconds(&self) -> i64 {
        self.stands_at.unwrap_or_else(machines_time) + self.ahead_seconds.load(Ordering::Relaxed)
    }
}

#[allow(clippy::disallowed_methods, reason = "the clients of a front go by the machine's time")]
fn machines_time() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::WallClock;

    #[test]
    fn clones_are_one_clock() {
        let clock = WallClock::standing_at(100);
        let other = clock.clone();
        clock.set_ahead(-30);
        assert_eq!(other.unix_seconds(), 70);
        assert!(WallClock::right().unix_seconds() > 1_700_000_000);
    }
}
