//! A TCP proxy in front of a server that can delay, swallow, cut and refuse, and counts what passes, round trips
//! included. It knows nothing of PostgreSQL's protocol; how bytes are carried is in `relay`.

mod relay;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

use crate::{Result, error::Doing, server::url_at};

/// Which way bytes flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// What has passed since the proxy started or [`Proxy::reset_counts`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections accepted.
    pub connections: u64,
    /// Bytes read from clients.
    pub bytes_to_server: u64,
    /// Bytes read from the server.
    pub bytes_to_client: u64,
    /// How often a client spoke after it had listened. Pipelined statements are one, and so is a connection's start.
    pub round_trips: u64,
}

/// A running proxy. Dropping it closes its port and all connections.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    upstream: SocketAddr,
    faults: watch::Sender<Faults>,
    totals: Arc<Totals>,
    listening: Option<JoinHandle<()>>,
}

/// How the proxy treats connections at the moment.
#[derive(Debug, Clone, Copy, Default)]
struct Faults {
    delay_to_server: Duration,
    delay_to_client: Duration,
    to_server: Flow,
    to_client: Flow,
    /// Bytes to the client, counted from `cut_from`, after which connections are reset.
    cut_after: Option<u64>,
    cut_from: u64,
    /// A connection that was accepted under an older number is reset.
    generation: u64,
}

/// What happens to bytes of one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Flow {
    #[default]
    Forwarded,
    /// Read and thrown away: the sender notices nothing.
    Swallowed,
    /// Not even read: the sender's buffers fill.
    Held,
}

#[derive(Debug, Default)]
struct Totals {
    connections: AtomicU64,
    to_server: AtomicU64,
    to_client: AtomicU64,
    round_trips: AtomicU64,
}

impl Faults {
    fn delay(&self, direction: Direction) -> Duration {
        match direction {
            Direction::ToServer => self.delay_to_server,
            Direction::ToClient => self.delay_to_client,
        }
    }

    fn flow(&self, direction: Direction) -> Flow {
        match direction {
            Direction::ToServer => self.to_server,
            Direction::ToClient => self.to_client,
        }
    }
}

impl Proxy {
    /// Starts a proxy to this port of 127.0.0.1, without faults.
    pub async fn start(upstream_port: u16) -> Result<Self> {
        let mut proxy = Self {
            port: 0,
            upstream: (Ipv4Addr::LOCALHOST, upstream_port).into(),
            faults: watch::Sender::new(Faults::default()),
            totals: Arc::default(),
            listening: None,
        };
        proxy.listen().await?;
        Ok(proxy)
    }

    /// Returns the TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the URL of a role and database through the proxy.
    pub fn url(&self, user: &str, database: &str) -> String {
        url_at(self.port, user, database, "sslmode=disable")
    }

    /// Lets every byte arrive this much later; a round trip takes the sum of both.
    pub fn delay(&self, to_server: Duration, to_client: Duration) {
        self.faults.send_modify(|faults| {
            (faults.delay_to_server, faults.delay_to_client) = (to_server, to_client);
        });
    }

    /// Goes on accepting connections and bytes but carries nothing in either direction.
    pub fn blackhole(&self) {
        self.faults
            .send_modify(|faults| (faults.to_server, faults.to_client) = (Flow::Swallowed, Flow::Swallowed));
    }

    /// Stops carrying one direction; both sides see an open connection.
    pub fn half_open(&self, stopped: Direction) {
        self.faults.send_modify(|faults| match stopped {
            Direction::ToServer => faults.to_server = Flow::Held,
            Direction::ToClient => faults.to_client = Flow::Held,
        });
    }

    /// Ends every open connection with a TCP reset; later ones are not touched.
    pub fn reset(&self) {
        self.faults.send_modify(|faults| faults.generation += 1);
    }

    /// Carries this many more bytes to clients, all connections together, and then resets each that gets more.
    pub fn cut_after_bytes(&self, bytes: u64) {
        let cut_from = self.totals.to_client.load(Ordering::Relaxed);
        self.faults.send_modify(|faults| (faults.cut_after, faults.cut_from) = (Some(bytes), cut_from));
    }

    /// Closes the port, so that new connections are refused; open ones go on.
    pub async fn refuse(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
            let _ = listening.await;
        }
    }

    /// Ends every fault. Open connections that lost bytes are of no more use.
    pub async fn heal(&mut self) -> Result<()> {
        self.faults
            .send_modify(|faults| *faults = Faults { generation: faults.generation, ..Faults::default() });
        if self.listening.is_none() {
            self.listen().await?;
        }
        Ok(())
    }

    /// Returns what has passed.
    pub fn counts(&self) -> Counts {
        let read = |total: &AtomicU64| total.load(Ordering::Relaxed);
        Counts {
            connections: read(&self.totals.connections),
            bytes_to_server: read(&self.totals.to_server),
            bytes_to_client: read(&self.totals.to_client),
            round_trips: read(&self.totals.round_trips),
        }
    }

    /// Starts counting from zero; ends a [`Self::cut_after_bytes`].
    pub fn reset_counts(&self) {
        self.faults.send_modify(|faults| faults.cut_after = None);
        let totals = &self.totals;
        for total in [&totals.connections, &totals.to_server, &totals.to_client, &totals.round_trips] {
            total.store(0, Ordering::Relaxed);
        }
    }

    async fn listen(&mut self) -> Result<()> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await.doing("listen as a proxy")?;
        self.port = listener.local_addr().doing("ask the proxy's port")?.port();
        let accepting = accept_all(listener, self.upstream, self.faults.clone(), Arc::clone(&self.totals));
        self.listening = Some(tokio::spawn(accepting));
        Ok(())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.reset();
        if let Some(listening) = self.listening.take() {
            listening.abort();
        }
    }
}

async fn accept_all(
    listener: TcpListener,
    upstream: SocketAddr,
    faults: watch::Sender<Faults>,
    totals: Arc<Totals>,
) {
    while let Ok((client, _)) = listener.accept().await {
        totals.connections.fetch_add(1, Ordering::Relaxed);
        let (faults, totals) = (faults.subscribe(), Arc::clone(&totals));
        tokio::spawn(async move {
            if let Ok(server) = TcpStream::connect(upstream).await {
                relay::carry(client, server, faults, totals).await;
            }
        });
    }
}

#[cfg(test)]
mod tests;
