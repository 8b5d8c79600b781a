//! Whether the process is alive, and whether every server is read as often as it should be.

use std::time::Duration;

use super::snapshot::Snapshot;
use crate::agent::board::ServerState;
use crate::figures::span;

/// The loop beats every second; after so long without a beat it hangs.
pub(super) const HANGS_AFTER: Duration = Duration::from_secs(15);
/// A server is read in time if its last good poll is not older than so many intervals and the deadline of a poll: one
/// poll may fail without a word.
pub(super) const INTERVALS_IN_TIME: f64 = 3.0;

/// Whether the loop turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// It does.
    Alive,
    /// It does, towards its end.
    Stopping,
    /// It has not turned for too long.
    Hanging,
}

/// Whether one server is read in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Readiness {
    /// It should have been read and was not.
    Late,
    /// Its first poll is still to come or to end.
    Starting,
    /// An operator stopped it, so that nothing is missing.
    Stopped,
    /// It is.
    InTime,
}

impl Life {
    /// Returns the word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Life::Alive => "alive",
            Life::Stopping => "stopping",
            Life::Hanging => "hanging",
        }
    }
}

impl Readiness {
    /// Returns the word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Readiness::Late => "late",
            Readiness::Starting => "starting",
            Readiness::Stopped => "stopped",
            Readiness::InTime => "in time",
        }
    }

    /// Tells whether nothing is missing.
    pub(super) fn is_good(self) -> bool {
        matches!(self, Readiness::InTime | Readiness::Stopped)
    }
}

/// Returns whether the loop turns.
pub(super) fn life(snapshot: &Snapshot) -> Life {
    match snapshot.uptime.saturating_sub(snapshot.process.beat) {
        _ if snapshot.process.is_stopping => Life::Stopping,
        silence if silence > HANGS_AFTER => Life::Hanging,
        _ => Life::Alive,
    }
}

/// Tells whether everything is read in time.
pub(super) fn is_ready(snapshot: &Snapshot) -> bool {
    life(snapshot) == Life::Alive
        && snapshot.servers.values().all(|server| readiness(server, snapshot.uptime).is_good())
}

/// Returns whether a server is read in time.
pub(super) fn readiness(server: &ServerState, uptime: Duration) -> Readiness {
    if server.stopped.is_some() {
        return Readiness::Stopped;
    }
    match (age(server, uptime), server.first_due) {
        (Some(age), _) if age <= seconds(bound_seconds(server)) => Readiness::InTime,
        (None, None) => Readiness::Starting,
        (None, Some(due)) if server.polls == 0 && uptime <= due + seconds(server.deadline_seconds) => {
            Readiness::Starting
        }
        _ => Readiness::Late,
    }
}

/// Returns how long ago the last good poll was.
pub(super) fn age(server: &ServerState, uptime: Duration) -> Option<Duration> {
    server.last_good_uptime.map(|good| uptime.saturating_sub(good))
}

/// Returns how old the last good poll of a server may be, in seconds.
pub(super) fn bound_seconds(server: &ServerState) -> f64 {
    INTERVALS_IN_TIME * server.every_seconds + server.deadline_seconds
}

/// Returns a sentence on a server.
pub(super) fn sentence(server: &ServerState, uptime: Duration) -> String {
    let trouble = match server.trouble.first() {
        Some(trouble) => format!(": {trouble}"),
        None => String::new(),
    };
    match readiness(server, uptime) {
        Readiness::InTime => "in time".to_owned(),
        Readiness::Stopped => {
            format!("stopped by an operator: {}", server.stopped.as_deref().unwrap_or_default())
        }
        Readiness::Starting => match server.first_due.map(|due| due.saturating_sub(uptime)) {
            Some(Duration::ZERO) => "starting, its first poll is under way".to_owned(),
            Some(left) => format!("starting, its first poll begins in {}", span(left.as_secs_f64())),
            None => "starting".to_owned(),
        },
        Readiness::Late => match age(server, uptime) {
            None => format!("never read{trouble}"),
            Some(age) => format!(
                "last read {} ago, allowed are {}{trouble}",
                span(age.as_secs_f64()),
                span(bound_seconds(server))
            ),
        },
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::health::example;

    fn server(last_good: Option<u64>) -> ServerState {
        ServerState {
            every_seconds: 60.0,
            deadline_seconds: 30.0,
            first_due: Some(Duration::from_secs(20)),
            last_good_uptime: last_good.map(Duration::from_secs),
            polls: u64::from(last_good.is_some()),
            ..ServerState::default()
        }
    }

    fn check(server: &ServerState, uptime_seconds: u64, expected: &str) {
        assert_eq!(sentence(server, Duration::from_secs(uptime_seconds)), expected);
    }

    #[test]
    fn before_its_first_poll_has_had_its_time_a_server_is_starting() {
        check(&ServerState { first_due: None, ..server(None) }, 0, "starting");
        check(&server(None), 5, "starting, its first poll begins in 15 s");
        check(&server(None), 50, "starting, its first poll is under way");
        check(&server(None), 51, "never read");
    }

    #[test]
    fn a_first_poll_that_failed_is_late_at_once() {
        let failed = ServerState { polls: 1, trouble: vec!["no route".to_owned()], ..server(None) };
        check(&failed, 21, "never read: no route");
    }

    #[test]
    fn three_intervals_and_a_deadline_are_in_time() {
        check(&server(Some(20)), 230, "in time");
        check(&server(Some(20)), 231, "last read 3 min 31 s ago, allowed are 3 min 30 s");
    }

    #[test]
    fn what_an_operator_stopped_is_not_missed() {
        let stopped = ServerState { stopped: Some("upgrade".to_owned()), ..server(Some(20)) };
        check(&stopped, 9_999, "stopped by an operator: upgrade");
        assert!(readiness(&stopped, Duration::from_secs(9_999)).is_good());
    }

    #[test]
    fn a_loop_without_a_beat_hangs_and_one_that_ends_is_not_ready() {
        let mut snapshot = example::quiet();
        assert_eq!((life(&snapshot), is_ready(&snapshot)), (Life::Alive, true));
        snapshot.process.beat = snapshot.uptime - HANGS_AFTER - Duration::from_millis(1);
        assert_eq!((life(&snapshot), is_ready(&snapshot)), (Life::Hanging, false));
        snapshot.process.is_stopping = true;
        assert_eq!((life(&snapshot), is_ready(&snapshot)), (Life::Stopping, false));
    }
}
