//! The agent: polls servers for ever and sends what it reads, by a configuration.
//!
//! Here signals are heard; which servers run is [`fleet`]'s, what one server does [`server`]'s.

mod board;
pub(crate) mod clock;
mod exporters;
mod fleet;
mod log;
mod ownership;
mod server;
mod signals;

use std::rc::Rc;

use tokio::task::LocalSet;
use tracing::{error, info};

use crate::config::{Configuration, Source};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::process::Process;

use board::Board;
use fleet::Fleet;
use signals::{Signal, Signals};

/// Runs until a signal ends it. The source is loaded again at a reload.
pub(crate) async fn run(
    configuration: Configuration,
    source: &Source,
    process: &Process,
) -> Result<Exit, Failure> {
    log::start(&configuration.process)?;
    LocalSet::new().run_until(supervise(configuration, source, process)).await
}

async fn supervise(
    configuration: Configuration,
    source: &Source,
    process: &Process,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen().map_err(|error| Failure::of(Exit::Internal, &error, ""))?;
    let board = Rc::new(Board::default());
    let mut fleet = Fleet::new(process, Rc::clone(&board));
    let mut grace = configuration.process.shutdown_grace;
    fleet.run_by(configuration)?;
    signals::tell_ready();
    loop {
        match signals.next().await {
            Signal::Stop => break,
            Signal::Reload => match source.load().map_err(Failure::from).and_then(|fresh| {
                grace = fresh.process.shutdown_grace;
                fleet.run_by(fresh)
            }) {
                Ok(()) => info!("configuration reloaded"),
                Err(failure) => error!(%failure, "configuration not reloaded, the old one goes on"),
            },
        }
        signals::tell_ready();
    }
    signals::tell_stopping();
    info!(grace_seconds = grace.as_secs_f64(), "stopping");
    let unfinished = fleet.stop(grace).await;
    if unfinished.is_empty() {
        info!("stopped");
        return Ok(Exit::Done);
    }
    error!(servers = unfinished.join(", "), "stopped before every server was done");
    Ok(Exit::TryAgain)
}
