//! Ways into a server: URLs for others, sessions for ourselves. Every role has the same password.

use std::path::Path;

use tokio_postgres::{Client, NoTls};

use super::{PASSWORD, SUPERUSER, Server};
use crate::{Error, Result, error::Doing};

impl Server {
    /// Returns the URL for a role and database over TCP without TLS.
    pub fn url(&self, user: &str, database: &str) -> String {
        self.url_with(user, database, "sslmode=disable")
    }

    /// Returns the URL over TCP with these parameters, such as `sslmode=verify-full&sslrootcert=...`.
    pub fn url_with(&self, user: &str, database: &str, parameters: &str) -> String {
        url_at(self.port, user, database, parameters)
    }

    /// Returns the URL over the Unix socket.
    pub fn socket_url(&self, user: &str, database: &str) -> String {
        let socket = quoted(&self.layout.socket.to_string_lossy());
        let (user, database) = (quoted(user), quoted(database));
        format!("postgresql://{user}:{PASSWORD}@{socket}:{}/{database}", self.port)
    }

    /// Returns the directory of the Unix socket.
    pub fn socket_directory(&self) -> &Path {
        &self.layout.socket
    }

    /// Opens a session; the connection ends when the client is dropped.
    pub async fn client(&self, user: &str, database: &str) -> Result<Client> {
        connect(&self.url(user, database)).await
    }

    /// Opens a session of the superuser in the database `postgres`.
    pub async fn superuser(&self) -> Result<Client> {
        self.client(SUPERUSER, "postgres").await
    }

    /// Runs statements as the superuser in the database `postgres`. Several of them are one transaction.
    pub async fn execute(&self, statements: &str) -> Result<()> {
        self.execute_in("postgres", statements).await
    }

    /// Runs statements as the superuser in a database. Several of them are one transaction.
    pub async fn execute_in(&self, database: &str, statements: &str) -> Result<()> {
        let client = self.client(SUPERUSER, database).await?;
        client.batch_execute(statements).await.doing(format!("run {statements}"))
    }

    /// Returns the id of a statement that was executed, by what pg_stat_statements made of its text.
    pub async fn queryid_of(&self, normalised: &str) -> Result<i64> {
        let find = "select queryid from pg_stat_statements where query = $1";
        let row = self.superuser().await?.query_one(find, &[&normalised]).await;
        row.and_then(|row| row.try_get(0)).doing(format!("find {normalised}"))
    }
}

/// Opens a session without TLS; the connection ends when the client is dropped.
pub async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.doing("connect")?;
    tokio::spawn(connection);
    Ok(client)
}

/// Returns the process id of a session's backend.
pub async fn backend_pid(client: &Client) -> Result<u32> {
    let row = client
        .query_one("select pg_catalog.pg_backend_pid()", &[])
        .await
        .doing("ask the backend's process id")?;
    u32::try_from(row.get::<_, i32>(0))
        .map_err(|_| Error::Unsupported { what: "use a negative process id".to_owned() })
}

/// Returns the URL of a port on 127.0.0.1.
pub(crate) fn url_at(port: u16, user: &str, database: &str, parameters: &str) -> String {
    let (user, database) = (quoted(user), quoted(database));
    format!("postgresql://{user}:{PASSWORD}@127.0.0.1:{port}/{database}?{parameters}")
}

/// Writes what a URL reserves as percent and two digits.
fn quoted(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes()
        .map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::url_at;

    #[test]
    fn odd_names_survive_in_a_url() {
        let url = url_at(5432, "a b", "x/é", "sslmode=disable");
        assert_eq!(url, "postgresql://a%20b:sandbox@127.0.0.1:5432/x%2F%C3%A9?sslmode=disable");
        let config: tokio_postgres::Config = url.parse().unwrap();
        assert_eq!((config.get_user(), config.get_dbname()), (Some("a b"), Some("x/é")));
    }
}
