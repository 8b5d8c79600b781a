//! PgBouncer in transaction mode in front of a throw-away server, in both ways it treats the startup parameter
//! `options`, or behind a front. Prepared statements are off, as in every PgBouncer before 1.21.

use std::{
    fmt::Write,
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::{
    Error, PASSWORD, Result, SUPERUSER, Server,
    daemon::{self, Daemon, POLL_EVERY},
    environment, roles,
    scratch::{Medium, Scratch},
    server::{free_port, url_at},
};

/// Where a program for administrators may lie although `PATH` does not say so.
const ADMINISTRATORS_PROGRAMS: &str = "/usr/sbin";
const START_LIMIT: Duration = Duration::from_secs(10);

/// What the pooler does with a client that sends `options` in its startup packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartupOptions {
    /// It refuses the connection, which is PgBouncer's default before 1.20.
    Refused,
    /// It accepts the connection and drops the options (`ignore_startup_parameters`).
    Ignored,
}

/// A running PgBouncer. Dropping it ends it and removes its files; the server behind it stays.
#[derive(Debug)]
pub struct Pooler {
    // Before `scratch`: the process must end before its files go.
    daemon: Daemon,
    scratch: Scratch,
    port: u16,
}

impl Pooler {
    /// Whether the program is on this machine.
    pub fn is_installed() -> bool {
        program().is_some()
    }

    /// Starts a pooler that lets the superuser and the roles of [`roles`] in.
    pub async fn start(server: &Server, options: StartupOptions) -> Result<Self> {
        Self::start_with(server, options, "auth_type = scram-sha-256").await
    }

    /// Starts a pooler for a front that has checked who comes: it lets the same roles in without a question, and gives
    /// every transaction another backend, which no pooler promises and each may do.
    pub async fn start_behind_front(server: &Server) -> Result<Self> {
        Self::start_with(server, StartupOptions::Refused, "auth_type = trust\nserver_lifetime = 0").await
    }

    async fn start_with(server: &Server, options: StartupOptions, more: &str) -> Result<Self> {
        let program = program().ok_or_else(|| Error::NotInstalled { what: "pgbouncer".to_owned() })?;
        let (scratch, port) = (Scratch::new(Medium::Disk)?, free_port()?);
        let home = scratch.private_directory("pooler")?;
        scratch.account().write_file(&home.join("users"), &users())?;
        scratch
            .account()
            .write_file(&home.join("pgbouncer.ini"), &configuration(server, options, port, more))?;
        let mut command = Command::new(program);
        command.arg("pgbouncer.ini");
        let log = scratch.path().join("log");
        let daemon = Daemon::start(command, scratch.account(), &home, &log, Signal::TERM)?;
        let mut pooler = Self { daemon, scratch, port };
        pooler.wait_until_up(&log).await?;
        Ok(pooler)
    }

    /// Returns the URL of a role and database through the pooler.
    pub fn url(&self, user: &str, database: &str) -> String {
        url_at(self.port, user, database, "sslmode=disable")
    }

    /// Returns the TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the whole log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.scratch.path().join("log")).unwrap_or_default()
    }

    async fn wait_until_up(&mut self, log: &Path) -> Result<()> {
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let what = "start PgBouncer".to_owned();
            if self.daemon.has_ended() {
                return Err(Error::Exited { what, log: daemon::tail(log) });
            }
            if since.elapsed() > START_LIMIT {
                return Err(Error::TimedOut { what });
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
        Ok(())
    }
}

fn program() -> Option<PathBuf> {
    let mut directories = environment::read().path;
    directories.push(ADMINISTRATORS_PROGRAMS.into());
    directories.into_iter().map(|directory| directory.join("pgbouncer")).find(|program| program.exists())
}

fn users() -> String {
    let mut text = String::new();
    for name in [SUPERUSER, roles::MONITOR, roles::PLAIN] {
        let _ = writeln!(text, "\"{name}\" \"{PASSWORD}\"");
    }
    text
}

fn configuration(server: &Server, options: StartupOptions, port: u16, more: &str) -> String {
    let ignored = match options {
        StartupOptions::Refused => "extra_float_digits",
        StartupOptions::Ignored => "extra_float_digits,options",
    };
    format!(
        "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
         unix_socket_dir =\npool_mode = transaction\nauth_file = users\nadmin_users = {SUPERUSER}\n\
         ignore_startup_parameters = {ignored}\nserver_login_retry = 1\n{more}\n",
        server.port(),
    )
}

#[cfg(test)]
mod tests {
    use super::{Pooler, StartupOptions};
    use crate::{Server, connect, newest};

    #[tokio::test]
    async fn pooler_answers_and_treats_options_as_asked() {
        let server = Server::new(newest()).start().await.unwrap();
        for (options, accepted) in [(StartupOptions::Refused, false), (StartupOptions::Ignored, true)] {
            let pooler = Pooler::start(&server, options).await.unwrap();
            let client = connect(&pooler.url("postgres", "postgres")).await.unwrap();
            let answer = client.simple_query("select 1").await;
            assert!(answer.is_ok(), "{answer:?} {}", pooler.log());
            let with_options =
                format!("{}&options=-csearch_path%3Dpg_catalog", pooler.url("postgres", "postgres"));
            assert_eq!(connect(&with_options).await.is_ok(), accepted, "{options:?}");
        }
    }
}
