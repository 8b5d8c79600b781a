//! `poll`: reads a server, or a recording of one, once or on a schedule, and shows what it found.

use std::path::Path;

use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::poll::{PollOptions, Poller};
use pgquerylens_engine::source::Source;
use pgquerylens_engine::source::recording::Replay;
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_model::report::{PollReport, Status};
use pgquerylens_model::selection::Order;
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::login::Login;
use pgquerylens_setup::options::{Given, Said};
use pgquerylens_store::store::Store;
use pgquerylens_store::url::StateUrl;

use super::repeat::{Last, repeat};
use super::settings;
use crate::output::{self, Form, Presenter};
use crate::process::Process;
use crate::schedule::Schedule;
use crate::stop::Stop;

/// What was asked for.
struct Settings {
    from: From,
    login: Login,
    options: PollOptions,
    connect_timeout_said: Said,
    store: Store,
    schedule: Schedule,
    form: Form,
    strict: bool,
    verbose: bool,
}

/// Where the rows come from.
enum From {
    Server(Option<String>),
    Recording(String),
}

/// Runs the subcommand.
pub(super) async fn run(given: Given<'_>, process: &Process) -> Result<Exit, Failure> {
    let settings = settings(given, process).await?;
    match settings.from {
        From::Server(ref connection) => {
            let target = settings::target(connection.as_deref(), process)?;
            let said = settings.connect_timeout_said;
            let limits = settings::with_timeout_of(&target, settings.options.limits.clone(), said);
            let address = target.address();
            poll(
                settings.login.live(target, limits.clone(), &process.secrets.sessions),
                address,
                limits,
                settings,
            )
            .await
        }
        From::Recording(ref folder) => {
            let replay = Replay::open_folder(Path::new(folder))?;
            let target = format!("recording {folder}");
            let polls =
                settings.schedule.polls.map_or(replay.polls_left(), |polls| polls.min(replay.polls_left()));
            let schedule = Schedule { polls: Some(polls), ..settings.schedule };
            let limits = settings.options.limits.clone();
            poll(replay, target, limits, Settings { schedule, ..settings }).await
        }
    }
}

async fn poll<S: Source>(
    source: S,
    target: String,
    limits: Limits,
    settings: Settings,
) -> Result<Exit, Failure> {
    let mut stop = Stop::listen().map_err(|error| Failure::of(Exit::Internal, &error, ""))?;
    let options = PollOptions { limits, ..settings.options };
    let mut poller = Poller::new(source, settings.store, target, options);
    let mut presenter = Presenter::new(settings.form);
    let mut status = Status::Failed;
    let show = |_: &mut S, report: &PollReport| {
        status = report.status;
        if settings.verbose {
            output::say_collectors(report);
        }
        presenter.show(report)
    };
    let last = repeat(&mut poller, &settings.schedule, &mut stop, show).await?;
    presenter.finish()?;
    match last {
        Last::Failed(failure) => Err(failure),
        Last::Reported => Ok(exit_of(status, settings.strict)),
    }
}

fn exit_of(status: Status, strict: bool) -> Exit {
    match status {
        Status::Ok => Exit::Done,
        Status::Degraded if strict => Exit::Degraded,
        Status::Degraded => Exit::Done,
        Status::Failed => Exit::Unavailable,
    }
}

async fn settings(mut given: Given<'_>, process: &Process) -> Result<Settings, Failure> {
    let from = from(&mut given);
    let schedule = schedule(&mut given, &from);
    let is_json = given.choice("format") == Some("json");
    let order = settings::order(&mut given);
    let table = settings::table(&mut given, process, schedule.every.is_some());
    let state = settings::state(&mut given);
    let settings = Settings {
        from,
        login: settings::login(&mut given),
        options: PollOptions {
            orders: if is_json { Order::ALL.to_vec() } else { vec![order] },
            databases: settings::databases(&mut given),
            all_due: given.flag("everything-now"),
            ..PollOptions::within(settings::limits(&mut given), given.count("top").unwrap_or(DEFAULT_TOP))
        },
        connect_timeout_said: given.said("connect-timeout"),
        store: Store::Memory(MemoryStore::default()),
        schedule,
        form: if is_json { Form::Json } else { table },
        strict: given.flag("strict"),
        verbose: given.flag("verbose"),
    };
    given.finish()?;
    let states = settings::states(&state.unwrap_or(StateUrl::Memory), process).await?;
    Ok(Settings { store: states.whole(), ..settings })
}

/// The table of options has the same figure; this one stands in while a mistake is told.
const DEFAULT_TOP: usize = 10;

fn from(given: &mut Given<'_>) -> From {
    match given.either("connection", "replay") {
        Some("replay") => From::Recording(given.text("replay").unwrap_or_default()),
        _ => From::Server(given.text("connection")),
    }
}

fn schedule(given: &mut Given<'_>, from: &From) -> Schedule {
    let every = given.duration("every");
    let (lasting, polls) = (given.duration("for"), given.count("polls"));
    if every.is_none() && lasting.is_some() {
        given.mistake("--for", "it bounds repeated polls: add --every 60s");
    }
    if every.is_none() && polls.is_some() && matches!(from, From::Server(_)) {
        given.mistake("--polls", "it bounds repeated polls: add --every 60s");
    }
    match (every, from) {
        (None, From::Server(_)) => Schedule::ONCE,
        _ => Schedule { every, lasting, polls },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_degraded_poll_fails_only_under_strict() {
        for (status, strict, code) in [
            (Status::Ok, true, 0),
            (Status::Degraded, false, 0),
            (Status::Degraded, true, 1),
            (Status::Failed, false, 69),
        ] {
            assert_eq!(exit_of(status, strict).code(), code, "{status:?}");
        }
    }
}
