//! A server that vanishes and comes back as another major on the same port: it is down and up again, what it executed
//! before is kept, and what was in between is a gap and no figure.

use pgquerylens_sandbox::receiver::Receiver;
use pgquerylens_sandbox::{Server, Shutdown, newest};

use crate::process::Agent;
use crate::stage::{file, is_sound, planted_on, polls, until, up};

/// The major before the upgrade.
const OLD: u32 = 15;
const EXECUTIONS: u64 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_back_as_another_major_is_a_gap() {
    let receiver = Receiver::start().await.unwrap();
    let mut old = planted_on(Server::new(OLD)).await;
    let (port, url) = (old.server.port(), old.url());
    let mut agent = Agent::new(&file("state: file:STATE", "every: 2s", &[("a", &url)], &receiver));
    agent.start();
    until(&mut agent, "the old one is polled", |_| polls(&receiver, "a") > 0).await;
    old.execute(EXECUTIONS).await.unwrap();
    until(&mut agent, "it arrived", |_| receiver.account().calls("a", old.queryid) == EXECUTIONS).await;

    old.server.stop(Shutdown::Fast).await.unwrap();
    until(&mut agent, "it is down", |_| up(&receiver.account(), "a") == Some(0)).await;
    assert!(agent.said(&["poll failed"]) > 0);
    let new = planted_on(Server::new(newest()).port(port)).await;
    // What a server executed before it was ever read is nobody's window.
    new.execute(EXECUTIONS).await.unwrap();
    until(&mut agent, "it is up again", |_| up(&receiver.account(), "a") == Some(1)).await;
    let unread = new.begun();
    new.execute(EXECUTIONS).await.unwrap();
    let told = |receiver: &Receiver| receiver.account().calls("a", new.queryid);
    until(&mut agent, "the new one's figures arrived", |_| told(&receiver) >= EXECUTIONS).await;
    let polled = polls(&receiver, "a");
    until(&mut agent, "it is polled on", |_| polls(&receiver, "a") > polled + 1).await;
    assert!(told(&receiver) <= EXECUTIONS + unread, "{} of {}", told(&receiver), new.begun());
    if old.queryid != new.queryid {
        assert_eq!(receiver.account().calls("a", old.queryid), EXECUTIONS, "what was there stays");
    }
    assert_eq!(agent.end(), Some(0));

    let account = receiver.account();
    let windows = account.windows.values().flat_map(|window| window.records.values());
    let gaps: Vec<&String> = windows
        .filter(|record| record.get("pgquerylens.window.quality").is_some_and(|quality| quality == "gap"))
        .filter_map(|record| record.get("pgquerylens.window.reasons"))
        .collect();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    is_sound(&receiver);
}
