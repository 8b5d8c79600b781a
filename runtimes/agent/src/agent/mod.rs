//! The agent: polls servers for ever and sends what it reads, by a configuration.
//!
//! Here signals are heard; which servers run is [`fleet`]'s, what one server does [`server`]'s.

mod board;
mod fleet;
mod health;
pub(crate) mod ownership;
mod place;
mod seats;
mod server;
mod signals;
mod telemetry;
mod wishes;

use std::rc::Rc;
use std::time::Duration;

use pgquerylens_setup::config::{Configuration, Source};
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::log;
use tokio::task::LocalSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{error, info};

use crate::process::Process;

use board::Board;
use fleet::Fleet;
use health::Health;
use signals::{Signal, Signals};
use telemetry::Telemetry;

/// How often the loop notes that it turns.
const BEAT: Duration = Duration::from_secs(1);

/// Runs until a signal ends it. The source is loaded again at a reload.
pub(crate) async fn run(
    configuration: Configuration,
    source: &Source,
    process: &Process,
) -> Result<Exit, Failure> {
    log::start(&configuration.process, log::Repeats::LeftOut)?;
    LocalSet::new().run_until(supervise(configuration, source, process)).await
}

async fn supervise(
    configuration: Configuration,
    source: &Source,
    process: &Process,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen().map_err(|error| Failure::of(Exit::Internal, &error, ""))?;
    let board = Rc::new(Board::new(source.file().map(|file| file.display().to_string())));
    let secrets = process.secrets.clone();
    let telemetry = Rc::new(Telemetry::new(process, secrets.clone(), Rc::clone(&board)));
    let fleet = Fleet::new(process, secrets, Rc::clone(&board), Rc::clone(&telemetry));
    let mut works = Works { fleet, health: Health::new(Rc::clone(&board)), telemetry };
    let mut grace = configuration.process.shutdown_grace;
    works.run_by(configuration).await?;
    signals::tell_ready();
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        board.beat();
        let signal = tokio::select! {
            signal = signals.next() => signal,
            _ = beats.tick() => continue,
        };
        match signal {
            Signal::Stop => break,
            Signal::Reload => match reload(source, &mut works).await {
                Ok(fresh) => {
                    grace = fresh;
                    board.reloaded(None);
                    info!("configuration reloaded");
                }
                Err(failure) => {
                    let failure = failure.in_one_line();
                    error!(failure, "configuration not reloaded, the old one goes on");
                    board.reloaded(Some(failure));
                }
            },
        }
        signals::tell_ready();
    }
    board.stopping();
    signals::tell_stopping();
    info!(grace_seconds = grace.as_secs_f64(), "stopping");
    let end = Instant::now() + grace;
    let unfinished = works.fleet.stop(end).await;
    works.telemetry.stop(end).await;
    if unfinished.is_empty() {
        info!("stopped");
        return Ok(Exit::Done);
    }
    error!(servers = unfinished.join(", "), "stopped before every server was done");
    Ok(Exit::TryAgain)
}

/// Reads the configuration again and runs by it. Returns its grace for an end.
async fn reload(source: &Source, works: &mut Works) -> Result<Duration, Failure> {
    let fresh = source.load()?;
    let grace = fresh.process.shutdown_grace;
    works.run_by(fresh).await?;
    Ok(grace)
}

/// What goes by a configuration.
struct Works {
    fleet: Fleet,
    health: Health,
    telemetry: Rc<Telemetry>,
}

impl Works {
    /// Runs by a configuration from now on. Fails before anything changed; a port that is taken is found before polls begin.
    async fn run_by(&mut self, configuration: Configuration) -> Result<(), Failure> {
        let bound = self.health.bind(configuration.process.listen).await?;
        let change = self.telemetry.prepare(&configuration.process)?;
        self.fleet.run_by(configuration).await?;
        self.telemetry.change(change);
        self.health.serve(bound).await;
        Ok(())
    }
}
