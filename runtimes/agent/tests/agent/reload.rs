//! The configuration, read again and again: what did not change is not disturbed, a file with a mistake changes nothing,
//! and nothing grows.

use std::process::Command;
use std::time::Instant;

use pgquerylens_sandbox::receiver::Receiver;
use rustix::process::Signal;

use crate::process::{Agent, LOOK_EVERY, PATIENCE};
use crate::stage::{
    DATABASE, Planted, backends, everything_arrived, file, file_with, is_sound, planted, polls, until,
    until_backends_are, up,
};

/// Reloads at the usual scale.
const RELOADS: usize = 100;
/// After as many reloads everything that is ever needed was needed once.
const WARM: usize = 20;
/// How much the agent's own memory may grow from then on, however many reloads there are.
const MAX_GROWTH_KB: u64 = 6 << 10;
/// As many descriptors may be open for a moment: a login, a cancel, a state's file.
const MAX_MORE_DESCRIPTORS: usize = 6;
const OTHER: &str = "other";
const RELOADED: &[&str] = &["configuration reloaded"];
const REFUSED: &[&str] = &["configuration not reloaded"];

/// Makes a second database that can be polled.
async fn with_another_database(planted: &Planted) {
    planted.server.execute(&format!("create database {OTHER}")).await.unwrap();
    planted.server.execute_in(OTHER, "create extension pg_stat_statements").await.unwrap();
}

async fn reload(agent: &mut Agent, text: &str, answer: &[&str]) {
    let before = agent.said(answer);
    agent.write(text);
    agent.signal(Signal::HUP);
    until(agent, "the reload was answered", |agent| agent.said(answer) > before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reloads_disturb_nobody_who_did_not_change() {
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    with_another_database(&planted).await;
    let (kept, other) = (planted.url(), planted.url_of(OTHER));
    let of = |others: &[(&str, &str, &str)]| {
        let servers = [&[("kept", kept.as_str(), "")], others].concat();
        file_with("state: file:STATE", "every: 1s", &servers, &[("receiver", &receiver)])
    };
    let files = [
        of(&[]),
        of(&[("moving", &other, "")]),
        of(&[("moving", &other, "top: 7")]),
        of(&[("moving", &other, "top: 7"), ("third", &other, "every: 1h")]),
    ];
    // The mistake stands beside a secret.
    let bad = of(&[("moving", &other, "statment-timeout: 3s, password: {fiel: x}")]);

    let mut agent = Agent::new(&files[0]);
    agent.start();
    until(&mut agent, "it is polled", |_| up(&receiver.account(), "kept") == Some(1)).await;
    let admin = planted.server.superuser().await.unwrap();
    let before = backends(&admin, DATABASE).await;
    let backend: Vec<i32> = before.iter().map(|(process, _)| *process).collect();
    let mut sizes = (0, 0);
    for reload_index in 0..RELOADS * pgquerylens_sandbox::scale() as usize {
        if reload_index == WARM {
            sizes = (agent.descriptors(), agent.memory_kb());
        }
        if reload_index % 10 == 9 {
            reload(&mut agent, &bad, REFUSED).await;
        } else {
            reload(&mut agent, &files[reload_index % files.len()], RELOADED).await;
        }
        planted.execute(3).await.unwrap();
    }
    until(&mut agent, "what was executed arrived", |_| {
        let account = receiver.account();
        account.calls("kept", planted.queryid) == planted.begun()
    })
    .await;
    assert_eq!(
        backends(&admin, DATABASE).await.iter().map(|(process, _)| *process).collect::<Vec<_>>(),
        backend
    );
    let (descriptors, memory_kb) = (agent.descriptors(), agent.memory_kb());
    assert!(descriptors <= sizes.0 + MAX_MORE_DESCRIPTORS, "{} and then {descriptors} descriptors", sizes.0);
    assert!(memory_kb <= sizes.1 + MAX_GROWTH_KB, "{} and then {memory_kb} kB", sizes.1);
    assert_eq!(agent.said(&["did you mean statement-timeout"]), agent.said(REFUSED), "a bad file is told");
    assert_eq!(agent.end(), Some(0));
    // Every window of the server that was kept is exact: a window that a reload had cut would be a gap.
    let account = receiver.account();
    let windows = account.windows.values().flat_map(|window| window.records.values());
    let qualities = windows.filter_map(|record| record.get("pgquerylens.window.quality"));
    assert!(qualities.clone().count() > 10);
    assert!(qualities.clone().all(|quality| quality == "exact"), "{:?}", qualities.collect::<Vec<_>>());
    is_sound(&receiver);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_come_go_and_change_by_a_reload() {
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    with_another_database(&planted).await;
    let (first, second) = (planted.url(), planted.url_of(OTHER));
    let both = file("state: file:STATE", "every: 1s", &[("a", &first), ("b", &second)], &receiver);
    let one = file("state: file:STATE", "every: 1s", &[("a", &first)], &receiver);
    let mut agent = Agent::new(&one);
    agent.start();
    let admin = planted.server.superuser().await.unwrap();
    until(&mut agent, "a is polled", |_| polls(&receiver, "a") > 1).await;
    assert_eq!(polls(&receiver, "b"), 0);
    reload(&mut agent, &both, RELOADED).await;
    until(&mut agent, "b is polled", |_| polls(&receiver, "b") > 1).await;
    reload(&mut agent, &one, RELOADED).await;
    until_backends_are(&admin, OTHER, &[]).await;
    let (of_a, of_b) = (polls(&receiver, "a"), polls(&receiver, "b"));
    until(&mut agent, "a is polled on", |_| polls(&receiver, "a") > of_a + 3).await;
    assert_eq!(polls(&receiver, "b"), of_b, "who is gone is not polled");
    assert_eq!(agent.said(&["server is no longer polled", "server=\"b\""]), 1);
    // A file that is not there is as bad as one with a mistake.
    std::fs::remove_file(agent.file()).unwrap();
    let before = agent.said(REFUSED);
    agent.signal(Signal::HUP);
    until(&mut agent, "it says so", |agent| agent.said(REFUSED) > before).await;
    let of_a = polls(&receiver, "a");
    until(&mut agent, "a is polled on", |_| polls(&receiver, "a") > of_a + 1).await;
    assert_eq!(agent.end(), Some(0));
    is_sound(&receiver);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_leaves_in_a_poll_and_comes_back_is_never_polled_twice_at_once() {
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    with_another_database(&planted).await;
    let (first, second) = (planted.url(), planted.url_of(OTHER));
    let patient = "every: 1s, hours-pause: 1s, lock-timeout: 60s, statement-timeout: 60s, deadline: 60s";
    let both = file("state: file:STATE", patient, &[("a", &first), ("b", &second)], &receiver);
    let one = file("state: file:STATE", patient, &[("a", &first)], &receiver);
    let mut agent = Agent::new(&both);
    agent.start();
    until(&mut agent, "b is polled", |_| polls(&receiver, "b") > 1).await;
    let admin = planted.server.superuser().await.unwrap();
    // Another client's lock holds the poll of b up.
    let holder = planted.server.client("postgres", OTHER).await.unwrap();
    holder.batch_execute("begin; lock table pg_sequence in access exclusive mode").await.unwrap();
    until_backends_are(&admin, OTHER, &["waiting"]).await;
    let before = backends(&admin, OTHER).await;
    reload(&mut agent, &one, RELOADED).await;
    reload(&mut agent, &both, RELOADED).await;
    // The poll that leaves has a part of the grace; until it is over, nobody else may use its state.
    let since = Instant::now();
    loop {
        let now = backends(&admin, OTHER).await;
        assert!(now.len() < 2, "{now:?}\n{}", agent.log());
        if now.first().is_some_and(|(process, _)| *process != before[0].0) {
            break;
        }
        agent.lives();
        assert!(since.elapsed() < PATIENCE, "{now:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    holder.batch_execute("rollback").await.unwrap();
    let of_b = polls(&receiver, "b");
    until(&mut agent, "b is polled again", |_| polls(&receiver, "b") > of_b + 1).await;
    assert_eq!(agent.said(&["another poll"]), 0);
    assert_eq!(agent.end(), Some(0));
    is_sound(&receiver);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_agent_leaves_a_state_alone_until_the_first_has_ended() {
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    let url = planted.url();
    let mut first = Agent::new(&file("state: file:STATE", "every: 1s", &[("a", &url)], &receiver));
    // By the same file, and so with the same state.
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgquerylens"));
    command.arg("agent").arg("--config").arg(first.file()).env_clear();
    let mut second = Agent::new("");
    first.start();
    until(&mut first, "it is polled", |_| polls(&receiver, "a") > 0).await;
    second.start_as(command);
    until(&mut second, "the second says so", |second| {
        second.said(&["not polled", "another process uses the state"]) > 0
    })
    .await;
    let before = polls(&receiver, "a");
    until(&mut first, "the first polls on", |_| polls(&receiver, "a") > before + 3).await;
    planted.execute(100).await.unwrap();
    everything_arrived(&mut first, &planted, &receiver).await;
    let admin = planted.server.superuser().await.unwrap();
    assert_eq!(backends(&admin, DATABASE).await.len(), 1);
    first.kill();
    planted.execute(100).await.unwrap();
    everything_arrived(&mut second, &planted, &receiver).await;
    assert_eq!(receiver.account().calls_of_events(planted.queryid), planted.begun());
    assert_eq!(second.end(), Some(0));
    is_sound(&receiver);
}
