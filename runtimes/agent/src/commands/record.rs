//! `record`: polls a server and writes down what it answered, one file per poll.

use std::path::PathBuf;

use pgquerylens_engine::poll::{PollOptions, Poller};
use pgquerylens_engine::source::live::Live;
use pgquerylens_engine::source::recording::Recorder;
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_model::report::PollReport;
use pgquerylens_model::selection::Order;
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::options::Given;

use super::repeat::{Last, repeat};
use super::settings;
use crate::output;
use crate::process::Process;
use crate::schedule::Schedule;
use crate::stop::Stop;

/// Runs the subcommand.
pub(super) async fn run(mut given: Given<'_>, process: &Process) -> Result<Exit, Failure> {
    let folder = PathBuf::from(given.text("directory").unwrap_or_default());
    let connection = given.text("connection");
    let schedule = Schedule { every: given.duration("every"), lasting: None, polls: given.count("polls") };
    let login = settings::login(&mut given);
    let limits = settings::limits(&mut given);
    let databases = settings::databases(&mut given);
    let (verbose, said) = (given.flag("verbose"), given.said("connect-timeout"));
    given.finish()?;

    let target = settings::target(connection.as_deref(), process)?;
    let limits = settings::with_timeout_of(&target, limits, said);
    let mut stop = Stop::listen().map_err(|error| Failure::of(Exit::Internal, &error, ""))?;
    let options =
        PollOptions { orders: vec![Order::Time], databases, ..PollOptions::within(limits.clone(), 1) };
    let address = target.address();
    let recorder = Recorder::new(login.live(target, limits, &process.secrets.sessions));
    let mut poller = Poller::new(recorder, MemoryStore::default(), address, options);
    let mut number = 0;
    let keep = |recorder: &mut Recorder<Live>, report: &PollReport| {
        number += 1;
        if verbose {
            output::say_collectors(report);
        }
        let path = recorder.write(&folder, number)?;
        output::say(&format!("wrote {} ({})", path.display(), report.status.name()));
        Ok(())
    };
    match repeat(&mut poller, &schedule, &mut stop, keep).await? {
        Last::Reported => Ok(Exit::Done),
        Last::Failed(failure) => Err(failure),
    }
}
