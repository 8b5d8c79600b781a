//! What all emulators have in common: a process in a directory of its own that answers at a port of 127.0.0.1.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::account::Account;
use crate::daemon::{self, Daemon, POLL_EVERY};
use crate::error::Doing;
use crate::scratch::{Medium, Scratch};
use crate::server::free_port;
use crate::{Error, Result, environment};

/// Emulators are interpreted, and machines busy.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A running process.
#[derive(Debug)]
pub(super) struct Emulator {
    // Before `scratch`: the process must end before its files go.
    daemon: Daemon,
    _scratch: Scratch,
    name: &'static str,
    log: PathBuf,
    pub(super) port: u16,
}

impl Emulator {
    /// Starts a command that is made for a directory and a port, and waits until it answers there.
    pub(super) async fn start(
        name: &'static str,
        command: impl FnOnce(&Path, u16) -> Command,
    ) -> Result<Emulator> {
        let (scratch, port) = (Scratch::new(Medium::Quick)?, free_port()?);
        let home = scratch.path().join("home");
        // Programs that are installed for us need not be readable for others.
        Account::ourselves().make_directory(&home)?;
        let log = scratch.path().join("log");
        let daemon = Daemon::start(command(&home, port), Account::ourselves(), &home, &log, Signal::TERM)?;
        let mut emulator = Emulator { daemon, _scratch: scratch, name, log, port };
        emulator.wait_until_up().await?;
        Ok(emulator)
    }

    /// Returns what it has written so far.
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    async fn wait_until_up(&mut self) -> Result<()> {
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let what = format!("start {}", self.name);
            if self.daemon.has_ended() {
                return Err(Error::Exited { what, log: daemon::tail(&self.log) });
            }
            if since.elapsed() > START_LIMIT {
                return Err(Error::TimedOut { what });
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
        Ok(())
    }
}

/// Returns what lies in the folder of installed emulators, if it is there.
pub(super) fn installed(path: &str) -> Result<PathBuf> {
    let environment = environment::read();
    let folder = environment.emulators.unwrap_or_else(|| environment.cache.join("emulators"));
    let program = folder.join(path);
    let missing = || Error::NotInstalled { what: program.display().to_string() };
    program.exists().then(|| program.clone()).ok_or_else(missing)
}

/// Returns a program of this machine. Processes are started with a path of their own, so it is looked for before.
pub(super) fn on_path(name: &str) -> Result<PathBuf> {
    let found = environment::read().path.into_iter().map(|directory| directory.join(name));
    found.into_iter().find(|program| program.exists()).ok_or(Error::NotInstalled { what: name.to_owned() })
}

/// Sends one request without a body and returns the status of its answer.
pub(super) async fn put(port: u16, path: &str) -> Result<u16> {
    send(port, &format!("PUT {path}"), "", "").await
}

/// Sends one request, with headers that end in line ends, and returns the status of its answer.
pub(super) async fn send(port: u16, what: &str, headers: &str, body: &str) -> Result<u16> {
    exchange(port, what, headers, body).await.map(|(status, _)| status)
}

/// Sends one request, with headers that end in line ends, and returns status and body of its answer.
pub(super) async fn exchange(port: u16, what: &str, headers: &str, body: &str) -> Result<(u16, String)> {
    let doing = || format!("send {what} to port {port}");
    let mut socket = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.doing(doing())?;
    let length = body.len();
    let request = format!(
        "{what} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
    );
    socket.write_all(request.as_bytes()).await.doing(doing())?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.doing(doing())?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned();
    status.map(|status| (status, body)).ok_or_else(|| Error::Unsupported { what: doing() })
}
