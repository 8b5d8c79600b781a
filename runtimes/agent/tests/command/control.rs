//! `stop` and `resume` without anybody who polls: what they write, print and refuse.

use std::fs;

use tempfile::TempDir;

use crate::program::{Ended, run};

/// The states of two servers.
fn states() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for server in ["shop", "billing"] {
        fs::create_dir(folder.path().join(server)).unwrap();
    }
    folder
}

fn wish(states: &TempDir, arguments: &[&str]) -> Ended {
    run(&[arguments, &["--state", &format!("file:{}", states.path().display())]].concat())
}

fn wished(states: &TempDir, arguments: &[&str]) -> String {
    let ended = wish(states, arguments);
    assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
    ended.stdout
}

#[test]
fn resume_takes_back_what_each_server_has_and_says_what_that_was() {
    let states = states();
    wished(&states, &["stop", "--server", "shop", "--reason", "an upgrade"]);
    wished(&states, &["stop", "--server", "billing", "--view", "pg_locks", "--view", "pg_stat_wal"]);
    let some = wished(&states, &["resume", "--view", "pg_locks"]);
    for line in [
        "server billing: polled\nviews off: pg_stat_wal\ntaken back: views off: pg_locks\n",
        "server shop: stopped, an upgrade\n",
    ] {
        assert!(some.contains(line), "{some}");
    }
    let all = wished(&states, &["resume"]);
    for line in [
        "server billing: polled\ntaken back: views off: pg_stat_wal\n",
        "server shop: polled\ntaken back: stopped, an upgrade\n",
    ] {
        assert!(all.contains(line), "{all}");
    }
    let again = wished(&states, &["resume"]);
    assert!(again.starts_with("every server of this state: polled\n") && !again.contains("taken"), "{again}");
}

#[test]
fn names_that_only_the_agent_knows_are_said_to_be_unchecked() {
    let said = wished(&states(), &["stop", "--exporter", "nobody"]);
    assert!(said.contains("exporters off: nobody\n") && said.contains("not checked"), "{said}");
}

#[test]
fn a_reason_that_nobody_would_keep_is_a_mistake_and_so_is_a_view_that_there_is_not() {
    for (arguments, advice) in [
        (["stop", "--view", "pg_locks", "--reason", "too slow"], "--reason: leave it out"),
        (["stop", "--exporter", "otlp", "--reason", "too slow"], "--reason: leave it out"),
        (["stop", "--view", "nosuchview", "--server", "shop"], "see docs/reference/views.md"),
    ] {
        let states = states();
        let ended = wish(&states, &arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""), "{arguments:?}");
        assert!(ended.stderr.contains(advice), "{arguments:?}: {}", ended.stderr);
        assert!(!states.path().join("control").exists(), "{arguments:?}");
    }
}
