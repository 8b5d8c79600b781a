//! A receiver of OTLP: one port for HTTP with protobuf or JSON and for gRPC, with or without TLS, that can be told to
//! fail in every way a receiver fails, and that keeps the account of what it was told by OTLP's own rules.
//!
//! How a request is read is in `request`, how it is answered in `answer` and `grpc`, what follows from it in `account`.

pub mod account;
mod answer;
mod grpc;
mod identity;
mod listen;
mod metrics;
mod records;
mod request;
mod spans;

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::error::Doing;
use crate::{Error, Result};

pub use account::Account;
pub use answer::Behaviour;
pub use identity::ReceiverTls;
pub use metrics::SeriesKey;
pub use request::{Message, Protocol, Request, Signal};

/// Requests that are remembered one by one; of more than these the oldest are forgotten, the account is not.
const MAX_REQUESTS: usize = 10_000;
/// How long [`Receiver::has_seen`] waits at most.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// A running receiver. Dropping it closes its port and all connections.
#[derive(Debug)]
pub struct Receiver {
    port: u16,
    tls: Option<ReceiverTls>,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

/// What the receiver and its connections have in common.
#[derive(Debug)]
struct Shared {
    behaviour: watch::Sender<Behaviour>,
    seen: watch::Sender<usize>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    requests: Vec<Arc<Request>>,
    account: Account,
}

impl Receiver {
    /// Starts a receiver on a free port of 127.0.0.1 that accepts everything, without TLS.
    pub async fn start() -> Result<Self> {
        Self::start_at(0, None).await
    }

    /// Starts one that speaks TLS alone.
    pub async fn start_with_tls(tls: ReceiverTls) -> Result<Self> {
        Self::start_at(0, Some(tls)).await
    }

    /// Starts one on this port of 127.0.0.1.
    pub async fn start_on(port: u16) -> Result<Self> {
        Self::start_at(port, None).await
    }

    async fn start_at(port: u16, tls: Option<ReceiverTls>) -> Result<Self> {
        let shared = Shared {
            behaviour: watch::Sender::new(Behaviour::Accept),
            seen: watch::Sender::new(0),
            kept: Mutex::default(),
        };
        let mut receiver = Self { port, tls, shared: Arc::new(shared), listening: None };
        receiver.up().await?;
        Ok(receiver)
    }

    /// Returns scheme, host and port; over gRPC that is all.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// Returns where a signal goes over HTTP.
    pub fn url_of(&self, signal: Signal) -> String {
        format!("{}{}", self.url(), signal.path())
    }

    /// Treats every request from now on so; requests that hang are let go.
    pub fn behave(&self, behaviour: Behaviour) {
        self.shared.behaviour.send_replace(behaviour);
    }

    /// Closes the port and every connection.
    pub async fn down(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
            let _ = listening.await;
        }
    }

    /// Opens the port again.
    pub async fn up(&mut self) -> Result<()> {
        self.down().await;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port));
        let listener = listener.await.doing("listen as a receiver")?;
        self.port = listener.local_addr().doing("ask the receiver's port")?.port();
        let acceptor = self.tls.as_ref().map(ReceiverTls::acceptor).transpose()?;
        self.listening = Some(tokio::spawn(listen::accept_all(listener, acceptor, Arc::clone(&self.shared))));
        Ok(())
    }

    /// Closes every connection and opens the port again with other certificates.
    pub async fn up_with(&mut self, tls: ReceiverTls) -> Result<()> {
        self.tls = Some(tls);
        self.up().await
    }

    /// Returns the requests that were read, the oldest first, whatever was answered.
    pub fn requests(&self) -> Vec<Arc<Request>> {
        self.shared.kept().requests.clone()
    }

    /// Returns what it was told so far.
    pub fn account(&self) -> Account {
        self.shared.kept().account.clone()
    }

    /// Returns the sum over all series of a cumulative metric, each over all its parts.
    pub fn sums(&self, metric: &str) -> f64 {
        self.shared.kept().account.sum(metric)
    }

    /// Returns every point of a metric in the order in which it arrived, with its time in seconds since 1970.
    pub fn points(&self, metric: &str) -> Vec<(u64, f64)> {
        let requests = self.requests();
        let messages = requests.iter().filter_map(|request| match &request.message {
            Message::Metrics(message) => Some(message),
            _ => None,
        });
        let points = messages.flat_map(metrics::points).filter(|point| point.key.metric == metric);
        points.map(|point| (point.time / 1_000_000_000, point.value)).collect()
    }

    /// Waits until so many requests were read since the start.
    pub async fn has_seen(&self, count: usize) -> Result<()> {
        let mut seen = self.shared.seen.subscribe();
        let enough = tokio::time::timeout(MAX_WAIT, seen.wait_for(|seen| *seen >= count)).await;
        let late = |_| Error::TimedOut { what: format!("the receiver's request number {count}") };
        enough.map(|_| ()).map_err(late)
    }
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request, and takes its message in if it is answered with an acceptance.
    fn note(&self, request: Request) {
        let mut kept = self.kept();
        if request.is_taken {
            kept.account.take(&request.message);
        }
        if kept.requests.len() == MAX_REQUESTS {
            kept.requests.remove(0);
        }
        kept.requests.push(Arc::new(request));
        drop(kept);
        self.count();
    }

    fn count(&self) {
        self.seen.send_modify(|seen| *seen += 1);
    }

    fn note_violation(&self, what: String) {
        self.kept().account.violations.push(what);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // Requests that hang wait for this, and see that nobody is there any more.
        self.behave(Behaviour::Close);
        if let Some(listening) = self.listening.take() {
            listening.abort();
        }
    }
}

#[cfg(test)]
mod tests;
