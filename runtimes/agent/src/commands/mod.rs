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

use std::borrow::Cow;
use std::ffi::OsString;

use clap::error::ErrorKind;
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::options::{Given, unknown_variables};

use crate::options::{self, SUBCOMMANDS, Subcommand};
use crate::output;
use crate::process::Process;

/// Does what the command line asks for.
pub(crate) async fn run(process: &Process) -> Result<Exit, Failure> {
    let arguments = with_version_spelled_out(&process.arguments);
    let matches = match options::command().try_get_matches_from(arguments.as_ref()) {
        Ok(matches) => matches,
        Err(error) => return explain(&error),
    };
    let named = matches.subcommand().and_then(|(name, matches)| {
        SUBCOMMANDS.iter().find(|spec| spec.name == name).map(|spec| (spec, matches))
    });
    let Some((spec, matches)) = named else { return Ok(Exit::Usage) };
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

/// `--version --verbose` is what people write before they know that there is `version --verbose`.
fn with_version_spelled_out(arguments: &[OsString]) -> Cow<'_, [OsString]> {
    let is = |said: &OsString, names: &[&str]| names.iter().any(|name| said == name);
    let (version, verbose) = (["--version", "-V"], ["--verbose", "-v"]);
    match arguments {
        [program, one, other]
            if is(one, &version) && is(other, &verbose) || is(one, &verbose) && is(other, &version) =>
        {
            Cow::Owned(vec![program.clone(), "version".into(), "--verbose".into()])
        }
        _ => Cow::Borrowed(arguments),
    }
}

/// Shows the help that was asked for, or what is wrong with the command line.
fn explain(error: &clap::Error) -> Result<Exit, Failure> {
    let asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let printed = error.print();
    printed.map_err(|error| Failure::of_output(&error))?;
    Ok(if asked_for { Exit::Done } else { Exit::Usage })
}
