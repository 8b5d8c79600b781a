//! What there is to see on a recorded server: tables with an odd name, a duplicate and an invalid index, a function, a
//! sequence that is nearly used up, a standby, a forgotten prepared transaction, and a session that waits for another.

use pgquerylens_sandbox::workload::known;
use pgquerylens_sandbox::{SUPERUSER, Server, ServerBuilder};
use tokio_postgres::Client;

use crate::Result;

const SCENE: &str = include_str!("scene.sql");
/// Fails because customers come again, and leaves an invalid index.
const INVALID: &str = "create unique index concurrently orders_customer_once on shop.orders (customer)";
const FORGET: &str = "begin; insert into shop.orders (customer, note) values ('prepared', 'and forgotten');
    prepare transaction 'forgotten'";
const HOLD: &str = "begin; update shop.orders set note = 'held' where id = 1";
const WAIT: &str = "update shop.orders set note = 'wanted' where id = 1";
const CALL: &str = "select shop.order_count('customer 7')";

/// How often the known workload runs before each poll.
const TIMES: u64 = 5;
/// Before this poll the statistics of statements are reset.
const RESET_BEFORE: usize = 3;

/// The scene, with the sessions that play in it.
pub(crate) struct Scene {
    admin: Client,
    holder: Client,
    waiter: tokio::task::JoinHandle<()>,
    standby: Server,
}

/// Returns the server with the settings that show the most.
pub(crate) fn configured(server: ServerBuilder) -> ServerBuilder {
    server
        .setting("track_io_timing", "on")
        .setting("track_functions", "all")
        .setting("max_prepared_transactions", "2")
        .setting("autovacuum", "off")
}

impl Scene {
    /// Sets the scene on a fresh server.
    pub(crate) async fn set(server: &Server) -> Result<Scene> {
        let admin = server.superuser().await?;
        admin.batch_execute(SCENE).await?;
        if admin.batch_execute(INVALID).await.is_ok() {
            return Err("the invalid index is valid".into());
        }
        // Not before: an index that is built concurrently waits for every transaction.
        admin.batch_execute(FORGET).await?;
        known::prepare(&admin).await?;
        let standby = server.standby().await?;
        let holder = server.client(SUPERUSER, "postgres").await?;
        holder.batch_execute(HOLD).await?;
        let waiting = server.client(SUPERUSER, "postgres").await?;
        // It waits until the holder gives up, and what becomes of it then is nobody's concern.
        let waiter = tokio::spawn(async move { drop(waiting.batch_execute(WAIT).await) });
        Ok(Scene { admin, holder, waiter, standby })
    }

    /// Does what happens before this poll.
    pub(crate) async fn play(&self, poll: usize) -> Result<()> {
        if poll == RESET_BEFORE {
            self.admin.batch_execute("select pg_stat_statements_reset()").await?;
        }
        known::run(&self.admin, TIMES).await?;
        self.admin.batch_execute(CALL).await?;
        Ok(())
    }

    /// Lets the waiting session go and removes the standby.
    pub(crate) async fn end(self) -> Result<()> {
        self.holder.batch_execute("rollback").await?;
        self.waiter.await?;
        drop(self.standby);
        Ok(())
    }
}
