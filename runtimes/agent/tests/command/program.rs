//! The built program, run in an environment that has the password of our servers and nothing else. What it writes is read line
//! by line, its end is waited for within a limit, and it does not outlive its test.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use pgquerylens_sandbox::PASSWORD;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

/// How long anything that is waited for may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// How often one looks meanwhile.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What a program that ended has said.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; none if a signal ended it.
    pub(crate) code: Option<i32>,
    /// What was left on the standard output.
    pub(crate) stdout: String,
    /// What was left on the standard error.
    pub(crate) stderr: String,
}

impl Ended {
    /// Returns what was said on the standard error, besides that a busy machine was slower than the interval.
    pub(crate) fn complaints(&self) -> Vec<&str> {
        self.stderr.lines().filter(|line| !line.ends_with("ticks skipped")).collect()
    }

    /// Returns the JSON documents on the standard output, one a line.
    pub(crate) fn documents(&self) -> Vec<Value> {
        self.stdout.lines().map(document).collect()
    }
}

/// Reads a line as a JSON document.
pub(crate) fn document(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// The program at work. It is killed with its test.
pub(crate) struct Running {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: BufReader<ChildStderr>,
}

/// Returns the program with these arguments.
pub(crate) fn pgquerylens(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgquerylens"));
    command.args(arguments).env_clear().env("PGPASSWORD", PASSWORD);
    command
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Ended {
    Running::start(pgquerylens(arguments)).ended()
}

impl Running {
    /// Starts the program as a shell does: in a process group of its own.
    pub(crate) fn start(mut command: Command) -> Running {
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().map(BufReader::new);
        let stderr = child.stderr.take().map(BufReader::new).unwrap();
        Running { child, stdout, stderr }
    }

    /// Waits for the next line of the standard output; empty at its end.
    pub(crate) fn line(&mut self) -> String {
        read_line(self.stdout.as_mut().unwrap())
    }

    /// Waits for the next line of the standard error; empty at its end.
    pub(crate) fn said(&mut self) -> String {
        read_line(&mut self.stderr)
    }

    /// Closes the reading end of the standard output, as `head` does.
    pub(crate) fn close_stdout(&mut self) {
        self.stdout = None;
    }

    /// Sends a signal to the program and its children, as a terminal does on Ctrl-C.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process_group(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end and returns what was written and not yet read.
    pub(crate) fn ended(mut self) -> Ended {
        let stdout = self.stdout.take().map(|mut stdout| thread::spawn(move || rest(&mut stdout)));
        let status = self.waited();
        Ended {
            code: status.code(),
            stdout: stdout.map(|reader| reader.join().unwrap()).unwrap_or_default(),
            stderr: rest(&mut self.stderr),
        }
    }

    fn waited(&mut self) -> ExitStatus {
        until("the program has ended", || self.child.try_wait().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Where it has ended there is nothing left to kill.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Looks again and again until there is something to return.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(since.elapsed() < PATIENCE, "waited in vain until {what}");
        thread::sleep(LOOK_EVERY);
    }
}

fn read_line(reader: &mut impl BufRead) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    line
}

fn rest(reader: &mut impl Read) -> String {
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    text
}
