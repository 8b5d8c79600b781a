//! The one connection to Redis that all states under a URL share. It is opened when it is first needed, and anew after
//! it was lost.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{
    AsyncConnectionConfig, Cmd, FromRedisValue, RedisConnectionInfo, RedisError, from_redis_value,
};
use pgquerylens_engine::state::refusal::{Refusal, RefusalKind};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::refusal::refusal;
use crate::url::RedisUrl;

/// How long finding, connecting and logging in may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection, if there is one now.
pub(crate) struct Link {
    url: RedisUrl,
    tls: Option<Arc<ClientConfig>>,
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Link {
    /// Names the server; nothing is opened yet.
    pub(crate) fn new(url: RedisUrl, tls: Option<ClientConfig>) -> Link {
        Link { url, tls: tls.map(Arc::new), connection: Mutex::new(None) }
    }

    /// Sends a command, and once more over a fresh connection if the one there was had been lost.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Refusal> {
        let (mut connection, is_fresh) = self.connection().await?;
        let mut answer = connection.send_packed_command(command).await;
        if let Err(error) = &answer
            && is_lost(error)
        {
            self.forget().await;
            if !is_fresh {
                (connection, _) = self.connection().await?;
                answer = connection.send_packed_command(command).await;
            }
        }
        let value = answer.and_then(::redis::Value::extract_error).map_err(|error| refusal(&error))?;
        from_redis_value(value).map_err(|error| refusal(&RedisError::from(error)))
    }

    async fn forget(&self) {
        *self.connection.lock().await = None;
    }

    /// Returns the connection, and whether it was made for this.
    async fn connection(&self) -> Result<(MultiplexedConnection, bool), Refusal> {
        let mut kept = self.connection.lock().await;
        if let Some(connection) = kept.as_ref() {
            return Ok((connection.clone(), false));
        }
        let made = timeout(CONNECT_TIMEOUT, self.connect()).await;
        let connection = made.unwrap_or_else(|_| Err(Refusal::new(RefusalKind::OutOfTime, "")))?;
        *kept = Some(connection.clone());
        Ok((connection, true))
    }

    async fn connect(&self) -> Result<MultiplexedConnection, Refusal> {
        let unreachable = |error: std::io::Error| Refusal::new(RefusalKind::Unreachable, error.to_string());
        let stream =
            TcpStream::connect((self.url.host.as_str(), self.url.port)).await.map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        let Some(tls) = &self.tls else { return self.log_in(stream).await };
        let name = ServerName::try_from(self.url.host.clone())
            .map_err(|error| Refusal::new(RefusalKind::Other, error.to_string()))?;
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await.map_err(unreachable)?;
        self.log_in(stream).await
    }

    async fn log_in<S>(&self, stream: S) -> Result<MultiplexedConnection, Refusal>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let mut login = RedisConnectionInfo::default().set_db(self.url.database.into());
        if let Some(user) = &self.url.user {
            login = login.set_username(user);
        }
        if let Some(password) = &self.url.password {
            login = login.set_password(password.expose());
        }
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(ANSWER_TIMEOUT));
        let made = MultiplexedConnection::new_with_config(&login, stream, config).await;
        let (connection, driver) = made.map_err(|error| refusal(&error))?;
        tokio::spawn(driver);
        Ok(connection)
    }
}

fn is_lost(error: &RedisError) -> bool {
    error.is_connection_dropped() || error.is_io_error() || error.is_unrecoverable_error()
}
