//! A small shop under mixed load: quick statements and slow ones, a missing index, sorts that spill, a row that
//! someone holds too long, imports that write much WAL. Who does what is in `actors`.

mod actors;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::watch, task::JoinSet};
use tokio_postgres::{Client, Config, NoTls};

use super::chance::Chance;
use crate::{Error, Result, error::Doing, roles};
use actors::Actor;

/// The role that the shop's sessions log in as.
pub const ROLE: &str = "shop";
/// How many orders make a shop that is worth looking at: about 70 MB, made in seconds.
pub const ORDERS: u32 = 100_000;

const SCHEMA: &str = include_str!("shop/schema.sql");
/// How many turns an actor takes at most, for the case that nobody stops it.
const TURNS_MAX: u64 = 1_000_000;
/// How long stopping may take, cancelling of queries included.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// How busy the shop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// A few dozen statements a second.
    Calm,
    /// A few hundred statements a second, most of one CPU.
    Lively,
}

/// What the shop has done until it was stopped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Turns taken by all actors; a turn is one statement or one transaction.
    pub turns: u64,
    /// Actors whose session broke or whose statement was refused; each ends with its first failure.
    pub failures: u64,
}

/// A shop at work. Dropping it ends its sessions too, but without waiting and without cancelling what runs.
#[derive(Debug)]
pub struct Workload {
    stop: watch::Sender<bool>,
    actors: JoinSet<Result<()>>,
    turns: Arc<AtomicU64>,
}

/// Makes the shop with this many orders in the client's database, and its role. The client is a superuser.
pub async fn create(client: &Client, orders: u32) -> Result<()> {
    roles::create(client, ROLE).await?;
    let statements = format!("set shop.orders = {orders}; {SCHEMA}; reset shop.orders");
    client.batch_execute(&statements).await.doing("make the shop")
}

impl Workload {
    /// Opens a session for each actor, as the role and in the database of this URL, and lets them work. With the
    /// same seed each actor does the same in the same order.
    pub async fn start(url: &str, pace: Pace, seed: u64) -> Result<Self> {
        let config = url.parse::<Config>().doing("read the shop's URL")?;
        let (stop, stopped) = watch::channel(false);
        let turns = Arc::new(AtomicU64::new(0));
        let mut actors = JoinSet::new();
        for (number, actor) in (0..).zip(Actor::CAST) {
            let client = log_in(config.clone(), actor).await?;
            let (chance, turns) = (Chance::new(seed + number), Arc::clone(&turns));
            actors.spawn(act(actor, client, chance, pace, stopped.clone(), turns));
        }
        Ok(Self { stop, actors, turns })
    }

    /// Returns how many sessions the shop has.
    pub fn sessions() -> usize {
        Actor::CAST.len()
    }

    /// Cancels what runs, closes the sessions and tells what was done.
    pub async fn stop(mut self) -> Result<Done> {
        let _ = self.stop.send(true);
        let mut failures = 0;
        let all = async {
            while let Some(ended) = self.actors.join_next().await {
                failures += u64::from(!matches!(ended, Ok(Ok(()))));
            }
        };
        tokio::time::timeout(STOP_LIMIT, all)
            .await
            .map_err(|_| Error::TimedOut { what: "stop the shop".to_owned() })?;
        Ok(Done { turns: self.turns.load(Ordering::Relaxed), failures })
    }
}

async fn log_in(mut config: Config, actor: Actor) -> Result<Client> {
    config.application_name(actor.application_name());
    let (client, connection) = config.connect(NoTls).await.doing("connect the shop")?;
    tokio::spawn(connection);
    client.batch_execute(actor.preparation()).await.doing("prepare a session of the shop")?;
    Ok(client)
}

async fn act(
    actor: Actor,
    client: Client,
    mut chance: Chance,
    pace: Pace,
    mut stopped: watch::Receiver<bool>,
    turns: Arc<AtomicU64>,
) -> Result<()> {
    let work = async {
        for _ in 0..TURNS_MAX {
            actor.turn(&client, &mut chance).await.doing("work in the shop")?;
            turns.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(actor.pause(pace)).await;
        }
        Ok(())
    };
    let told_to_stop = async {
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    tokio::select! {
        worked = work => worked,
        () = told_to_stop => {
            let _ = client.cancel_token().cancel_query(NoTls).await;
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Pace, ROLE, Workload, create};
    use crate::{Server, majors, newest};
    use std::time::{Duration, Instant};

    #[tokio::test]
    async fn shop_opens_on_the_oldest_major() {
        let server = Server::new(majors()[0]).start().await.unwrap();
        create(&server.superuser().await.unwrap(), 1_000).await.unwrap();
        let workload = Workload::start(&server.url(ROLE, "postgres"), Pace::Calm, 2).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(workload.stop().await.unwrap().failures, 0);
    }

    #[tokio::test]
    async fn shop_has_a_lock_wait_a_seq_scan_and_temp_files_and_stops_at_once() {
        let server = Server::new(newest()).setting("track_functions", "all").start().await.unwrap();
        let client = server.superuser().await.unwrap();
        create(&client, 20_000).await.unwrap();
        let workload = Workload::start(&server.url(ROLE, "postgres"), Pace::Lively, 1).await.unwrap();
        let yes = async |query: &str| client.query_one(query, &[]).await.unwrap().get::<_, bool>(0);
        let signs = [
            "select exists (select from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0)",
            "select exists (select from pg_stat_user_tables where relname = 'orders' and seq_scan > 5)",
            "select temp_files > 0 from pg_stat_database where datname = 'postgres'",
            "select exists (select from pg_stat_user_functions where funcname = 'order_total')",
            "select exists (select from pg_stat_activity where state = 'idle in transaction')",
        ];
        let start = Instant::now();
        for sign in signs {
            while !yes(sign).await {
                assert!(start.elapsed() < Duration::from_secs(20), "{sign}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        let stopping = Instant::now();
        let done = workload.stop().await.unwrap();
        assert!(stopping.elapsed() < Duration::from_secs(2), "{:?}", stopping.elapsed());
        assert_eq!(done.failures, 0);
        assert!(done.turns > 20, "{done:?}");
    }
}
