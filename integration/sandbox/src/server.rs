//! A real PostgreSQL server of any supported major: start, stop, crash, log in, look at its log.
//! How it is asked for is in `builder`, how its data directory comes about in `template` and `standby`,
//! who logs in and how in `login`.

mod builder;
mod layout;
mod login;
mod port;
mod standby;
mod template;

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

pub use builder::ServerBuilder;
pub(crate) use layout::Layout;
pub(crate) use login::url_at;
pub use login::{backend_pid, connect};
pub(crate) use port::free_port;
use rustix::process::Signal;

use crate::{
    Error, Result,
    daemon::{self, Daemon, POLL_EVERY},
};

/// The superuser of every throw-away server.
pub const SUPERUSER: &str = "postgres";
/// The password of every role we make. The servers listen on 127.0.0.1 alone and live for minutes.
pub const PASSWORD: &str = "sandbox";

const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(60);
/// How many ports are tried before giving up.
const PORT_ATTEMPTS: usize = 5;
/// The postmaster's lock file tells its status in its eighth line.
const STATUS_LINE_AFTER_FIRST: usize = 6;
const READY: &str = "database system is ready to accept";

/// How a server is asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// Waits for every client to leave.
    Smart,
    /// Ends the sessions, writes a checkpoint.
    Fast,
    /// Ends at once, so that the next start recovers and counters are lost.
    Immediate,
}

impl Shutdown {
    fn signal(self) -> Signal {
        match self {
            Self::Smart => Signal::TERM,
            Self::Fast => Signal::INT,
            Self::Immediate => Signal::QUIT,
        }
    }
}

/// A running, or stopped, throw-away server. Dropping it ends it and removes its files.
#[derive(Debug)]
pub struct Server {
    // Before `layout`: fields drop in this order, and the process must end before its files go.
    daemon: Option<Daemon>,
    layout: Layout,
    port: u16,
    environment: Vec<(&'static str, String)>,
}

impl Server {
    /// Returns a server of this major, to be configured and started.
    #[expect(clippy::new_ret_no_self, reason = "a server is of use only once it was configured and started")]
    pub fn new(major: u32) -> ServerBuilder {
        ServerBuilder::new(major)
    }

    async fn launch(
        layout: Layout,
        port: Option<u16>,
        environment: Vec<(&'static str, String)>,
    ) -> Result<Self> {
        let mut server = Self { daemon: None, layout, port: 0, environment };
        for attempt in 1.. {
            server.port = port.map_or_else(free_port, Ok)?;
            match server.start_again().await {
                Err(Error::Exited { log, .. }) if attempt < PORT_ATTEMPTS && port_was_taken(&log) => {}
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        Ok(server)
    }

    /// Starts a stopped server on the port it had, and waits until it accepts connections.
    pub async fn start_again(&mut self) -> Result<()> {
        let layout = &self.layout;
        let mut command = Command::new(layout.programs.join("postgres"));
        command
            .arg("-D")
            .arg(&layout.data)
            .arg("-p")
            .arg(self.port.to_string())
            .arg("-k")
            .arg(&layout.socket)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        let account = layout.scratch.account();
        let daemon = Daemon::start(command, account, &layout.data, &layout.log, Signal::QUIT)?;
        self.daemon = Some(daemon);
        let started = self.wait_until_up().await;
        if started.is_err() {
            self.daemon = None;
        }
        started
    }

    /// Stops it and waits until it has ended. Stopping a stopped server does nothing.
    pub async fn stop(&mut self, shutdown: Shutdown) -> Result<()> {
        let Some(daemon) = &mut self.daemon else { return Ok(()) };
        daemon.signal(shutdown.signal())?;
        daemon.ended("stop PostgreSQL", STOP_LIMIT).await?;
        self.daemon = None;
        Ok(())
    }

    /// Stops it in the fast way and starts it on the same port.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop(Shutdown::Fast).await?;
        self.start_again().await
    }

    /// Asks a running server to stop and returns at once.
    pub fn begin_stop(&self, shutdown: Shutdown) -> Result<()> {
        self.daemon.as_ref().map_or(Ok(()), |daemon| daemon.signal(shutdown.signal()))
    }

    /// Makes it read its configuration files again.
    pub fn reload(&self) -> Result<()> {
        self.daemon.as_ref().map_or(Ok(()), |daemon| daemon.signal(Signal::HUP))
    }

    /// Kills one backend, which makes the server end all sessions and recover, and waits until it is up again.
    pub async fn kill9_backend(&self, process: u32) -> Result<()> {
        if !daemon::works_below(process, &self.layout.data) {
            return Err(Error::Unsupported {
                what: format!("kill {process}, which is no backend of this server"),
            });
        }
        let times_ready = || self.log().matches(READY).count();
        let before = times_ready();
        daemon::send(process, Signal::KILL)?;
        let since = Instant::now();
        while times_ready() == before {
            if since.elapsed() > START_LIMIT {
                return Err(Error::TimedOut { what: "recover PostgreSQL".to_owned() });
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
        Ok(())
    }

    /// Returns the whole log.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.layout.log).unwrap_or_default()).into_owned()
    }

    /// Returns the process id of the postmaster, unless it is stopped.
    pub fn postmaster_pid(&self) -> Option<u32> {
        self.daemon.as_ref().map(Daemon::id)
    }

    /// Returns the major version.
    pub fn major(&self) -> u32 {
        self.layout.major
    }

    /// Returns the TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the data directory, which only the server's account may enter.
    pub fn data_directory(&self) -> &Path {
        &self.layout.data
    }

    async fn wait_until_up(&mut self) -> Result<()> {
        let since = Instant::now();
        let Some(daemon) = &mut self.daemon else { return Ok(()) };
        while !is_up(&self.layout.data, daemon.id()) {
            let what = "start PostgreSQL".to_owned();
            if daemon.has_ended() {
                return Err(Error::Exited { what, log: daemon::tail(&self.layout.log) });
            }
            if since.elapsed() > START_LIMIT {
                return Err(Error::TimedOut { what });
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
        Ok(())
    }
}

/// Whether the postmaster says in its lock file that it accepts connections, or as a standby soon will.
fn is_up(data: &Path, postmaster: u32) -> bool {
    let text = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    let mut lines = text.lines();
    let ours = lines.next().is_some_and(|first| first.trim() == postmaster.to_string());
    let status = lines.nth(STATUS_LINE_AFTER_FIRST).unwrap_or_default().trim();
    ours && (status == "ready" || status == "standby")
}

fn port_was_taken(log: &str) -> bool {
    log.contains("Address already in use")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Server, Shutdown, is_up};
    use crate::{majors, newest};

    /// Starts every major, asks it, stops it, and looks for what it left.
    #[tokio::test]
    async fn every_major_starts_answers_and_leaves_nothing() {
        for major in majors() {
            let server = Server::new(major).start().await.unwrap();
            let client = server.superuser().await.unwrap();
            let version: String = client.query_one("select version()", &[]).await.unwrap().get(0);
            assert!(version.starts_with(&format!("PostgreSQL {major}.")), "{version}");
            server.execute("create extension pg_stat_statements").await.unwrap();
            let seen = "select count(*) from pg_stat_statements";
            assert!(client.query_one(seen, &[]).await.unwrap().get::<_, i64>(0) > 0);
            let (directory, postmaster) =
                (server.layout.scratch.path().to_owned(), server.postmaster_pid().unwrap());
            drop(server);
            assert!(!directory.exists());
            assert!(!fs::exists(format!("/proc/{postmaster}")).unwrap());
        }
    }

    #[tokio::test]
    async fn url_stays_valid_over_stop_start_and_crash() {
        let mut server = Server::new(newest()).setting("work_mem", "1MB").start().await.unwrap();
        for shutdown in [Shutdown::Smart, Shutdown::Fast, Shutdown::Immediate] {
            server.stop(shutdown).await.unwrap();
            assert!(server.superuser().await.is_err());
            server.start_again().await.unwrap();
        }
        let client = server.superuser().await.unwrap();
        let victim = super::backend_pid(&client).await.unwrap();
        server.kill9_backend(victim).await.unwrap();
        let client = server.superuser().await.unwrap();
        let work_mem: String = client.query_one("show work_mem", &[]).await.unwrap().get(0);
        assert_eq!(work_mem, "1MB");
        assert!(server.kill9_backend(1).await.is_err());
    }

    #[tokio::test]
    async fn failed_start_shows_the_log() {
        let error = Server::new(newest()).setting("work_mem", "blue").start().await.unwrap_err();
        assert!(error.to_string().contains("work_mem"), "{error}");
    }

    #[tokio::test]
    async fn arguments_of_initdb_and_the_socket_work() {
        let server = Server::new(newest()).initdb_arg("--encoding=SQL_ASCII").start().await.unwrap();
        let (client, connection) =
            tokio_postgres::connect(&server.socket_url("postgres", "postgres"), tokio_postgres::NoTls)
                .await
                .unwrap();
        let connection = tokio::spawn(connection);
        let encoding: String = client.query_one("show server_encoding", &[]).await.unwrap().get(0);
        assert_eq!(encoding, "SQL_ASCII");
        drop(client);
        connection.await.unwrap().unwrap();
    }

    #[test]
    fn server_of_another_process_is_not_up() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("postmaster.pid"), "7\n/d\n1\n5\n/s\n*\n1 2\nready   \n").unwrap();
        assert!(is_up(data.path(), 7));
        assert!(!is_up(data.path(), 8));
    }
}
