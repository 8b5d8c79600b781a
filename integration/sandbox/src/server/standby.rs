//! Streaming standbys made with the server's own backup functions, because the packages have no pg_basebackup.

use std::fs;

use tokio_postgres::Client;

use super::{PASSWORD, SUPERUSER, Server, layout::Layout, template::copy_directory};
use crate::{Error, Result, error::Doing};

/// Parts of a data directory that a standby makes for itself.
const LEFT_OUT: [&str; 3] = ["postmaster.pid", "postmaster.opts", "backup_label"];
/// Parts that it needs as empty directories.
const EMPTIED: [&str; 4] = ["pg_wal", "pg_replslot", "pg_dynshmem", "pg_stat_tmp"];

impl Server {
    /// Makes a streaming standby of this running server and starts it on a port of its own. The primary keeps the
    /// WAL it needs in a replication slot named after the standby's port.
    pub async fn standby(&self) -> Result<Self> {
        let layout = Layout::new(self.layout.major, &self.layout.programs, self.layout.scratch.medium())?;
        let port = super::free_port()?;
        let client = self.superuser().await?;
        let slot = format!("standby_{port}");
        let create = "select pg_create_physical_replication_slot($1, true)";
        client.execute(create, &[&slot]).await.doing("make a replication slot")?;
        let backup_label = self.copy_into(&layout, &client).await?;
        let account = layout.scratch.account();
        account.write_file(&layout.data.join("backup_label"), &backup_label)?;
        account.write_file(&layout.data.join("standby.signal"), "")?;
        let connection = format!(
            "host=127.0.0.1 port={} user={SUPERUSER} password={PASSWORD} application_name={slot}",
            self.port
        );
        let overrides = format!("primary_conninfo = '{connection}'\nprimary_slot_name = '{slot}'\n");
        account.write_file(&layout.data.join("postgresql.auto.conf"), &overrides)?;
        Self::launch(layout, Some(port), self.environment.clone()).await
    }

    /// Makes a standby the primary of a new timeline and waits until it is.
    pub async fn promote(&self) -> Result<()> {
        let client = self.superuser().await?;
        let row = client.query_one("select pg_promote(true, 60)", &[]).await.doing("promote the standby")?;
        if row.get(0) { Ok(()) } else { Err(Error::TimedOut { what: "promote the standby".to_owned() }) }
    }

    /// Waits until a standby of this server has replayed all that is written here by now.
    pub async fn caught_up(&self, standby: &Self) -> Result<()> {
        let row = self.superuser().await?.query_one("select pg_current_wal_lsn()::text", &[]).await;
        let written: String = row.doing("ask for the end of WAL")?.get(0);
        let reader = standby.superuser().await?;
        let replayed = format!("select pg_last_wal_replay_lsn() >= '{written}'");
        let since = std::time::Instant::now();
        while !reader.query_one(&replayed, &[]).await.doing("ask what is replayed")?.get::<_, bool>(0) {
            if since.elapsed() > super::START_LIMIT {
                return Err(Error::TimedOut { what: "replay on the standby".to_owned() });
            }
            tokio::time::sleep(super::POLL_EVERY).await;
        }
        Ok(())
    }

    /// Copies the data directory between the start and the end of a backup; returns the text of backup_label.
    async fn copy_into(&self, layout: &Layout, client: &Client) -> Result<String> {
        let (start, stop) = match self.layout.major {
            ..15 => (
                "select pg_start_backup('standby', true, false)",
                "select labelfile from pg_stop_backup(false, false)",
            ),
            15.. => {
                ("select pg_backup_start('standby', true)", "select labelfile from pg_backup_stop(false)")
            }
        };
        client.query_one(start, &[]).await.doing("start a backup")?;
        for entry in fs::read_dir(&self.layout.data).doing_at("list", &self.layout.data)?.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if EMPTIED.contains(&name.as_ref()) {
                layout.scratch.account().make_directory(&layout.data.join(name.as_ref()))?;
            } else if !LEFT_OUT.contains(&name.as_ref()) {
                copy_directory(&entry.path(), &layout.data, layout.scratch.account())?;
            }
        }
        Ok(client.query_one(stop, &[]).await.doing("end a backup")?.get(0))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Server, majors, newest};

    #[tokio::test]
    async fn standby_of_oldest_and_newest_replays_and_can_be_promoted() {
        for major in [majors()[0], 15, newest()] {
            let primary = Server::new(major).start().await.unwrap();
            primary.execute("create table before_copy as select 1 as one").await.unwrap();
            let standby = primary.standby().await.unwrap();
            primary.execute("create table after_copy as select 2 as two").await.unwrap();
            primary.caught_up(&standby).await.unwrap();
            let client = standby.superuser().await.unwrap();
            let sum = "select one + two, pg_is_in_recovery() from before_copy, after_copy";
            let row = client.query_one(sum, &[]).await.unwrap();
            assert_eq!((row.get::<_, i32>(0), row.get::<_, bool>(1)), (3, true));
            standby.promote().await.unwrap();
            standby.execute("create table of_my_own (id int)").await.unwrap();
        }
    }
}
