//! The agent's health pages: what they say while a server comes and goes, and what they withstand.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use pgquerylens_sandbox::{PASSWORD, Shutdown};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{PATIENCE, Running, pgquerylens, until};
use crate::stage::{monitored, url};

/// Nobody listens at this port of the system's own range.
pub(crate) const NOWHERE: &str = "postgresql://monitor@127.0.0.1:1/shop";
/// More than the connections that are taken at a time.
const CROWD: usize = 40;

/// An agent, with its configuration.
pub(crate) struct Agent {
    folder: TempDir,
    pub(crate) running: Running,
}

impl Agent {
    pub(crate) fn start(server: &str, listen: &str) -> Agent {
        Agent::start_with(server, listen, |_| {})
    }

    pub(crate) fn start_with(server: &str, listen: &str, prepare: impl FnOnce(&mut Command)) -> Agent {
        let folder = tempfile::tempdir().unwrap();
        write(&folder, server, listen);
        let mut command = pgquerylens(&["agent", "--config", path(&folder).to_str().unwrap()]);
        prepare(&mut command);
        Agent { folder, running: Running::start(command) }
    }

    /// Waits until it says where its pages are.
    pub(crate) fn listens(&mut self) -> SocketAddr {
        let line = self.line_with("health is shown");
        let (_, address) = line.split_once("listen=").unwrap();
        address.trim().parse().unwrap()
    }

    fn line_with(&mut self, words: &str) -> String {
        let since = Instant::now();
        loop {
            let line = self.running.said();
            assert!(!line.is_empty() && since.elapsed() < PATIENCE, "it did not say {words:?}, but {line:?}");
            if line.contains(words) {
                return line;
            }
        }
    }
}

fn path(folder: &TempDir) -> PathBuf {
    folder.path().join("pgquerylens.yaml")
}

fn write(folder: &TempDir, server: &str, listen: &str) {
    let lines = folder.path().join("lines").display().to_string();
    let text = format!(
        "listen: '{listen}'\ndefaults: {{every: 1s, deadline: 2s}}\n\
         servers: [{{name: shop, connection: '{server}'}}]\n\
         exporters: [{{kind: jsonl, name: lines, path: '{lines}'}}]\n"
    );
    fs::write(path(folder), text).unwrap();
}

/// Returns the status and everything that came.
fn asked(address: SocketAddr, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let status = text.split_whitespace().nth(1).and_then(|code| code.parse().ok());
    (status.unwrap_or_default(), text)
}

fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let (status, text) = asked(address, &format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n"));
    (status, text.split_once("\r\n\r\n").unwrap().1.to_owned())
}

fn status(address: SocketAddr) -> Value {
    serde_json::from_str(&get(address, "/status").1).unwrap()
}

/// Waits until readiness is answered so.
fn until_ready_is(address: SocketAddr, expected: u16) -> String {
    until(&format!("ready is {expected}"), || {
        let (status, body) = get(address, "/readyz");
        (status == expected).then_some(body)
    })
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_that_comes_and_goes_is_seen_by_everyone_who_asks() {
    let mut server = monitored().await;
    let mut agent = Agent::start(&url(&server), "127.0.0.1:0");
    let address = agent.listens();
    assert_eq!(until_ready_is(address, 200), "ready\n");
    assert_eq!(get(address, "/healthz"), (200, "alive\n".to_owned()));
    let shown = status(address);
    let shop = &shown["servers"][0];
    assert_eq!((&shop["readiness"], &shop["role"]), (&"in time".into(), &"primary".into()), "{shop}");
    assert!(shop["polls"].as_u64() > Some(0) && shop["cost"]["statements"].as_u64() > Some(0), "{shop}");
    until("the lines took something", || {
        status(address)["servers"][0]["exporters"][0]["accepted"].as_u64().filter(|accepted| *accepted > 0)
    });
    server.stop(Shutdown::Fast).await.unwrap();
    let why = until_ready_is(address, 503);
    assert!(why.starts_with("not ready\nshop: last read "), "{why}");
    for page in ["/readyz", "/status", "/"] {
        assert!(!get(address, page).1.contains(PASSWORD), "{page}");
    }
    let resting = until("the server rests", || {
        Some(status(address)["servers"][0]["resting"].clone()).filter(|rest| !rest.is_null())
    });
    assert!(resting["failures"].as_u64() >= Some(3), "{resting}");
}

#[tokio::test(flavor = "current_thread")]
async fn with_the_level_debug_every_view_of_a_poll_is_told() {
    let server = monitored().await;
    let mut agent = Agent::start_with(&url(&server), "127.0.0.1:0", |command| {
        command.env("PGQUERYLENS_LOG_LEVEL", "info,pgquerylens=debug");
    });
    let line = agent.line_with("view=\"pg_stat_database\"");
    for part in ["poll{server=\"shop\"}: view read server=\"shop\"", " rows=", " duration_ms="] {
        assert!(line.contains(part), "{part}: {line}");
    }
}

#[test]
fn a_port_that_is_taken_stops_the_start_and_says_what_to_write() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let agent = Agent::start(NOWHERE, &taken.local_addr().unwrap().to_string());
    let ended = agent.running.ended();
    assert_eq!(ended.code, Some(69), "{}", ended.stderr);
    assert!(ended.stderr.contains("listen on 127.0.0.1:"), "{}", ended.stderr);
    assert!(ended.stderr.contains("write another port"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("poll failed"), "{}", ended.stderr);
}

#[test]
fn a_reload_moves_the_pages_and_one_that_fails_does_not() {
    let mut agent = Agent::start(NOWHERE, "127.0.0.1:0");
    let first = agent.listens();
    write(&agent.folder, NOWHERE, "[::1]:0");
    agent.running.signal(Signal::HUP);
    let second = agent.listens();
    agent.line_with("configuration reloaded");
    assert!(TcpStream::connect(first).is_err());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    write(&agent.folder, NOWHERE, &taken.local_addr().unwrap().to_string());
    agent.running.signal(Signal::HUP);
    agent.line_with("configuration not reloaded");
    let process = status(second)["process"].clone();
    assert_eq!((&process["reloads"], &process["failed_reloads"]), (&1.into(), &1.into()));
    assert!(process["reload_trouble"].as_str().unwrap().contains("listen on 127.0.0.1:"), "{process}");
}

#[test]
fn the_port_stays_when_only_the_address_changes() {
    let mut agent = Agent::start(NOWHERE, "127.0.0.1:0");
    let port = agent.listens().port();
    for listen in [format!("127.0.0.1:{port}"), format!("0.0.0.0:{port}"), format!("127.0.0.1:{port}")] {
        write(&agent.folder, NOWHERE, &listen);
        agent.running.signal(Signal::HUP);
        assert_eq!(agent.listens().to_string(), listen);
        agent.line_with("configuration reloaded");
        assert_eq!(get(([127, 0, 0, 1], port).into(), "/healthz").0, 200);
    }
}

#[test]
fn requests_that_are_none_of_ours_are_turned_away() {
    let mut agent = Agent::start(NOWHERE, "127.0.0.1:0");
    let address = agent.listens();
    let (code, head) = asked(address, &format!("HEAD /status HTTP/1.1\r\nhost: {address}\r\n\r\n"));
    assert!(code == 200 && head.ends_with("\r\n\r\n"), "{head}");
    let post =
        asked(address, &format!("POST /status HTTP/1.1\r\nhost: {address}\r\ncontent-length: 0\r\n\r\n"));
    assert!(post.0 == 405 && post.1.contains("allow: GET, HEAD"), "{}", post.1);
    assert_eq!(asked(address, "GET /status HTTP/1.1\r\nhost: evil.example\r\n\r\n").0, 421);
    assert_eq!(asked(address, "hello?\r\n\r\n").0, 400);
    let long = format!("GET / HTTP/1.1\r\nhost: {address}\r\nx: {}\r\n\r\n", "x".repeat(20_000));
    assert_eq!(asked(address, &long).0, 431);
    assert_eq!(get(address, "/nothing").0, 404);
}

#[test]
fn clients_that_say_nothing_do_not_keep_others_out_for_ever() {
    let mut agent = Agent::start(NOWHERE, "127.0.0.1:0");
    let address = agent.listens();
    let crowd: Vec<TcpStream> = (0..CROWD).map(|_| TcpStream::connect(address).unwrap()).collect();
    assert_eq!(get(address, "/healthz"), (200, "alive\n".to_owned()));
    drop(crowd);
}
