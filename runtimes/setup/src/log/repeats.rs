//! Which of the same log lines are written: the first at once, the others at most once in a while, with a count of what
//! was left out. Time is handed in.

use std::collections::BTreeMap;
use std::time::Duration;

/// The pause between two lines that tell the same of the same server and exporter.
const PAUSE: Duration = Duration::from_secs(300);
/// The most things that are remembered; what goes beyond is written.
const MAX_REMEMBERED: usize = 10_000;

/// What a line tells, and of whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told {
    /// What it tells.
    pub(super) message: String,
    /// The server that it tells of.
    pub(super) server: String,
    /// The exporter that it tells of.
    pub(super) exporter: String,
    /// The address at which we listen, if it tells of that.
    pub(super) listen: String,
    /// Where our own telemetry is sent, if it tells of that.
    pub(super) telemetry: String,
}

impl Told {
    /// Returns whom it tells of.
    fn of(&self) -> [&str; 4] {
        [&self.server, &self.exporter, &self.listen, &self.telemetry]
    }
}

/// What to do with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Write it, and say how many were left out since the last one.
    Write {
        /// How many.
        left_out: u64,
    },
    /// Leave it out.
    LeaveOut,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    written: Duration,
    left_out: u64,
}

/// What was written when.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    last: BTreeMap<Told, Last>,
}

impl Remembered {
    /// Decides on a line. `now` is the time since a moment that stays the same.
    pub(super) fn decide(&mut self, told: Told, now: Duration) -> Decision {
        if let Some(last) = self.last.get_mut(&told) {
            if now.saturating_sub(last.written) < PAUSE {
                last.left_out += 1;
                return Decision::LeaveOut;
            }
            let left_out = last.left_out;
            *last = Last { written: now, left_out: 0 };
            return Decision::Write { left_out };
        }
        if self.last.len() >= MAX_REMEMBERED {
            self.last.retain(|_, last| now.saturating_sub(last.written) < PAUSE);
        }
        if self.last.len() < MAX_REMEMBERED {
            self.last.insert(told, Last { written: now, left_out: 0 });
        }
        Decision::Write { left_out: 0 }
    }

    /// Forgets what was told of somebody of whom something better is told now: their next trouble is news again.
    pub(super) fn forget(&mut self, of: &Told) {
        self.last.retain(|told, _| told.of() != of.of());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(message: &str, server: &str, exporter: &str) -> Told {
        Told {
            message: message.to_owned(),
            server: server.to_owned(),
            exporter: exporter.to_owned(),
            ..Told::default()
        }
    }

    /// Lines as seconds and server, and what is written of them: how many were left out before.
    fn check(lines: &[(u64, &str)], written: &[Option<u64>]) {
        let mut repeats = Remembered::default();
        let decided = lines.iter().map(|(second, server)| {
            match repeats.decide(told("poll failed", server, ""), Duration::from_secs(*second)) {
                Decision::Write { left_out } => Some(left_out),
                Decision::LeaveOut => None,
            }
        });
        assert_eq!(decided.collect::<Vec<_>>(), written, "{lines:?}");
    }

    #[test]
    fn the_first_is_written_at_once_and_then_one_in_a_while_with_a_count() {
        check(
            &[(0, "a"), (60, "a"), (299, "a"), (300, "a"), (301, "a"), (600, "a"), (900, "a")],
            &[Some(0), None, None, Some(2), None, Some(1), Some(0)],
        );
    }

    #[test]
    fn trouble_after_a_recovery_is_written_at_once() {
        let mut repeats = Remembered::default();
        let decide = |repeats: &mut Remembered, exporter, second| {
            repeats.decide(told("poll failed", "a", exporter), Duration::from_secs(second))
        };
        for exporter in ["", "otel"] {
            assert_eq!(decide(&mut repeats, exporter, 0), Decision::Write { left_out: 0 });
        }
        repeats.forget(&told("the server is read again", "a", ""));
        assert_eq!(decide(&mut repeats, "", 60), Decision::Write { left_out: 0 });
        assert_eq!(decide(&mut repeats, "otel", 60), Decision::LeaveOut);
    }

    #[test]
    fn servers_do_not_silence_each_other() {
        check(&[(0, "a"), (1, "b"), (2, "a"), (3, "b")], &[Some(0), Some(0), None, None]);
    }

    #[test]
    fn exporters_and_events_do_neither() {
        let mut repeats = Remembered::default();
        for line in [told("x", "a", "one"), told("x", "a", "two"), told("y", "a", "one")] {
            assert_eq!(repeats.decide(line.clone(), Duration::ZERO), Decision::Write { left_out: 0 });
            assert_eq!(repeats.decide(line, Duration::ZERO), Decision::LeaveOut);
        }
    }

    #[test]
    fn what_goes_beyond_what_is_remembered_is_written() {
        let mut repeats = Remembered::default();
        let line = |number: usize| told("x", &number.to_string(), "");
        let decide = |repeats: &mut Remembered, number, second| {
            repeats.decide(line(number), Duration::from_secs(second))
        };
        (0..=MAX_REMEMBERED)
            .for_each(|number| assert_eq!(decide(&mut repeats, number, 0), Decision::Write { left_out: 0 }));
        assert_eq!(decide(&mut repeats, MAX_REMEMBERED, 0), Decision::Write { left_out: 0 });
        assert_eq!(repeats.last.len(), MAX_REMEMBERED);
        assert_eq!(decide(&mut repeats, MAX_REMEMBERED, 300), Decision::Write { left_out: 0 });
        assert_eq!(repeats.last.len(), 1, "what is old makes room");
    }
}
