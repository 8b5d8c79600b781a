//! The bench's end of a collector: starts the child, asks it to poll, and lets it go.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::orders::{Orders, Turn};
use crate::Result;

/// A collector in a process of its own. It ends when this is dropped.
pub(crate) struct Collector {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Collector {
    /// Starts one; it has not polled yet.
    pub(crate) fn start(orders: &Orders) -> Result<Collector> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["child", &serde_json::to_string(orders)?])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let answers = child.stdout.take().ok_or("the collector has no output")?;
        Ok(Collector { orders: child.stdin.take(), child, answers: BufReader::new(answers) })
    }

    /// Lets it poll once.
    pub(crate) fn poll(&mut self) -> Result<Turn> {
        let orders = self.orders.as_mut().ok_or("the collector was let go")?;
        orders.write_all(b"poll\n")?;
        orders.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        if line.is_empty() {
            return Err("the collector ended without an answer".into());
        }
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // The end of its input is the end of its work.
        drop(self.orders.take());
        let _ended = self.child.wait();
    }
}
