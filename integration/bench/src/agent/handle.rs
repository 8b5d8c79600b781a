//! The agent as it is run: the program beside ours, in a process of its own, by a file in a folder of its own.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::time::sleep;

use super::plan::Plan;
use super::status::Status;
use super::usage::{self, Usage};
use crate::Result;

const PROGRAM: &str = "pgquerylens";
/// What the agent says once, with the address of its pages behind it.
const SHOWN: &str = "listen=";
const START_LIMIT: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running agent. It is killed, and its state removed, when this is dropped.
pub(crate) struct Agent {
    // Before the folder: fields drop in this order.
    process: Process,
    folder: TempDir,
    pages: SocketAddr,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Where it has ended there is nothing left to kill.
        let _killed = self.0.kill();
        let _status = self.0.wait();
    }
}

impl Agent {
    /// Starts one and waits until it shows its pages.
    pub(crate) async fn start(plan: &Plan) -> Result<Agent> {
        let folder = tempfile::tempdir()?;
        write(plan, folder.path())?;
        let log = File::create(log_of(folder.path()))?;
        let child = Command::new(program()?)
            .args(["agent", "--config"])
            .arg(file_of(folder.path()))
            .env_clear()
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let mut process = Process(child);
        let pages = until_shown(&mut process, folder.path()).await?;
        Ok(Agent { process, folder, pages })
    }

    /// Lets it go on by another plan. What did not change is not disturbed.
    pub(crate) fn reload(&self, plan: &Plan) -> Result<()> {
        write(plan, self.folder.path())?;
        Ok(kill_process(Pid::from_child(&self.process.0), Signal::HUP)?)
    }

    /// Asks how it is.
    pub(crate) async fn status(&self) -> Result<Status> {
        let asked = Status::ask(self.pages).await;
        asked.map_err(|error| format!("{error}; the agent said:\n{}", log(self.folder.path())).into())
    }

    /// Looks at what it took of the machine.
    pub(crate) fn usage(&self) -> Result<Usage> {
        usage::look(self.process.0.id())
    }
}

fn program() -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name(PROGRAM);
    if program.exists() {
        return Ok(program);
    }
    let advice = "run `make bench`, or `cargo build --release --package pgquerylens` before";
    Err(format!("the agent is not there, at {}: {advice}", program.display()).into())
}

fn write(plan: &Plan, folder: &Path) -> Result<()> {
    Ok(fs::write(file_of(folder), plan.text(&folder.join("state").to_string_lossy()))?)
}

fn file_of(folder: &Path) -> PathBuf {
    folder.join("agent.yaml")
}

fn log_of(folder: &Path) -> PathBuf {
    folder.join("agent.log")
}

fn log(folder: &Path) -> String {
    fs::read_to_string(log_of(folder)).unwrap_or_default()
}

async fn until_shown(process: &mut Process, folder: &Path) -> Result<SocketAddr> {
    let since = Instant::now();
    loop {
        let log = log(folder);
        if let Some((_, rest)) = log.split_once(SHOWN).filter(|(_, rest)| rest.contains('\n')) {
            return Ok(rest.split_whitespace().next().unwrap_or_default().parse()?);
        }
        if process.0.try_wait()?.is_some() || since.elapsed() > START_LIMIT {
            return Err(format!("the agent does not start:\n{log}").into());
        }
        sleep(LOOK_EVERY).await;
    }
}
