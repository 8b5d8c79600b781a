//! A server process of ours: started as the servers' account in a process group of its own, ended when dropped.
//! It knows no PostgreSQL beyond the fact that a process works in its data directory.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{Error, Result, account::Account, error::Doing};

/// How long a dropped server may take to end by itself before it is killed.
const DROP_LIMIT: Duration = Duration::from_secs(6);
/// How long orphans may take to end in order.
const ORDER_LIMIT: Duration = Duration::from_secs(2);
/// How often we look whether something has happened.
pub(crate) const POLL_EVERY: Duration = Duration::from_millis(5);
/// How much of a log goes into an error.
const LOG_TAIL_LINES: usize = 20;

/// A running server process.
#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
    /// The signal that ends it at once but in order.
    ending: Signal,
    /// The directory that it and all its children work in.
    directory: PathBuf,
}

impl Daemon {
    /// Starts `command` in `directory`, with its output appended to `log` and nothing of our own environment.
    pub(crate) fn start(
        mut command: Command,
        account: Account,
        directory: &Path,
        log: &Path,
        ending: Signal,
    ) -> Result<Self> {
        let output = fs::OpenOptions::new().create(true).append(true).open(log).doing_at("open", log)?;
        let errors = output.try_clone().doing_at("open", log)?;
        let own: Vec<(OsString, Option<OsString>)> =
            command.get_envs().map(|(name, value)| (name.to_owned(), value.map(OsStr::to_owned))).collect();
        command.env_clear().envs(own.into_iter().filter_map(|(name, value)| Some((name, value?))));
        command.env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").env("TZ", "UTC");
        command.current_dir(directory).process_group(0).stdin(Stdio::null()).stdout(output).stderr(errors);
        account.apply(&mut command);
        let what = format!("start {}", Path::new(command.get_program()).display());
        let child = command.spawn().doing(what)?;
        Ok(Self { child, ending, directory: directory.to_owned() })
    }

    /// Returns the process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        send(self.child.id(), signal)
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self, what: &str, limit: Duration) -> Result<()> {
        let since = Instant::now();
        while !self.has_ended() {
            if since.elapsed() > limit {
                return Err(Error::TimedOut { what: what.to_owned() });
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let since = Instant::now();
        while !self.has_ended() && since.elapsed() < DROP_LIMIT {
            let _ = self.signal(self.ending);
            thread::sleep(POLL_EVERY);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        // PostgreSQL's children are group leaders of their own and outlive a killed parent for a moment.
        end_all_below(&self.directory);
    }
}

/// Sends a signal to a process.
pub(crate) fn send(process: u32, signal: Signal) -> Result<()> {
    let id = i32::try_from(process).ok().and_then(Pid::from_raw);
    let id = id.ok_or_else(|| Error::Unsupported { what: format!("signal process {process}") })?;
    kill_process(id, signal).map_err(std::io::Error::from).doing(format!("signal process {process}"))
}

/// Whether a process works in `directory` or below it.
pub(crate) fn works_below(process: u32, directory: &Path) -> bool {
    fs::read_link(format!("/proc/{process}/cwd")).is_ok_and(|working| working.starts_with(directory))
}

/// Ends every process that works in `directory` or below it and waits until they are gone.
pub(crate) fn end_all_below(directory: &Path) {
    let since = Instant::now();
    loop {
        let left = processes().filter(|process| works_below(*process, directory));
        // In order first: a postmaster that is killed leaves its shared memory behind.
        let signal = if since.elapsed() < ORDER_LIMIT { Signal::QUIT } else { Signal::KILL };
        let reached = left.map(|process| send(process, signal)).filter(Result::is_ok).count();
        if reached == 0 || since.elapsed() > DROP_LIMIT {
            return;
        }
        thread::sleep(POLL_EVERY);
    }
}

/// Returns the last lines of a log.
pub(crate) fn tail(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::{Daemon, end_all_below, works_below};
    use crate::scratch::{Medium, Scratch};
    use rustix::process::Signal;
    use std::process::Command;

    #[test]
    fn children_that_left_the_group_end_too() {
        let scratch = Scratch::new(Medium::Disk).unwrap();
        let home = scratch.private_directory("home").unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "setsid sleep 60 & wait"]);
        let log = scratch.path().join("log");
        let daemon = Daemon::start(command, scratch.account(), &home, &log, Signal::TERM).unwrap();
        assert!(works_below(daemon.id(), &home));
        drop(daemon);
        end_all_below(&home);
        assert!(!super::processes().any(|process| works_below(process, &home)));
    }
}
