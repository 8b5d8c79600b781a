//! What the agent is between: servers that execute statements whose calls are known, and a receiver that keeps the
//! account of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use pgquerylens_sandbox::receiver::{Account, Message, Receiver};
use pgquerylens_sandbox::{PASSWORD as SANDBOX, SUPERUSER, Server, ServerBuilder, newest, roles};
use tokio_postgres::Client;

use crate::process::{Agent, HEADER, LITERAL, LOOK_EVERY, PASSWORD, PATIENCE};

/// The database that is polled.
pub(crate) const DATABASE: &str = "postgres";
/// What every poll tells once.
const POLLED: &str = "pgquerylens.poll.duration";
/// The statement that is counted, and what PostgreSQL makes of it.
const PLANTED: (&str, &str) = ("select 1 + 1", "select $1 + $2");

/// A server that can be polled whole, and its statement that is counted.
pub(crate) struct Planted {
    pub(crate) server: Server,
    pub(crate) queryid: i64,
    /// Executions that have begun: never less than what the server has counted.
    begun: Arc<AtomicU64>,
}

impl Planted {
    /// Starts the newest.
    pub(crate) async fn start() -> Planted {
        Planted::start_as(Server::new(newest())).await
    }

    /// Starts a server as it is asked for. The statement is executed once, before anybody looks.
    pub(crate) async fn start_as(builder: ServerBuilder) -> Planted {
        let server = builder.start_monitored().await.unwrap();
        let password = format!("alter role {} password '{PASSWORD}'", roles::MONITOR);
        server.execute(&password).await.unwrap();
        server.execute(PLANTED.0).await.unwrap();
        let queryid = server.queryid_of(PLANTED.1).await.unwrap();
        Planted { server, queryid, begun: Arc::default() }
    }

    /// Returns the URL by which the agent logs in, with the password in it.
    pub(crate) fn url(&self) -> String {
        self.url_of(DATABASE)
    }

    /// Returns the URL to another database.
    pub(crate) fn url_of(&self, database: &str) -> String {
        self.server.url(roles::MONITOR, database).replacen(SANDBOX, PASSWORD, 1)
    }

    /// Executes the statement, and one with a literal that nobody may see.
    pub(crate) async fn execute(&self, times: u64) {
        let client = self.server.client(SUPERUSER, DATABASE).await.unwrap();
        client.batch_execute(&format!("select '{LITERAL}' as shown")).await.unwrap();
        for _ in 0..times {
            execute(&client, &self.begun).await;
        }
    }

    /// Executes the statement again and again; the task is to be aborted, and then waited for.
    pub(crate) fn keep_executing(
        &self,
        stop: &tokio::sync::watch::Receiver<bool>,
    ) -> tokio::task::JoinHandle<()> {
        let (url, begun, stop) =
            (self.server.url(SUPERUSER, DATABASE), Arc::clone(&self.begun), stop.clone());
        tokio::spawn(async move {
            let client = pgquerylens_sandbox::connect(&url).await.unwrap();
            while !*stop.borrow() {
                execute(&client, &begun).await;
                tokio::time::sleep(LOOK_EVERY / 10).await;
            }
        })
    }

    /// Returns how many executions have begun.
    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }

    /// Returns what our backends do in this database: their process ids with `waiting`, `active` or `idle`.
    pub(crate) async fn backends(&self, admin: &Client, database: &str) -> Vec<(i32, String)> {
        let find =
            "select pid, case when wait_event_type = 'Lock' then 'waiting' else coalesce(state, '') end
            from pg_stat_activity where usename = $1 and datname = $2 order by pid";
        // Within a transaction the same states would be shown again and again.
        admin.batch_execute("select pg_stat_clear_snapshot()").await.unwrap();
        let rows = admin.query(find, &[&roles::MONITOR, &database]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// Waits until our backends in this database do this.
    pub(crate) async fn until_backends_are(&self, admin: &Client, database: &str, expected: &[&str]) {
        let since = Instant::now();
        loop {
            let found = self.backends(admin, database).await;
            if found.iter().map(|(_, state)| state.as_str()).eq(expected.iter().copied()) {
                return;
            }
            assert!(since.elapsed() < PATIENCE, "{found:?} and not {expected:?}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

async fn execute(client: &Client, begun: &AtomicU64) {
    begun.fetch_add(1, Ordering::SeqCst);
    client.batch_execute(PLANTED.0).await.unwrap();
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
