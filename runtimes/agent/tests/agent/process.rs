//! The agent's process: started again and again by one file, in an environment that has nothing else. Everything that it
//! ever printed is kept, and when it goes, that is searched for what nobody may see.

use std::fs::{self, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The password of the monitoring role.
pub(crate) const PASSWORD: &str = "a-password-that-nobody-sees";
/// The value of a header of every request.
pub(crate) const HEADER: &str = "a-header-that-nobody-sees";
/// A literal in a statement of a user.
pub(crate) const LITERAL: &str = "a-literal-that-nobody-sees";
/// How long anything that is waited for may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// How often one looks meanwhile.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The agent, and the folder with its file, its state and its log.
pub(crate) struct Agent {
    folder: TempDir,
    child: Option<Child>,
    file: &'static str,
    log: &'static str,
}

impl Agent {
    /// Makes the folder and writes the file; nothing is started yet.
    pub(crate) fn new(text: &str) -> Agent {
        let agent =
            Agent { folder: tempfile::tempdir().unwrap(), child: None, file: "agent.yaml", log: "agent.log" };
        agent.write(text);
        agent
    }

    /// Writes the file anew. `STATE` in it stands for a folder that lives as long as this.
    pub(crate) fn write(&self, text: &str) {
        fs::write(self.file(), text.replace("STATE", &self.state().to_string_lossy())).unwrap();
    }

    /// Returns the configuration file.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join(self.file)
    }

    /// Returns the folder of the state.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// Returns the folder of everything.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the agent by its file.
    pub(crate) fn start(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgquerylens"));
        command.arg("agent").arg("--config").arg(self.file()).env_clear();
        self.start_as(command);
    }

    /// Starts a command that is or becomes the agent.
    pub(crate) fn start_as(&mut self, mut command: Command) {
        let open = OpenOptions::new().create(true).append(true).open(self.folder.path().join(self.log));
        let log = open.unwrap();
        command.process_group(0).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        assert!(self.child.is_none(), "it runs already");
        self.child = Some(command.spawn().unwrap());
    }

    /// Returns everything that it printed so far, over all its lives.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join(self.log)).unwrap_or_default()
    }

    /// Returns how many lines of the log have all these words.
    pub(crate) fn said(&self, words: &[&str]) -> usize {
        self.log().lines().filter(|line| words.iter().all(|word| line.contains(word))).count()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(self.child.as_ref().unwrap()), signal).unwrap();
    }

    /// Kills it outright.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks it to end, and returns its exit code.
    pub(crate) fn end(&mut self) -> Option<i32> {
        self.signal(Signal::TERM);
        self.ended()
    }

    /// Waits for its end and returns the exit code.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        let since = Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code();
            }
            assert!(since.elapsed() < PATIENCE, "it does not end:\n{}", self.log());
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Tells whether it ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_some())
    }

    /// Fails if it ended by itself.
    pub(crate) fn lives(&mut self) {
        if let Some(child) = &mut self.child {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended by itself, {ended:?}:\n{}", self.log());
        }
    }

    /// Returns how many files and sockets it has open.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(self.proc("fd")).unwrap().count()
    }

    /// Returns the memory that is its own, in kB.
    pub(crate) fn memory_kb(&self) -> u64 {
        let status = fs::read_to_string(self.proc("status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    fn proc(&self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.child.as_ref().unwrap().id()))
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Where it has ended there is nothing left to kill.
            let _ended = child.kill();
            let _status = child.wait();
        }
        if thread::panicking() {
            eprintln!("the agent said:\n{}", self.log());
        } else {
            tells_no_secret(&self.log());
        }
    }
}

/// Fails if a text has anything that nobody may see.
pub(crate) fn tells_no_secret(text: &str) {
    for secret in [PASSWORD, HEADER, LITERAL] {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "a secret was printed");
    }
}
