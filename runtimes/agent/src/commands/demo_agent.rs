//! `demo --agent`: the agent with two servers and a receiver of OTLP, all real, and everything that goes wrong at
//! night: a server is killed, the receiver stops answering, the agent is killed. At the end what the servers executed
//! is held against what the receiver has.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use pgquerylens_sandbox::receiver::{Account, Behaviour, Receiver};
use pgquerylens_sandbox::{Installation, Server, Shutdown, newest, roles};
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::stage::{Actor, CAST, Trouble, progress, settled};
use crate::output;
use crate::stop::Stop;

/// Executions of one burst.
const BURST: u64 = 500;
/// How long the figures may take to arrive.
const PATIENCE: Duration = Duration::from_secs(45);
/// How long the receiver stays silent: longer than a request's time limit and than several polls.
const SILENCE: Duration = Duration::from_secs(8);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

const CLOSING: &str = "
Every figure arrived once: sums are cumulative, so that a repeat says nothing new, and events carry the id of their
window, so that a later one replaces an earlier. The servers are stopped and all files are gone.
To send your own database's figures to any OTLP endpoint:
  export DATABASE_URL=postgresql://user@host/db
  export OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318
  pgquerylens agent
";

/// Plays it, until it is over or a signal comes.
pub(super) async fn run(stop: &mut Stop) -> Result<Exit, Failure> {
    tokio::select! {
        played = play() => Ok(played?),
        () = stop.requested() => Ok(Exit::Done),
    }
}

async fn play() -> Result<Exit, Trouble> {
    let mut stage = Stage::open().await?;
    say("the agent begins; 500 executions on each server");
    stage.agent.start()?;
    stage.until("the first poll of each server", |account, _| levels(account, "pgquerylens.up") == 2).await?;
    stage.burst().await?;
    stage.everything_arrived().await?;

    say("server shop is killed and started again; both execute on");
    stage.kill_a_server().await?;
    stage.burst().await?;
    stage.everything_arrived().await?;

    say("the receiver stops answering for 8 s; both execute on");
    stage.receiver.behave(Behaviour::Hang);
    for _ in 0..2 {
        stage.burst().await?;
        sleep(SILENCE / 2).await;
    }
    stage.receiver.behave(Behaviour::Accept);
    stage.everything_arrived().await?;

    say("the agent is killed (SIGKILL) and started again; both execute on");
    stage.burst().await?;
    stage.agent.kill().await?;
    stage.burst().await?;
    stage.agent.start()?;
    stage.everything_arrived().await?;

    say("the agent is asked to end (SIGTERM) while a delivery hangs, and started once more");
    stage.receiver.behave(Behaviour::TakeAndHang);
    stage.burst().await?;
    sleep(LOOK_AGAIN * 12).await;
    stage.agent.end().await?;
    stage.receiver.behave(Behaviour::Accept);
    stage.agent.start()?;
    stage.everything_arrived().await?;
    stage.agent.end().await?;

    settled(&stage.actors, &stage.receiver)?;
    output::write(CLOSING)?;
    Ok(Exit::Done)
}

fn say(act: &str) {
    output::say(&format!("* {act}"));
}

/// How many series of a level there are.
fn levels(account: &Account, metric: &str) -> usize {
    account.levels_of(metric).count()
}

/// The agent's process, started again and again by one file.
struct Agent {
    folder: TempDir,
    process: Option<Child>,
}

struct Stage {
    actors: Vec<Actor>,
    receiver: Receiver,
    agent: Agent,
}

impl Stage {
    async fn open() -> Result<Stage, Trouble> {
        let installation = Installation::find()?;
        let major = installation.newest().unwrap_or_else(newest);
        say(&format!("two PostgreSQL {major} and a receiver of OTLP are started"));
        let receiver = Receiver::start().await?;
        let mut actors = Vec::new();
        for (name, statements) in CAST {
            let server = Server::new(major).installation(&installation);
            actors.push(Actor::enter(name, statements, server).await?);
        }
        let folder = tempfile::tempdir().map_err(|error| {
            Failure::of(Exit::CannotCreate, &error, "make the folder for temporary files writable")
        })?;
        let file = file(&actors, &receiver, folder.path());
        fs::write(folder.path().join("agent.yaml"), file)
            .map_err(|error| Failure::of_file("write", folder.path(), &error))?;
        Ok(Stage { actors, receiver, agent: Agent { folder, process: None } })
    }

    async fn burst(&mut self) -> Result<(), Trouble> {
        for actor in &mut self.actors {
            actor.execute(BURST).await?;
        }
        Ok(())
    }

    /// What a server had in memory alone dies with it: it is killed when the last poll has seen all.
    async fn kill_a_server(&mut self) -> Result<(), Trouble> {
        let Some(actor) = self.actors.first_mut() else { return Ok(()) };
        actor.server.stop(Shutdown::Immediate).await?;
        actor.server.start_again().await?;
        Ok(())
    }

    async fn everything_arrived(&mut self) -> Result<(), Trouble> {
        self.until("what was executed", |account, actors| {
            actors.iter().all(|actor| {
                actor.received(account) >= actor.executed
                    && actor.received_as_events(account) >= actor.executed
            })
        })
        .await?;
        output::say(&progress(&self.actors, &self.receiver.account()));
        Ok(())
    }

    /// Waits until the receiver knows something. What does not come in time shows in the table.
    async fn until(&mut self, what: &str, knows: impl Fn(&Account, &[Actor]) -> bool) -> Result<(), Trouble> {
        let end = Instant::now() + PATIENCE;
        while !knows(&self.receiver.account(), &self.actors) {
            if Instant::now() > end {
                output::say_warning(format!("{what} did not arrive within {} s", PATIENCE.as_secs()));
                return Ok(());
            }
            self.agent.is_alive()?;
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }
}

impl Agent {
    fn start(&mut self) -> Result<(), Failure> {
        let program = std::env::current_exe().unwrap_or_else(|_| "pgquerylens".into());
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.path().join("agent.log"));
        let log = log.map_err(|error| Failure::of_file("write", self.folder.path(), &error))?;
        let process = Command::new(program)
            .arg("agent")
            .arg("--config")
            .arg(self.folder.path().join("agent.yaml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn();
        self.process = Some(process.map_err(|error| Failure::of(Exit::Internal, &error, ""))?);
        Ok(())
    }

    /// Fails if the agent ended by itself, with the last it said.
    fn is_alive(&mut self) -> Result<(), Failure> {
        let ended = self.process.as_mut().and_then(|process| process.try_wait().ok().flatten());
        let Some(status) = ended else { return Ok(()) };
        let log = fs::read_to_string(self.folder.path().join("agent.log")).unwrap_or_default();
        let last = log.lines().last().unwrap_or_default().to_owned();
        Err(Failure::new(Exit::Internal, format!("the agent ended by itself ({status}): {last}"), ""))
    }

    async fn kill(&mut self) -> Result<(), Failure> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        process.kill().await.map_err(|error| Failure::of(Exit::Internal, &error, ""))
    }

    async fn end(&mut self) -> Result<(), Failure> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        if let Some(id) = process.id().and_then(|id| rustix::process::Pid::from_raw(id as i32)) {
            let _gone = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        let waited = tokio::time::timeout(PATIENCE, process.wait()).await;
        match waited {
            Ok(Ok(status)) => {
                output::say(&format!("  the agent ended: {status}"));
                Ok(())
            }
            _ => Err(Failure::new(Exit::Internal, "the agent did not end when it was asked to", "")),
        }
    }
}

fn file(actors: &[Actor], receiver: &Receiver, folder: &Path) -> String {
    let mut file = format!(
        "state: file:{}\nlisten: off\nshutdown-grace: 6s\ndefaults:\n  every: 2s\nservers:\n",
        folder.join("state").display()
    );
    for actor in actors {
        let url = actor.server.url(roles::MONITOR, "postgres");
        // Writing to a string cannot fail.
        let _ = writeln!(file, "  - name: {}\n    connection: {url}", actor.name);
    }
    let _ = writeln!(
        file,
        "exporters:\n  - name: receiver\n    kind: otlp\n    endpoint: {}\n    timeout: 2s",
        receiver.url()
    );
    file
}
