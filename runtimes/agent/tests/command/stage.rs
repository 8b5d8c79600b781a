//! A server to poll: with the extension and the monitoring role, and who of ours is on it.

use std::time::Instant;

use pgquerylens_sandbox::{PASSWORD, Server, ServerBuilder, newest, roles};
use tokio_postgres::Client;

use crate::program::{LOOK_EVERY, PATIENCE};

/// The database that is polled.
const DATABASE: &str = "postgres";

/// What our backends do: idle outside a transaction, at work, or behind somebody's lock.
const BACKENDS: &str =
    "select case when wait_event_type = 'Lock' then 'waiting' else coalesce(state, 'starting') end
    from pg_stat_activity where application_name = 'pgquerylens'";

/// Starts a server that can be polled whole.
pub(crate) async fn monitored() -> Server {
    Server::new(newest()).start_monitored().await.unwrap()
}

/// Starts a server as it is asked for, with the monitoring role and nothing else.
pub(crate) async fn without_extension(builder: ServerBuilder) -> Server {
    let server = builder.start().await.unwrap();
    roles::create_monitor_role(&server.superuser().await.unwrap()).await.unwrap();
    server
}

/// Returns the URL by which the monitoring role logs in; the password is in the program's environment.
pub(crate) fn url(server: &Server) -> String {
    url_of(server, roles::MONITOR)
}

/// Returns the URL by which this role logs in.
pub(crate) fn url_of(server: &Server, role: &str) -> String {
    server.url(role, DATABASE).replacen(&format!(":{PASSWORD}@"), "@", 1)
}

/// Waits until our backends do this: one that was left by its client takes a moment to end.
pub(crate) async fn until_backends_are(admin: &Client, expected: &[&str]) {
    let since = Instant::now();
    loop {
        // Within a transaction the same states would be shown again and again.
        admin.batch_execute("select pg_stat_clear_snapshot()").await.unwrap();
        let rows = admin.query(BACKENDS, &[]).await.unwrap();
        let found: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
        if found == expected {
            return;
        }
        assert!(since.elapsed() < PATIENCE, "{found:?} and not {expected:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
