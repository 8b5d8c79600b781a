//! A statement whose calls are known to the last one, on a server that can be polled: the truth that what arrives at a
//! receiver is held against. Beside it, what nobody may see.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use crate::error::Doing;
use crate::server::{PASSWORD as SANDBOX, SUPERUSER, Server, ServerBuilder, connect};
use crate::{Result, roles};

/// The database that is polled.
pub const DATABASE: &str = "postgres";
/// Between two executions of whoever keeps executing.
const PAUSE: Duration = Duration::from_millis(2);
const EXECUTE: &str = "execute the planted statement";
/// The statement that is counted, and what PostgreSQL makes of it.
const PLANTED: (&str, &str) = ("select 1 + 1", "select $1 + $2");

/// What is planted for nobody to see: whatever holds one of them has told a secret.
#[derive(Clone, Copy, Debug)]
pub struct Secrets {
    /// The password of the role that polls.
    pub password: &'static str,
    /// A literal of a statement.
    pub literal: &'static str,
}

/// A server that can be polled whole, and its statement that is counted.
#[derive(Debug)]
pub struct Planted {
    /// The server.
    pub server: Server,
    /// The statement's queryid.
    pub queryid: i64,
    secrets: Secrets,
    /// Executions that have begun: never less than what the server has counted.
    begun: Arc<AtomicU64>,
}

impl Planted {
    /// Starts a server as it is asked for. The statement is executed once, before anybody looks.
    pub async fn start(builder: ServerBuilder, secrets: Secrets) -> Result<Planted> {
        let server = builder.start_monitored().await?;
        server.execute(&format!("alter role {} password '{}'", roles::MONITOR, secrets.password)).await?;
        server.execute(PLANTED.0).await?;
        let queryid = server.queryid_of(PLANTED.1).await?;
        Ok(Planted { server, queryid, secrets, begun: Arc::default() })
    }

    /// Returns the URL by which whoever polls logs in, with the password in it.
    pub fn url(&self) -> String {
        self.url_of(DATABASE)
    }

    /// Returns the URL to another database.
    pub fn url_of(&self, database: &str) -> String {
        self.server.url(roles::MONITOR, database).replacen(SANDBOX, self.secrets.password, 1)
    }

    /// Executes the statement, and one with a literal that nobody may see.
    pub async fn execute(&self, times: u64) -> Result<()> {
        let client = self.server.client(SUPERUSER, DATABASE).await?;
        client.batch_execute(&format!("select '{}' as shown", self.secrets.literal)).await.doing(EXECUTE)?;
        for _ in 0..times {
            execute(&client, &self.begun).await?;
        }
        Ok(())
    }

    /// Executes the statement again and again until it is told to stop; then the task is to be waited for.
    pub fn keep_executing(&self, stop: &watch::Receiver<bool>) -> JoinHandle<Result<()>> {
        let (url, begun, stop) =
            (self.server.url(SUPERUSER, DATABASE), Arc::clone(&self.begun), stop.clone());
        tokio::spawn(async move {
            let client = connect(&url).await?;
            while !*stop.borrow() {
                execute(&client, &begun).await?;
                tokio::time::sleep(PAUSE).await;
            }
            Ok(())
        })
    }

    /// Returns how many executions have begun.
    pub fn begun(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }
}

async fn execute(client: &Client, begun: &AtomicU64) -> Result<()> {
    begun.fetch_add(1, Ordering::SeqCst);
    client.batch_execute(PLANTED.0).await.doing(EXECUTE)
}
