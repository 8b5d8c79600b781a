//! Clocks that are stepped by an hour, back and forth, the server's and our own: polls go on, and what was executed
//! arrives once.

use std::net::TcpListener;
use std::process::Command;

use pgquerylens_sandbox::receiver::Receiver;
use pgquerylens_sandbox::{Clock, Server, newest};

use crate::process::Agent;
use crate::stage::{everything_arrived, file, is_sound, planted, planted_on, polls, until};

const HOUR: i64 = 3_600;
/// Polls after a step: by the second one the window with the step is over.
const POLLS: usize = 2;

async fn some_polls(agent: &mut Agent, receiver: &Receiver) {
    let before = polls(receiver, "a");
    until(agent, "polls go on", |_| polls(receiver, "a") >= before + POLLS).await;
}

/// While its clock is behind, points are older than what was told, or than their own start: they are late, and said by
/// the later ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_of_a_server_is_stepped() {
    let (clock, receiver) = (Clock::new().unwrap(), Receiver::start().await.unwrap());
    let planted = planted_on(Server::new(newest()).clock(&clock)).await;
    let url = planted.url();
    let mut agent = Agent::new(&file("state: file:STATE", "every: 1s", &[("a", &url)], &receiver));
    agent.start();
    some_polls(&mut agent, &receiver).await;
    for hours in [-1, 0, 1, 0, 2] {
        clock.set(hours * HOUR).unwrap();
        planted.execute(5).await.unwrap();
        some_polls(&mut agent, &receiver).await;
        planted.execute(5).await.unwrap();
        some_polls(&mut agent, &receiver).await;
        let account = receiver.account();
        assert!(account.calls("a", planted.queryid) <= planted.begun(), "by {hours} h");
    }
    everything_arrived(&mut agent, &planted, &receiver).await;
    assert_eq!(agent.end(), Some(0));
    is_sound(&receiver);
}

/// By our own clock nothing is measured but how long who failed is to rest: that is not for an hour.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_clock_is_stepped() {
    let (clock, receiver, planted) =
        (Clock::new().unwrap(), Receiver::start().await.unwrap(), planted().await);
    let url = planted.url();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let dead = url.replace(&format!(":{}/", planted.server.port()), &format!(":{closed}/"));
    let text = file("state: file:STATE", "every: 1s", &[("a", &url), ("dead", &dead)], &receiver);
    let mut agent = Agent::new(&text);
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgquerylens"));
    command.arg("agent").arg("--config").arg(agent.file()).env_clear().envs(clock.environment());
    agent.start_as(command);
    some_polls(&mut agent, &receiver).await;
    for hours in [1, 0, -1, 0] {
        clock.set(hours * HOUR).unwrap();
        planted.execute(5).await.unwrap();
        some_polls(&mut agent, &receiver).await;
    }
    everything_arrived(&mut agent, &planted, &receiver).await;
    assert_eq!(agent.end(), Some(0));
    assert!(agent.said(&["poll failed", "server=\"dead\""]) > 0);
    is_sound(&receiver);
}
