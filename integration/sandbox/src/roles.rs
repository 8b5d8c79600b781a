//! The roles that a monitored server has for a poller, from what the manual recommends to one that may do nothing.
//! They log in with [`crate::PASSWORD`].

use tokio_postgres::Client;

use crate::{PASSWORD, Result, error::Doing};

/// The role of the recommended setup.
pub const MONITOR: &str = "pgquerylens";
/// The role without any right.
pub const PLAIN: &str = "pgquerylens_plain";

/// Makes the role that the documentation recommends: it may log in and is a member of pg_monitor.
pub async fn create_monitor_role(client: &Client) -> Result<()> {
    create(client, MONITOR).await?;
    client.batch_execute(&format!("grant pg_monitor to {MONITOR}")).await.doing("grant pg_monitor")
}

/// Makes a role that may log in and nothing more.
pub async fn create_plain_role(client: &Client) -> Result<()> {
    create(client, PLAIN).await
}

/// Makes a login role of this name, which needs no quotes.
pub async fn create(client: &Client, name: &str) -> Result<()> {
    let statement = format!("create role {name} login password '{PASSWORD}'");
    client.batch_execute(&statement).await.doing(format!("create role {name}"))
}

#[cfg(test)]
mod tests {
    use super::{MONITOR, PLAIN, create_monitor_role, create_plain_role};
    use crate::{Server, newest};

    #[tokio::test]
    async fn only_the_monitor_sees_what_others_run() {
        let server = Server::new(newest()).start().await.unwrap();
        let superuser = server.superuser().await.unwrap();
        create_monitor_role(&superuser).await.unwrap();
        create_plain_role(&superuser).await.unwrap();
        let hidden = "select count(*) from pg_stat_activity where query = '<insufficient privilege>'";
        for (role, sees_all) in [(MONITOR, true), (PLAIN, false)] {
            let client = server.client(role, "postgres").await.unwrap();
            let count: i64 = client.query_one(hidden, &[]).await.unwrap().get(0);
            assert_eq!(count == 0, sees_all, "{role}");
        }
    }
}
