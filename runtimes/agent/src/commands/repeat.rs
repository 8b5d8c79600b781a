//! Polls again and again on a schedule. A signal lets the poll that runs finish, for a while, and ends the rest.

use std::time::Duration;

use pgquerylens_engine::poll::Poller;
use pgquerylens_engine::source::Source;
use pgquerylens_engine::state::StateStore;
use pgquerylens_engine::state::control::Watched;
use pgquerylens_model::report::PollReport;
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use tokio::time::{Instant, sleep_until, timeout};

use crate::output;
use crate::schedule::Schedule;
use crate::stop::Stop;

/// How long a poll may go on after the first signal; the second one ends it at once.
const GRACE: Duration = Duration::from_secs(5);

/// How the last poll of a schedule went.
pub(super) enum Last {
    /// It was reported.
    Reported,
    /// It read nothing.
    Failed(Failure),
}

impl Last {
    /// Tells of a failure, which then is not told again at the end.
    fn said(self) -> Last {
        match self {
            Last::Failed(failure) => {
                output::say_failure(&failure);
                Last::Failed(failure.silenced())
            }
            Last::Reported => self,
        }
    }
}

/// Polls on the schedule, unless an operator does not want it to, and hands every report to `show`, with the source it was
/// read from. A poll that fails is told and the next one tried, unless it is the last.
pub(super) async fn repeat<S: Source, T: StateStore>(
    poller: &mut Poller<S, T>,
    schedule: &Schedule,
    stop: &mut Stop,
    mut show: impl FnMut(&mut S, &PollReport) -> Result<(), Failure>,
) -> Result<Last, Failure> {
    let start = Instant::now();
    let mut began = start;
    let mut watched = Watched::default();
    for done in 1.. {
        let (polled, is_stopped) = poll_once(poller, &mut watched, stop).await;
        let last = match polled {
            Some(Ok(report)) => show(poller.source_mut(), &report).map(|()| Last::Reported)?,
            Some(Err(failure)) => Last::Failed(failure),
            None => Last::Failed(broken_off()),
        };
        let next = schedule.next(start, began, Instant::now(), done).filter(|_| !is_stopped);
        let Some(tick) = next else { return Ok(last) };
        let last = last.said();
        if tick.skipped > 0 {
            output::say_warning(format!(
                "the poll took longer than the interval: {} ticks skipped",
                tick.skipped
            ));
        }
        let is_stopped = tokio::select! {
            () = sleep_until(tick.at) => false,
            () = stop.requested() => true,
        };
        if is_stopped {
            return Ok(last);
        }
        began = tick.at;
    }
    Ok(Last::Reported)
}

/// Looks at what an operator wants, who may have stopped polls. What cannot be read stops nothing.
async fn wanted<S: Source, T: StateStore>(
    poller: &mut Poller<S, T>,
    watched: &mut Watched,
) -> Result<(), Failure> {
    if let Err(error) = watched.look(poller.store()).await {
        output::say_warning(format!("what an operator wants could not be read: {error}"));
    }
    let control = watched.control();
    poller.set_views_off(control.views_off.clone());
    match &control.stopped {
        None => Ok(()),
        Some(stopped) => Err(Failure::new(
            Exit::TryAgain,
            format!("an operator stopped polls: {}", stopped.reason),
            "pgquerylens resume --state URL begins them again",
        )),
    }
}

/// Polls, if it is wanted, and tells whether a signal came meanwhile. Nothing if it could not be waited for.
async fn poll_once<S: Source, T: StateStore>(
    poller: &mut Poller<S, T>,
    watched: &mut Watched,
    stop: &mut Stop,
) -> (Option<Result<PollReport, Failure>>, bool) {
    let poll = async {
        wanted(poller, watched).await?;
        poller.poll().await.map_err(Failure::from)
    };
    let mut poll = std::pin::pin!(poll);
    tokio::select! {
        polled = &mut poll => return (Some(polled), false),
        () = stop.requested() => {}
    }
    tokio::select! {
        polled = timeout(GRACE, &mut poll) => (polled.ok(), true),
        () = stop.requested() => (None, true),
    }
}

fn broken_off() -> Failure {
    Failure::new(
        Exit::TryAgain,
        "a signal came before the poll was done; it was broken off",
        "nothing is lost: the next poll covers the interval",
    )
}
