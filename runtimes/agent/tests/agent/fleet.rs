//! Many servers of which half are dead: the living ones are polled at every tick, whatever the others do.

use std::net::TcpListener;
use std::time::Duration;

use pgquerylens_sandbox::proxy::Proxy;
use pgquerylens_sandbox::receiver::Receiver;
use pgquerylens_sandbox::{Server, newest};

use crate::process::Agent;
use crate::stage::{file, is_sound, planted, planted_on, polls, polls_of_each, until, up};

/// Servers at the usual scale, and at the largest.
const SERVERS: usize = 50;
const MOST_SERVERS: usize = 200;
/// As often the living ones have been polled before the first of those who do not answer is given up.
const POLLS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_living_are_polled_at_every_tick_whatever_the_dead_do() {
    let count = (SERVERS * pgquerylens_sandbox::scale() as usize).min(MOST_SERVERS);
    let builder = Server::new(newest()).setting("max_connections", &(count + 50).to_string());
    let (planted, receiver) = (planted_on(builder).await, Receiver::start().await.unwrap());
    // Both stay as long as the test: one accepts and says nothing, the other is a port where nobody listens.
    let silent = Proxy::start(planted.server.port()).await.unwrap();
    silent.blackhole();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = planted.url();
    let at = |port: u16| url.replace(&format!(":{}/", planted.server.port()), &format!(":{port}/"));
    let (silent_url, closed_url) = (at(silent.port()), at(closed));
    let names: Vec<String> = (0..count).map(|place| format!("s{place:03}")).collect();
    let url_of = |place: usize| match place % 4 {
        0 | 2 => url.as_str(),
        1 => silent_url.as_str(),
        _ => closed_url.as_str(),
    };
    let servers: Vec<(&str, &str)> =
        names.iter().enumerate().map(|(place, name)| (name.as_str(), url_of(place))).collect();
    let of = |wanted: &str| -> Vec<&str> {
        servers.iter().filter(|(_, url)| *url == wanted).map(|(name, _)| *name).collect()
    };
    // Who does not answer is given up after an eternity: until then it is in the way, if it can be.
    let defaults = format!("every: {}s, connect-timeout: 60s, deadline: 60s", 2 * count / SERVERS);
    let mut agent = Agent::new(&file(
        "state: file:STATE\nworkers: 4\nshutdown-grace: 2s",
        &defaults,
        &servers,
        &receiver,
    ));
    agent.start();
    until(&mut agent, "every living one was polled, and polled again", |_| {
        let polls = polls_of_each(&receiver);
        of(&url).iter().all(|name| polls.get(*name).is_some_and(|polls| *polls >= POLLS))
    })
    .await;
    assert_eq!(agent.said(&["no login within"]), 0, "the silent ones were waited for");
    let account = receiver.account();
    for name in of(&url) {
        assert_eq!(up(&account, name), Some(1), "{name}");
    }
    until(&mut agent, "the closed ones are told as down", |_| {
        let account = receiver.account();
        of(&closed_url).iter().all(|name| up(&account, name) == Some(0))
    })
    .await;
    for name in of(&closed_url) {
        assert!(agent.said(&["poll failed", &format!("server=\"{name}\"")]) > 0, "{name}");
    }
    // Those that are still being waited for cannot be told anything: what hangs is given up with the grace.
    assert_eq!(agent.end(), Some(75));
    is_sound(&receiver);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_longer_than_the_interval_skips_ticks_and_loses_nothing() {
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    let slow = Proxy::start(planted.server.port()).await.unwrap();
    let url = planted.url();
    let slow_url = url.replace(&format!(":{}/", planted.server.port()), &format!(":{}/", slow.port()));
    let mut agent =
        Agent::new(&file("state: file:STATE", "every: 1s", &[("far", &slow_url), ("near", &url)], &receiver));
    agent.start();
    until(&mut agent, "both are polled", |_| polls(&receiver, "far") > 0 && polls(&receiver, "near") > 0)
        .await;
    slow.delay(Duration::from_millis(900), Duration::from_millis(900));
    let skipped = ["a poll took longer than the interval: ticks skipped", "server=\"far\""];
    until(&mut agent, "ticks are skipped", |agent| agent.said(&skipped) > 0).await;
    assert_eq!(agent.said(&[skipped[0], "server=\"near\""]), 0, "{}", agent.log());
    planted.execute(70).await.unwrap();
    for name in ["far", "near"] {
        until(&mut agent, "nothing is lost", |_| {
            receiver.account().calls(name, planted.queryid) == planted.begun()
        })
        .await;
    }
    assert_eq!(agent.end(), Some(0));
    is_sound(&receiver);
}
