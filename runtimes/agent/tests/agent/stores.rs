//! The agent with its state elsewhere: killed and started anew it goes on where it was, and an operator reaches it there.

use std::process::Command;

use pgquerylens_sandbox::emulators::{Moto, Redis};
use pgquerylens_sandbox::receiver::Receiver;

use crate::process::{Agent, PASSWORD};
use crate::stage::{file_with, is_sound, planted, polls, until};

/// Starts the program with what opens the state.
fn program(arguments: &[&str], variables: &[(&str, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgquerylens"));
    command.args(arguments).env_clear().envs(variables.iter().map(|(name, value)| (name, value)));
    command
}

async fn check(state: &str, variables: &[(&str, String)]) {
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    let servers = [("a", planted.url()), ("b", planted.url())];
    let servers = servers.each_ref().map(|(name, url)| (*name, url.as_str(), ""));
    let text = file_with(&format!("state: {state}"), "every: 1s", &servers, &[("receiver", &receiver)]);
    let mut agent = Agent::new(&text);
    let file = agent.file().display().to_string();
    let start = |agent: &mut Agent| agent.start_as(program(&["agent", "--config", &file], variables));
    start(&mut agent);
    until(&mut agent, "both are polled", |_| polls(&receiver, "a") > 1 && polls(&receiver, "b") > 1).await;

    agent.kill();
    // What is executed while nobody polls is in the first window after it.
    planted.execute(100).await.unwrap();
    start(&mut agent);
    let is_whole = |server| receiver.account().calls(server, planted.queryid) == planted.begun();
    until(&mut agent, "nothing is lost", |_| is_whole("a") && is_whole("b")).await;

    let wish = |arguments: &[&str]| {
        let done = program(&[arguments, &["--state", state]].concat(), variables).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    wish(&["stop", "--server", "a", "--reason", "from afar"]);
    let words = ["an operator stopped polls", "server=\"a\"", "from afar"];
    until(&mut agent, "a is stopped", |agent| agent.said(&words) == 1).await;
    wish(&["resume"]);
    until(&mut agent, "a is resumed", |agent| agent.said(&["an operator resumed polls"]) == 1).await;
    planted.execute(10).await.unwrap();
    until(&mut agent, "nothing is lost", |_| is_whole("a") && is_whole("b")).await;
    assert_eq!(agent.end(), Some(0));
    is_sound(&receiver);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_in_s3_outlives_the_agent() {
    let moto = Moto::start().await.unwrap();
    moto.make_bucket("states").await.unwrap();
    let variables = [
        ("AWS_ACCESS_KEY_ID", "anybody".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", PASSWORD.to_owned()),
        ("AWS_ENDPOINT_URL", moto.url()),
    ];
    check("s3://states/prod", &variables).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_in_redis_outlives_the_agent() {
    let redis = Redis::start().await.unwrap();
    check(&redis.url("prod"), &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_agents_with_a_lease_one_polls_and_the_other_takes_over() {
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    let redis = Redis::start().await.unwrap();
    let url = planted.url();
    let text = file_with(
        &format!("state: {}\nstate-lease: 30s", redis.url("prod")),
        "every: 1s",
        &[("a", url.as_str(), "")],
        &[("receiver", &receiver)],
    );
    let (mut first, mut second) = (Agent::new(&text), Agent::new(&text));
    first.start();
    until(&mut first, "it is polled", |_| polls(&receiver, "a") > 1).await;
    second.start();
    let refused = ["not polled", "uses the state until"];
    until(&mut second, "the second waits", |agent| agent.said(&refused) > 0).await;
    assert_eq!(first.end(), Some(0));
    planted.execute(10).await.unwrap();
    let before = polls(&receiver, "a");
    // Given up at the end, the lease holds nobody off.
    until(&mut second, "the second takes over", |_| polls(&receiver, "a") > before + 1).await;
    let is_whole = || receiver.account().calls("a", planted.queryid) == planted.begun();
    until(&mut second, "nothing is lost", |_| is_whole()).await;
    assert_eq!(second.end(), Some(0));
    is_sound(&receiver);
}
