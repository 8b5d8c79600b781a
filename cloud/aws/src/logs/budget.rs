//! What one look may take: calls, bytes and time. The API works on the instance itself, so that it is little.

use tokio::time::Instant;

/// How many calls a look makes.
pub(super) const MAX_CALLS: u32 = 30;
/// How many bytes it reads; the last call may go beyond.
pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;
/// How many lines a portion has: few enough that one is seldom cut, and little is read again.
const LINES: i32 = 2_000;

/// What is left of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    calls: u32,
    bytes: usize,
    until: Instant,
    /// How many lines the next portion has.
    pub(super) lines: i32,
}

impl Budget {
    pub(super) fn until(until: Instant) -> Budget {
        Budget { calls: MAX_CALLS, bytes: MAX_BYTES, until, lines: LINES }
    }

    /// Takes a call out; returns by when it has to have been answered, or nothing if there is nothing left.
    pub(super) fn call(&mut self) -> Option<Instant> {
        if self.calls == 0 || self.bytes == 0 || Instant::now() >= self.until {
            return None;
        }
        self.calls -= 1;
        Some(self.until)
    }

    /// Takes fewer lines from now on, since so many were all that there was room for. Returns whether that is fewer.
    pub(super) fn narrow(&mut self, whole_lines: usize) -> bool {
        let before = self.lines;
        self.lines = i32::try_from(whole_lines).unwrap_or(LINES).clamp(1, (before - 1).max(1));
        self.lines < before
    }

    /// Takes what a call brought out.
    pub(super) fn spend(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn left(deadline: Duration) -> Budget {
        Budget::until(Instant::now() + deadline)
    }

    #[test]
    fn calls_bytes_and_time_all_end() {
        let mut calls = left(LONG);
        assert_eq!((0..100).filter_map(|_| calls.call()).count(), MAX_CALLS as usize);
        let mut bytes = left(LONG);
        bytes.spend(MAX_BYTES - 1);
        assert!(bytes.call().is_some());
        bytes.spend(2);
        assert!(bytes.call().is_none());
        assert!(left(Duration::ZERO).call().is_none());
    }

    #[test]
    fn lines_become_fewer_down_to_one() {
        let mut budget = left(LONG);
        let narrowed = [900, 1_500, 0, 0].map(|whole| (budget.narrow(whole), budget.lines));
        assert_eq!(narrowed, [(true, 900), (true, 899), (true, 1), (false, 1)]);
    }
}
