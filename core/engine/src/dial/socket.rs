//! Finds the addresses of a host and opens sockets to them, so set up that a dead peer is noticed.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};

use crate::conninfo::{Host, Keepalive};

/// The most addresses of one name that are tried.
const MAX_ADDRESSES_PER_HOST: usize = 16;

/// Half a minute of silence, then three probes ten seconds apart: a half-open connection dies within a minute instead
/// of the system's two hours.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_COUNT: u32 = 3;

/// How long sent data may stay unacknowledged; probes are not sent while it does.
const USER_TIMEOUT: Duration = Duration::from_secs(30);

/// A place that a socket can be opened to.
#[derive(Clone, Debug)]
pub(super) enum Endpoint {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// A stream socket of either kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// An open socket. A type of its own and not an alias of the box: the compiler cannot prove a future to be `Send`
/// that holds a generic stream over a boxed trait object (rust-lang/rust#110338).
pub(super) struct Socket(Box<dyn Stream>);

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
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
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// Returns the places to try for a host. A name that takes longer than `timeout` to look up is an error.
pub(super) async fn endpoints(host: &Host, timeout: Duration) -> io::Result<Vec<Endpoint>> {
    match host {
        Host::Unix { directory, port } => {
            Ok(vec![Endpoint::Unix(directory.join(format!(".s.PGSQL.{port}")))])
        }
        Host::Tcp { hostaddr: Some(address), port, .. } => Ok(vec![tcp(*address, *port)]),
        Host::Tcp { host, port, .. } => match host.parse::<IpAddr>() {
            Ok(address) => Ok(vec![tcp(address, *port)]),
            Err(_) => {
                let looked_up = tokio::time::timeout(timeout, lookup_host((host.as_str(), *port))).await;
                let addresses = looked_up.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
                Ok(addresses.take(MAX_ADDRESSES_PER_HOST).map(Endpoint::Tcp).collect())
            }
        },
    }
}

fn tcp(address: IpAddr, port: u16) -> Endpoint {
    Endpoint::Tcp(SocketAddr::new(address, port))
}

impl Endpoint {
    /// Opens a socket.
    pub(super) async fn open(&self, keepalive: &Keepalive) -> io::Result<Socket> {
        match self {
            Self::Tcp(address) => {
                let socket = TcpStream::connect(address).await?;
                socket.set_nodelay(true)?;
                keep_alive(&socket, keepalive)?;
                Ok(Socket(Box::new(socket)))
            }
            Self::Unix(path) => open_unix(path).await,
        }
    }
}

#[cfg(unix)]
async fn open_unix(path: &std::path::Path) -> io::Result<Socket> {
    Ok(Socket(Box::new(tokio::net::UnixStream::connect(path).await?)))
}

#[cfg(not(unix))]
async fn open_unix(_: &std::path::Path) -> io::Result<Socket> {
    Err(io::ErrorKind::Unsupported.into())
}

fn keep_alive(socket: &TcpStream, wanted: &Keepalive) -> io::Result<()> {
    let socket = SockRef::from(socket);
    if wanted.on {
        let probes = TcpKeepalive::new()
            .with_time(wanted.idle.unwrap_or(KEEPALIVE_IDLE))
            .with_interval(wanted.interval.unwrap_or(KEEPALIVE_INTERVAL))
            .with_retries(wanted.count.unwrap_or(KEEPALIVE_COUNT));
        socket.set_tcp_keepalive(&probes)?;
    }
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(wanted.user_timeout.unwrap_or(USER_TIMEOUT)))?;
    Ok(())
}
