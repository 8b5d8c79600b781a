//! SIGTERM and SIGINT at the worst moments: in a poll that the server holds up, in one that gets no answer, and in a
//! delivery. The end comes within the grace, nothing of ours stays on the server, and nothing is lost.

use std::time::{Duration, Instant};

use pgquerylens_sandbox::proxy::{Direction, Proxy};
use pgquerylens_sandbox::receiver::{Behaviour, Receiver};
use rustix::process::Signal;

use crate::process::Agent;
use crate::stage::{DATABASE, everything_arrived, file, is_sound, planted, polls, until, until_backends_are};

/// What a poll may do that is held up: far longer than the grace.
const PATIENT: &str = "every: 1s, hours-pause: 1s, lock-timeout: 60s, statement-timeout: 60s, deadline: 60s";
/// An end that hangs would take the minute of `PATIENT`.
const MUCH_LESS: Duration = Duration::from_secs(30);

/// What is executed before anybody looked is nobody's window.
async fn begins(agent: &mut Agent, receiver: &Receiver) {
    agent.start();
    let before = polls(receiver, "a");
    until(agent, "it is polled", |_| polls(receiver, "a") > before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_that_the_server_holds_up_is_cancelled_there_and_what_was_read_is_delivered() {
    for signal in [Signal::TERM, Signal::INT] {
        cancelled_by(signal).await;
    }
}

async fn cancelled_by(signal: Signal) {
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    let url = planted.url();
    let mut agent = Agent::new(&file(
        "state: file:STATE\nshutdown-grace: 5s\nlog-level: debug",
        PATIENT,
        &[("a", &url)],
        &receiver,
    ));
    let admin = planted.server.superuser().await.unwrap();
    begins(&mut agent, &receiver).await;
    planted.execute(50).await.unwrap();
    everything_arrived(&mut agent, &planted, &receiver).await;
    admin.batch_execute("begin; lock table pg_sequence in access exclusive mode").await.unwrap();
    until_backends_are(&admin, DATABASE, &["waiting"]).await;
    let (before, since) = (polls(&receiver, "a"), Instant::now());
    agent.signal(signal);
    assert_eq!(agent.ended(), Some(0), "{}", agent.log());
    assert!(since.elapsed() < MUCH_LESS);
    assert!(polls(&receiver, "a") > before, "what was read is delivered");
    // The lock is still held: it was the cancel that ended the statement.
    until_backends_are(&admin, DATABASE, &[]).await;
    admin.batch_execute("rollback").await.unwrap();
    agent.start();
    planted.execute(50).await.unwrap();
    everything_arrived(&mut agent, &planted, &receiver).await;
    // What we ended ourselves was not slow, and does not rest.
    assert_eq!(agent.said(&["longer than statement_timeout"]), 0, "{}", agent.log());
    assert_eq!(agent.said(&["WARN polled", "the poll had to end"]), 1, "{}", agent.log());
    assert_eq!(agent.said(&["view rests"]), 0, "{}", agent.log());
    assert_eq!(agent.end(), Some(0));
    is_sound(&receiver);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_that_gets_no_answer_is_given_up_at_the_end_of_the_grace() {
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    let mut proxy = Proxy::start(planted.server.port()).await.unwrap();
    let through =
        planted.url().replace(&format!(":{}/", planted.server.port()), &format!(":{}/", proxy.port()));
    let text = file("state: file:STATE\nshutdown-grace: 3s", PATIENT, &[("a", &through)], &receiver);
    let mut agent = Agent::new(&text);
    begins(&mut agent, &receiver).await;
    planted.execute(50).await.unwrap();
    everything_arrived(&mut agent, &planted, &receiver).await;
    planted.execute(50).await.unwrap();
    proxy.half_open(Direction::ToClient);
    let before = proxy.counts().bytes_to_server;
    until(&mut agent, "it asks in vain", |_| proxy.counts().bytes_to_server > before).await;
    let since = Instant::now();
    assert_eq!(agent.end(), Some(75), "it may work the next time");
    assert!(since.elapsed() < MUCH_LESS);
    assert_eq!(agent.said(&["stopped before every server was done", "servers=\"a\""]), 1);
    let admin = planted.server.superuser().await.unwrap();
    until_backends_are(&admin, DATABASE, &[]).await;
    proxy.heal().await.unwrap();
    agent.start();
    everything_arrived(&mut agent, &planted, &receiver).await;
    assert_eq!(agent.end(), Some(0));
    is_sound(&receiver);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_in_the_middle_of_a_delivery_loses_nothing_and_repeats_nothing() {
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    let url = planted.url();
    let text = file("state: file:STATE\nshutdown-grace: 4s", "every: 1s", &[("a", &url)], &receiver);
    let mut agent = Agent::new(&text);
    // The receiver takes the message and does not answer, or does not even take it.
    for behaviour in
        [Behaviour::TakeAndHang, Behaviour::Hang, Behaviour::HangAfterHeaders, Behaviour::HalfAnAnswer]
    {
        begins(&mut agent, &receiver).await;
        planted.execute(50).await.unwrap();
        everything_arrived(&mut agent, &planted, &receiver).await;
        let before = receiver.requests().len();
        receiver.behave(behaviour);
        planted.execute(50).await.unwrap();
        until(&mut agent, "a delivery hangs", |_| receiver.requests().len() > before).await;
        let since = Instant::now();
        assert_eq!(agent.end(), Some(0), "{}", agent.log());
        assert!(since.elapsed() < MUCH_LESS);
        receiver.behave(Behaviour::Accept);
    }
    agent.start();
    everything_arrived(&mut agent, &planted, &receiver).await;
    assert_eq!(agent.end(), Some(0));
    is_sound(&receiver);
}

#[test]
fn an_agent_that_cannot_begin_says_why_by_its_code() {
    for (text, code, said) in [
        ("servers: []\n", 78, "the configuration"),
        (
            "listen: 192.0.2.1:1\nservers:\n  - connection: db\nexporters:\n  - {kind: jsonl}\n",
            69,
            "192.0.2.1:1",
        ),
    ] {
        let mut agent = Agent::new(text);
        agent.start();
        assert_eq!(agent.ended(), Some(code), "{}", agent.log());
        assert!(agent.said(&[said]) > 0, "{}", agent.log());
    }
}
