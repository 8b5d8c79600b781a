//! What the agent is between: servers that execute statements whose calls are known, and a receiver that keeps the
//! account of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Instant;

use pgquerylens_sandbox::receiver::{Account, Message, Receiver};
use pgquerylens_sandbox::workload::planted::Secrets;
pub(crate) use pgquerylens_sandbox::workload::planted::{DATABASE, Planted};
use pgquerylens_sandbox::{Server, ServerBuilder, newest, roles};
use tokio_postgres::Client;

use crate::process::{Agent, HEADER, LITERAL, LOOK_EVERY, PASSWORD, PATIENCE};

/// What every poll tells once.
const POLLED: &str = "pgquerylens.poll.duration";
/// What is planted for nobody to see.
const SECRETS: Secrets = Secrets { password: PASSWORD, literal: LITERAL };

/// Starts the newest server with the statement that is counted.
pub(crate) async fn planted() -> Planted {
    planted_on(Server::new(newest())).await
}

/// Starts a server as it is asked for, with the statement that is counted.
pub(crate) async fn planted_on(builder: ServerBuilder) -> Planted {
    Planted::start(builder, SECRETS).await.unwrap()
}

/// Returns what our backends do in this database: their process ids with `waiting`, `active` or `idle`.
pub(crate) async fn backends(admin: &Client, database: &str) -> Vec<(i32, String)> {
    let find = "select pid, case when wait_event_type = 'Lock' then 'waiting' else coalesce(state, '') end
        from pg_stat_activity where usename = $1 and datname = $2 order by pid";
    // Within a transaction the same states would be shown again and again.
    admin.batch_execute("select pg_stat_clear_snapshot()").await.unwrap();
    let rows = admin.query(find, &[&roles::MONITOR, &database]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// Waits until our backends in this database do this.
pub(crate) async fn until_backends_are(admin: &Client, database: &str, expected: &[&str]) {
    let since = Instant::now();
    loop {
        let found = backends(admin, database).await;
        if found.iter().map(|(_, state)| state.as_str()).eq(expected.iter().copied()) {
            return;
        }
        assert!(since.elapsed() < PATIENCE, "{found:?} and not {expected:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Returns the text of a file: what of the process, what of every server, servers by name and URL, and a receiver.
pub(crate) fn file(process: &str, defaults: &str, servers: &[(&str, &str)], receiver: &Receiver) -> String {
    let servers: Vec<_> = servers.iter().map(|(name, url)| (*name, *url, "")).collect();
    file_with(process, defaults, &servers, &[("receiver", receiver)])
}

/// Returns the text of a file in which servers say something of their own, in braces, and with several receivers.
pub(crate) fn file_with(
    process: &str,
    defaults: &str,
    servers: &[(&str, &str, &str)],
    receivers: &[(&str, &Receiver)],
) -> String {
    let mut text = format!("listen: off\n{process}\ndefaults: {{{defaults}}}\nservers:\n");
    for (name, url, own) in servers {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  - {{name: {name}, connection: \"{url}\", {own}}}");
    }
    text.push_str("exporters:\n");
    for (name, receiver) in receivers {
        let of = format!("kind: otlp, endpoint: \"{}\", timeout: 20s", receiver.url());
        let _ = writeln!(text, "  - {{name: {name}, {of}, headers: {{x-key: {HEADER}}}}}");
    }
    text
}

/// Waits until something is so, while the agent lives.
pub(crate) async fn until(agent: &mut Agent, what: &str, mut is_so: impl FnMut(&Agent) -> bool) {
    let since = Instant::now();
    while !is_so(agent) {
        agent.lives();
        assert!(since.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Waits until metrics and events of the server `a` say what was executed, to the last call.
pub(crate) async fn everything_arrived(agent: &mut Agent, planted: &Planted, receiver: &Receiver) {
    until(agent, "what was executed arrived", |_| {
        let account = receiver.account();
        account.calls("a", planted.queryid) == planted.begun()
            && account.calls_of_events(planted.queryid) == planted.begun()
    })
    .await;
}

/// Returns the last value of `pgquerylens.up` of a server.
pub(crate) fn up(account: &Account, server: &str) -> Option<u64> {
    let ours = account.levels.iter().filter(|(key, _)| key.metric == "pgquerylens.up" && key.is_of(server));
    ours.map(|(_, level)| *level).max_by_key(|(time, _)| *time).map(|(_, value)| value as u64)
}

/// Returns how many polls of a server the receiver took in.
pub(crate) fn polls(receiver: &Receiver, server: &str) -> usize {
    polls_of_each(receiver).get(server).copied().unwrap_or_default()
}

/// Returns how many polls of each server the receiver took in.
pub(crate) fn polls_of_each(receiver: &Receiver) -> BTreeMap<String, usize> {
    let mut polls = BTreeMap::new();
    for request in receiver.requests().iter().filter(|request| request.is_taken) {
        let Message::Metrics(message) = &request.message else { continue };
        for resource in &message.resource_metrics {
            let attributes = resource.resource.iter().flat_map(|resource| &resource.attributes);
            let named = attributes.filter(|pair| pair.key == "pgquerylens.server");
            let name = named.map(|pair| format!("{:?}", pair.value)).next().unwrap_or_default();
            let mut metrics = resource.scope_metrics.iter().flat_map(|scope| &scope.metrics);
            // As it is shown, the name stands between quotes.
            if let Some(name) = name.split('"').nth(1).filter(|_| metrics.any(|metric| metric.name == POLLED))
            {
                *polls.entry(name.to_owned()).or_default() += 1;
            }
        }
    }
    polls
}

/// Fails if rules were broken, or the receiver got what nobody may see.
pub(crate) fn is_sound(receiver: &Receiver) {
    assert_eq!(receiver.account().violations, Vec::<String>::new());
    for request in receiver.requests() {
        assert_eq!(request.header("x-key").as_deref(), Some(HEADER));
        crate::process::tells_no_secret(&String::from_utf8_lossy(&request.body));
    }
}
