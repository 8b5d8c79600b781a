//! A recording tells what the polls that it was made of have told, on every major.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use pgquerylens_engine::poll::Poller;
use pgquerylens_engine::source::live::Live;
use pgquerylens_engine::source::recording::{Recorder, Replay};
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_export::document::document;
use pgquerylens_live::{monitored, options, target};
use pgquerylens_model::report::PollReport;
use pgquerylens_sandbox::workload::known;
use pgquerylens_sandbox::{Server, majors, roles};
use serde_json::{Value, json};

/// The document without what is not the server's: how long the reading took, and what it cost.
fn told(report: &PollReport) -> Value {
    let mut document = document(report);
    document["cost"] = Value::Null;
    for collector in document["collectors"].as_array_mut().unwrap() {
        collector["duration_ms"] = Value::Null;
    }
    document
}

#[tokio::test(flavor = "current_thread")]
async fn a_replay_tells_what_the_live_polls_told_on_every_major() {
    for major in majors() {
        let server = monitored(Server::new(major)).await;
        let admin = server.superuser().await.unwrap();
        known::prepare(&admin).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let live = Live::new(target(&server.url(roles::MONITOR, "postgres")), options().limits);
        let mut poller =
            Poller::new(Recorder::new(live), MemoryStore::default(), "the same".into(), options());
        let mut live = Vec::new();
        for poll in 1..=3 {
            known::run(&admin, 5).await.unwrap();
            live.push(told(&poller.poll().await.unwrap()));
            poller.source_mut().write(folder.path(), poll).unwrap();
        }
        let replay = Replay::open_folder(folder.path()).unwrap();
        let mut poller = Poller::new(replay, MemoryStore::default(), "the same".into(), options());
        for (poll, told_live) in live.iter().enumerate() {
            let replayed = told(&poller.poll().await.unwrap());
            assert_eq!(differences(told_live, &replayed, ""), Vec::<String>::new(), "poll {poll} on {major}");
        }
        assert_eq!(live[2]["window"]["quality"], json!("exact"), "on {major}");
    }
}

/// Returns the paths at which two values differ: whole documents would be too much to read.
fn differences(left: &Value, right: &Value, path: &str) -> Vec<String> {
    match (left, right) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            a.iter().flat_map(|(key, value)| differences(value, &b[key], &format!("{path}.{key}"))).collect()
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).enumerate();
            pairs.flat_map(|(index, (a, b))| differences(a, b, &format!("{path}[{index}]"))).collect()
        }
        _ if left == right => Vec::new(),
        _ => vec![format!("{path}: {left} and {right}")],
    }
}
