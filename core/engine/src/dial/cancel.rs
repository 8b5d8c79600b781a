//! Asks the server, over a connection of its own, to stop what ours is doing.
//!
//! The server answers by closing that connection, and this waits for it as libpq does: PgBouncer 1.18 dies of a client
//! that hangs up while its cancel request is being passed on, and a cancel that has been waited for cannot hit the
//! statement after the one it was meant for.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres::{CancelToken, NoTls};

use super::classify::{Attempt, socket_error};
use super::error::ConnectError;
use super::socket::{Endpoint, Socket};
use crate::conninfo::Keepalive;
use crate::tls::Connector;

/// All that is needed to cancel what a connection is doing.
#[derive(Clone)]
pub struct Canceller {
    pub(super) token: CancelToken,
    pub(super) endpoint: Endpoint,
    pub(super) keepalive: Keepalive,
    pub(super) connector: Option<Connector>,
    pub(super) address: String,
    pub(super) user: String,
}

impl Canceller {
    /// Sends a cancel request to the same address with the same TLS, and waits until the server has taken it. What it
    /// comes to, the connection itself will tell.
    pub async fn cancel(&self, timeout: Duration) -> Result<(), ConnectError> {
        match tokio::time::timeout(timeout, self.send()).await {
            Ok(result) => result,
            Err(_) => Err(ConnectError::Timeout { address: self.address.clone(), waited: timeout }),
        }
    }

    async fn send(&self) -> Result<(), ConnectError> {
        let socket = self
            .endpoint
            .open(&self.keepalive)
            .await
            .map_err(|error| socket_error(self.address.clone(), error))?;
        let sent = match &self.connector {
            None => self.token.cancel_query_raw(Patient(socket), NoTls).await,
            Some(connector) => {
                let mut make = connector.make.clone();
                let Ok(tls) = MakeTlsConnect::<Socket>::make_tls_connect(&mut make, &connector.server_name);
                self.token.cancel_query_raw(socket, PatientTls(tls)).await
            }
        };
        sent.map_err(|error| {
            let attempt = Attempt {
                address: &self.address,
                host: &self.address,
                database: "",
                user: &self.user,
                connector: self.connector.as_ref(),
            };
            attempt.login_error(error)
        })
    }
}

/// A stream that is shut down by waiting for the other side to close it, which the driver does after the request.
struct Patient<S>(S);

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut room = [0; 64];
        loop {
            let mut buffer = ReadBuf::new(&mut room);
            match ready!(Pin::new(&mut self.0).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                // However it was closed, it was: servers close without the farewell of TLS, some with a reset.
                Ok(()) | Err(_) => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl<S: TlsStream + Unpin> TlsStream for Patient<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.0.channel_binding()
    }
}

/// TLS whose stream is patient.
struct PatientTls<T>(T);

impl<S, T> TlsConnect<S> for PatientTls<T>
where
    T: TlsConnect<S>,
    T::Future: Send + 'static,
{
    type Stream = Patient<T::Stream>;
    type Error = T::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Stream, Self::Error>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        let connecting = self.0.connect(stream);
        Box::pin(async move { connecting.await.map(Patient) })
    }
}
