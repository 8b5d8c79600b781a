//! `stop` and `resume` while the agent runs: at the next poll, of one server or of all, of a view or an exporter alone.

use std::process::Command;

use pgquerylens_sandbox::receiver::Receiver;
use pgquerylens_sandbox::roles;
use tokio_postgres::Client;

use crate::process::Agent;
use crate::stage::{file_with, is_sound, planted, polls, until};

/// Polls of another server, or of the same one, after which something would have been seen.
const ENOUGH: usize = 3;

const RESUMED: &[&str] = &["an operator resumed polls"];

/// Runs `pgquerylens stop` or `resume` on the agent's state.
fn wish(agent: &Agent, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgquerylens"));
    let state = format!("file:{}", agent.state().display());
    let done = command.args(arguments).args(["--state", &state]).env_clear().output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Returns how often our role has read a view that it reads at every poll.
async fn readings(admin: &Client, view: &str) -> i64 {
    let counted = "select coalesce(sum(s.calls), 0)::bigint
        from pg_stat_statements s join pg_roles r on r.oid = s.userid
        where r.rolname = $1 and position($2 in s.query) > 0";
    admin.query_one(counted, &[&roles::MONITOR, &view]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polls_stop_and_go_on_while_the_agent_runs() {
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    let url = planted.url();
    let servers = [("a", url.as_str(), ""), ("b", url.as_str(), "")];
    let mut agent =
        Agent::new(&file_with("state: file:STATE", "every: 1s", &servers, &[("receiver", &receiver)]));
    agent.start();
    until(&mut agent, "both are polled", |_| polls(&receiver, "a") > 1 && polls(&receiver, "b") > 1).await;

    wish(&agent, &["stop", "--server", "a", "--reason", "an upgrade"]);
    let words = ["an operator stopped polls", "server=\"a\"", "an upgrade"];
    until(&mut agent, "a is stopped", |agent| agent.said(&words) == 1).await;
    let (of_a, of_b) = (polls(&receiver, "a"), polls(&receiver, "b"));
    until(&mut agent, "b is polled on", |_| polls(&receiver, "b") > of_b + ENOUGH).await;
    // A poll that had begun may have been on its way.
    assert!(polls(&receiver, "a") <= of_a + 1);
    planted.execute(100).await.unwrap();

    wish(&agent, &["resume", "--server", "a"]);
    until(&mut agent, "a is polled on, and nothing is lost", |_| {
        receiver.account().calls("a", planted.queryid) == planted.begun()
    })
    .await;

    wish(&agent, &["stop", "--reason", "everything"]);
    wish(&agent, &["stop", "--server", "a", "--reason", "a alone, too"]);
    until(&mut agent, "both are stopped", |agent| {
        agent.said(&["an operator stopped polls", "everything"]) == 2
    })
    .await;
    let before = (polls(&receiver, "a"), polls(&receiver, "b"));
    let (resumed, mut waited) = (agent.said(RESUMED), 0);
    // Nobody is polled, so nobody's polls can be counted: what is left is to look a few times.
    while waited < 100 {
        tokio::time::sleep(crate::process::LOOK_EVERY).await;
        waited += 1;
    }
    let now = (polls(&receiver, "a"), polls(&receiver, "b"));
    assert!(now.0 <= before.0 + 1 && now.1 <= before.1 + 1, "{before:?} {now:?}");
    wish(&agent, &["resume"]);
    until(&mut agent, "both are resumed", |agent| agent.said(RESUMED) == resumed + 2).await;
    until(&mut agent, "both are polled", |_| polls(&receiver, "a") > now.0 && polls(&receiver, "b") > now.1)
        .await;
    assert_eq!(agent.end(), Some(0));
    is_sound(&receiver);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_alone_is_switched_off_and_on() {
    const VIEW: &str = "pg_stat_archiver";
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    let (url, admin) = (planted.url(), planted.server.superuser().await.unwrap());
    let servers = [("a", url.as_str(), "")];
    let mut agent =
        Agent::new(&file_with("state: file:STATE", "every: 1s", &servers, &[("receiver", &receiver)]));
    agent.start();
    until(&mut agent, "it is polled", |_| polls(&receiver, "a") > 1).await;
    assert!(readings(&admin, VIEW).await > 0);

    wish(&agent, &["stop", "--view", VIEW]);
    polled_on(&mut agent, &receiver).await;
    let before = readings(&admin, VIEW).await;
    polled_on(&mut agent, &receiver).await;
    assert_eq!(readings(&admin, VIEW).await, before);

    wish(&agent, &["resume", "--view", VIEW]);
    polled_on(&mut agent, &receiver).await;
    assert!(readings(&admin, VIEW).await > before);
    let named = format!("view=\"{VIEW}\"");
    for what in ["an operator switched a view off", "an operator switched a view on"] {
        assert_eq!(agent.said(&[what, &named]), 1, "{what}");
    }
    assert_eq!(agent.end(), Some(0));
    is_sound(&receiver);
}

async fn polled_on(agent: &mut Agent, receiver: &Receiver) {
    let before = polls(receiver, "a");
    until(agent, "it is polled on", |_| polls(receiver, "a") > before + ENOUGH).await;
}

/// Returns how often the log told that the second exporter is in trouble, and that it is over it.
fn of_deliveries(agent: &Agent) -> [usize; 2] {
    ["delivery in trouble", "deliveries are accepted again"]
        .map(|what| agent.said(&[what, "exporter=\"second\""]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exporter_alone_is_switched_off_and_has_the_whole_sum_when_it_is_on_again() {
    let planted = planted().await;
    let (first, second) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    let url = planted.url();
    let servers = [("a", url.as_str(), "")];
    let receivers = [("first", &first), ("second", &second)];
    let mut agent = Agent::new(&file_with("state: file:STATE", "every: 1s", &servers, &receivers));
    agent.start();
    until(&mut agent, "both are told", |_| polls(&first, "a") > 0 && polls(&second, "a") > 0).await;

    wish(&agent, &["stop", "--exporter", "second"]);
    until(&mut agent, "it says so", |agent| agent.said(&["switched an exporter off", "second"]) == 1).await;
    let before = (polls(&second, "a"), of_deliveries(&agent));
    planted.execute(100).await.unwrap();
    until(&mut agent, "the first is told", |_| {
        first.account().calls("a", planted.queryid) == planted.begun()
    })
    .await;
    polled_on(&mut agent, &first).await;
    assert_eq!((polls(&second, "a"), of_deliveries(&agent)), before, "it is off, and that is no trouble");

    wish(&agent, &["resume", "--exporter", "second"]);
    until(&mut agent, "the second has all", |_| {
        second.account().calls("a", planted.queryid) == planted.begun()
    })
    .await;
    let switched = ["an operator switched an exporter off", "an operator switched an exporter on"];
    assert_eq!(switched.map(|what| agent.said(&[what])), [1, 1]);
    assert_eq!(agent.end(), Some(0));
    is_sound(&first);
    is_sound(&second);
}
