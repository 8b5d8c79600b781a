//! The subcommands, one file each: from what the user said to what is done.

mod agent;
mod check;
mod completions;
mod config;
mod control;
mod demo;
mod demo_agent;
mod demo_aws;
mod discover;
mod man;
mod poll;
mod record;
mod reference;
mod repeat;
mod settings;
mod sql;
mod stage;
mod state;
mod version;

use clap::error::ErrorKind;
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::options::{Given, unknown_variables};

use crate::options::{self, SUBCOMMANDS, Subcommand};
use crate::output;
use crate::process::Process;

/// Does what the command line asks for.
pub(crate) async fn run(process: &Process) -> Result<Exit, Failure> {
    let matches = match options::command().try_get_matches_from(&process.arguments) {
        Ok(matches) => matches,
        Err(error) => return explain(&error),
    };
    let named = matches.subcommand().and_then(|(name, matches)| {
        SUBCOMMANDS.iter().find(|spec| spec.name == name).map(|spec| (spec, matches))
    });
    // Without a subcommand there is nothing to say but --version.
    let Some((spec, matches)) = named else { return version::show(matches.get_flag("verbose")) };
    for mistake in unknown_variables(&process.environment.variables) {
        output::say_warning(mistake);
    }
    let given =
        Given::new(spec.name, options::command_line(spec.name, matches), &process.environment.variables);
    match spec.subcommand {
        Subcommand::Demo => demo::run(given, process).await,
        Subcommand::Poll => poll::run(given, process).await,
        Subcommand::Agent => agent::run(given, process).await,
        Subcommand::Config => config::run(given, process),
        Subcommand::Stop => control::stop(given, process).await,
        Subcommand::Resume => control::resume(given, process).await,
        Subcommand::State => state::run(given, process).await,
        Subcommand::Discover => discover::run(given, process).await,
        Subcommand::Check => check::run(given, process).await,
        Subcommand::Sql => sql::run(given),
        Subcommand::Record => record::run(given, process).await,
        Subcommand::Completions => completions::run(given),
        Subcommand::Man => man::run(given),
        Subcommand::Version => version::run(given),
        Subcommand::Reference => reference::run(given),
    }
}

/// Shows the help that was asked for, or what is wrong with the command line.
fn explain(error: &clap::Error) -> Result<Exit, Failure> {
    let asked_for = error.kind() == ErrorKind::DisplayHelp;
    let printed = error.print();
    printed.map_err(|error| Failure::of_output(&error))?;
    Ok(if asked_for { Exit::Done } else { Exit::Usage })
}
