//! What the unit and the image promise of the agent: systemd hears how it is, and the image's health check tells a live
//! agent from a dead one.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::health::{Agent, NOWHERE};
use crate::program::PATIENCE;

/// Of a second, as systemd says how often it wants to hear: the agent speaks three times in that while.
const WATCHDOG_USEC: &str = "1000000";

/// Waits until systemd would have heard this.
fn until_heard(socket: &UnixDatagram, expected: &str) {
    let mut heard = Vec::new();
    while heard.last().map(String::as_str) != Some(expected) {
        let mut bytes = [0; 1_024];
        let length = socket.recv(&mut bytes).unwrap_or_else(|error| panic!("{expected}: {error}: {heard:?}"));
        heard.push(String::from_utf8_lossy(&bytes[..length]).trim().to_owned());
    }
}

#[test]
fn systemd_hears_of_the_start_of_life_of_reloads_and_of_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let agent = Agent::start_with(NOWHERE, "127.0.0.1:0", |command| {
        command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", WATCHDOG_USEC);
    });
    until_heard(&socket, "READY=1");
    until_heard(&socket, "WATCHDOG=1");
    agent.running.signal(Signal::HUP);
    until_heard(&socket, "RELOADING=1");
    until_heard(&socket, "READY=1");
    agent.running.signal(Signal::TERM);
    until_heard(&socket, "STOPPING=1");
    assert_eq!(agent.running.ended().code, Some(0));
}

/// Returns the command of the image's health check, for an agent at this port.
fn health_check(port: u16) -> Command {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/Dockerfile");
    let text = fs::read_to_string(file).unwrap();
    let (_, check) = text.split_once("HEALTHCHECK").unwrap();
    let line = check.lines().find_map(|line| line.trim().strip_prefix("CMD ")).unwrap();
    let words: Vec<String> = serde_json::from_str(line).unwrap();
    let words: Vec<String> = words.iter().map(|word| word.replace("9188", &port.to_string())).collect();
    let (program, arguments) = words.split_first().unwrap();
    let mut command = Command::new(program);
    command.args(arguments).stderr(Stdio::null());
    command
}

#[test]
fn the_images_health_check_tells_a_live_agent_from_a_dead_one() {
    let mut agent = Agent::start(NOWHERE, "127.0.0.1:0");
    let port = agent.listens().port();
    assert!(health_check(port).status().unwrap().success());
    agent.running.signal(Signal::TERM);
    assert_eq!(agent.running.ended().code, Some(0));
    assert!(!health_check(port).status().unwrap().success());
}
