//! The agent's loop over all servers: what is done by a configuration.

use crate::config::{Configuration, Source};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::process::Process;

/// Runs until a signal ends it. The source is loaded again at a reload.
#[allow(clippy::unused_async, reason = "polls wait")]
pub(crate) async fn run(
    configuration: Configuration,
    source: &Source,
    process: &Process,
) -> Result<Exit, Failure> {
    drop((configuration, source.clone(), process.clone()));
    Err(Failure::new(
        Exit::Internal,
        "the configuration has no mistake, but this version cannot run by it yet",
        "use pgquerylens poll --every 60s",
    ))
}
