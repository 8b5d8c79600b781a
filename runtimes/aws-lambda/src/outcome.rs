//! How it went with one server, as the log tells it, as whoever invoked us is told, and whether a queue is to send it again.

use pgquerylens_model::report::{PollReport, Status};
use pgquerylens_model::time::Timestamp;
use pgquerylens_setup::failure::Failure;
use serde_json::{Value, json};
use tracing::{info, warn};

/// How it went with one server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// It was read.
    Polled(Polled),
    /// An operator wants no polls, for this reason.
    Stopped(String),
    /// It failed too often: it is let rest until then.
    Resting(Timestamp),
    /// Its interval is longer than the schedule's, and the last poll was then.
    Early(Timestamp),
    /// Another invocation is at work on it.
    Overlapped,
    /// The message waited for so long that the next one is on its way.
    Late,
    /// It was not begun: too little was left of the time.
    OutOfTime,
    /// It was tried, and failed.
    Failed(Failure),
    /// What we were told of it makes no sense.
    Wrong(Failure),
}

/// What a poll found, in figures.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Polled {
    status: Status,
    views: usize,
    statements: u64,
    round_trips: u64,
    duration_ms: f64,
    /// What is missing with what mends it, and who did not take what was found.
    trouble: Vec<String>,
}

impl Polled {
    pub(crate) fn of(report: &PollReport) -> Polled {
        let missing =
            report.notices.iter().filter(|notice| notice.degrades).map(|notice| match &notice.mend {
                Some(mend) => format!("{}: {mend}", notice.message),
                None => notice.message.clone(),
            });
        let untaken = report.deliveries.iter().filter_map(|delivery| {
            delivery.trouble.as_ref().map(|trouble| format!("{}: {trouble}", delivery.exporter))
        });
        Polled {
            status: report.status,
            views: report.collectors.len(),
            statements: report.cost.statements,
            round_trips: report.cost.round_trips,
            duration_ms: report.cost.duration_ms.round(),
            trouble: missing.chain(untaken).collect(),
        }
    }
}

impl Outcome {
    /// Tells whether a queue is to send the message again, until it is put where somebody looks at it: what the next tick
    /// brings anyway is not worth it.
    pub(crate) fn comes_again(&self) -> bool {
        matches!(self, Outcome::Wrong(_))
    }

    /// Tells whether the server was not read though it should have been. A server that rests does so because it failed.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self, Outcome::Resting(_) | Outcome::OutOfTime | Outcome::Failed(_) | Outcome::Wrong(_))
    }

    /// Returns a word for it.
    fn name(&self) -> &'static str {
        match self {
            Outcome::Polled(_) => "polled",
            Outcome::Stopped(_) => "stopped",
            Outcome::Resting(_) => "resting",
            Outcome::Early(_) => "early",
            Outcome::Overlapped => "overlapped",
            Outcome::Late => "late",
            Outcome::OutOfTime => "out_of_time",
            Outcome::Failed(_) => "failed",
            Outcome::Wrong(_) => "wrong",
        }
    }

    /// Returns what is to be said besides the word.
    pub(crate) fn why(&self) -> String {
        match self {
            Outcome::Polled(polled) => polled.trouble.join("; "),
            Outcome::Stopped(reason) => reason.clone(),
            Outcome::Resting(until) => {
                format!("it failed too often and is not tried until {}", until.to_rfc3339())
            }
            Outcome::Early(last) => format!("its interval is not over since {}", last.to_rfc3339()),
            Outcome::Overlapped => "another invocation polls it now".to_owned(),
            Outcome::Late => "the message waited too long, the next one is on its way".to_owned(),
            Outcome::OutOfTime => {
                "too little is left of the function's time: raise it, or poll fewer servers".to_owned()
            }
            Outcome::Failed(failure) | Outcome::Wrong(failure) => failure.in_one_line(),
        }
    }

    /// Writes one line of the log.
    pub(crate) fn log(&self, server: &str) {
        let (outcome, why) = (self.name(), self.why());
        match self {
            Outcome::Polled(Polled { status, views, statements, round_trips, duration_ms, .. }) => {
                let status = status.name();
                match why.is_empty() {
                    true => info!(server, status, views, statements, round_trips, duration_ms, "polled"),
                    false => warn!(
                        server,
                        status,
                        views,
                        statements,
                        round_trips,
                        duration_ms,
                        trouble = why,
                        "polled"
                    ),
                }
            }
            // What alarms go by: each minute in which a server should have been read and was not has such a line.
            Outcome::Failed(_) | Outcome::Wrong(_) | Outcome::OutOfTime | Outcome::Resting(_) => {
                warn!(server, outcome, error = why, "poll failed");
            }
            Outcome::Stopped(_) | Outcome::Early(_) | Outcome::Overlapped | Outcome::Late => {
                info!(server, outcome, why, "not polled");
            }
        }
    }

    /// Returns it for whoever invoked us.
    pub(crate) fn told(&self, server: &str) -> Value {
        match self {
            Outcome::Polled(polled) => json!({
                "server": server,
                "outcome": self.name(),
                "status": polled.status.name(),
                "views": polled.views,
                "statements": polled.statements,
                "round_trips": polled.round_trips,
                "duration_ms": polled.duration_ms,
                "trouble": polled.trouble,
            }),
            _ => json!({"server": server, "outcome": self.name(), "why": self.why()}),
        }
    }
}

#[cfg(test)]
mod tests {
    use pgquerylens_setup::exit::Exit;

    use super::*;

    #[test]
    fn only_what_no_tick_mends_comes_again() {
        let failed = |exit| Outcome::Failed(Failure::new(exit, "p", "a"));
        let wrong = Outcome::Wrong(Failure::new(Exit::Configuration, "p", "a"));
        for (outcome, again) in [
            (Outcome::OutOfTime, false),
            (wrong, true),
            (failed(Exit::Io), false),
            (failed(Exit::Unavailable), false),
            (failed(Exit::Denied), false),
            (failed(Exit::TryAgain), false),
            (Outcome::Overlapped, false),
            (Outcome::Late, false),
        ] {
            assert_eq!(outcome.comes_again(), again, "{outcome:?}");
        }
    }
}
