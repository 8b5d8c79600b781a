//! The demo, ended by Ctrl-C: nothing that it started and nothing that it made is left.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::program::{Running, until};

/// A demo and the folder that all of its files are in.
struct Demo {
    running: Running,
    folder: tempfile::TempDir,
}

impl Demo {
    /// It finds PostgreSQL as the test does; where its files go is all that is changed.
    fn start() -> Demo {
        let folder = tempfile::tempdir().unwrap();
        // The server may have to run as another user, who must be able to enter.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgquerylens"));
        command.args(["demo", "--for", "1h"]).env("TMPDIR", folder.path());
        Demo { running: Running::start(command), folder }
    }

    fn is_in_use(&self) -> bool {
        !files(self.folder.path()).is_empty() && !processes(self.folder.path()).is_empty()
    }

    fn leaves_nothing_after(self, signal: Signal) {
        self.running.signal(signal);
        let ended = self.running.ended();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(!ended.stderr.contains("error"), "{}", ended.stderr);
        assert_eq!(files(self.folder.path()), Vec::<String>::new());
        assert_eq!(processes(self.folder.path()), Vec::<String>::new());
    }
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Returns the command lines of processes that name the folder, or work in it.
fn processes(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let command_line = |process: &Path| fs::read(process.join("cmdline")).unwrap_or_default();
    let works_there = |process: &Path| {
        fs::read_link(process.join("cwd")).is_ok_and(|directory| directory.starts_with(folder))
    };
    entries
        .map(|entry| entry.path())
        .map(|process| (works_there(&process), String::from_utf8_lossy(&command_line(&process)).into_owned()))
        .filter(|(works_there, line)| *works_there || line.contains(&*folder.to_string_lossy()))
        .map(|(_, line)| line)
        .collect()
}

#[test]
fn a_demo_that_shows_its_shop_leaves_nothing_behind() {
    let mut demo = Demo::start();
    let first = demo.running.line();
    assert!(first.contains("PostgreSQL"), "{first}");
    assert!(demo.is_in_use());
    demo.leaves_nothing_after(Signal::INT);
}

#[test]
fn a_demo_that_is_still_building_leaves_nothing_behind() {
    let demo = Demo::start();
    until("a server works in the folder", || demo.is_in_use().then_some(()));
    demo.leaves_nothing_after(Signal::INT);
}
