//! `agent`: polls servers for ever, by a configuration. What it does by it is in `agent`.

use std::path::PathBuf;

use pgquerylens_setup::config::Source;
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::options::Given;

use crate::agent;
use crate::process::Process;

/// Runs the subcommand.
pub(super) async fn run(mut given: Given<'_>, process: &Process) -> Result<Exit, Failure> {
    let file = given.text("config").map(PathBuf::from);
    let source = Source::new(file, &given, &process.environment);
    given.finish()?;
    let configuration = source.load()?;
    agent::run(configuration, &source, process).await
}
