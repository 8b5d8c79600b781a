//! A managed service's front before a server of ours: it speaks TLS by a certificate of the service's name, checks who
//! logs in as the service does, and only then opens the server behind, which believes it.
//!
//! Each service's check is a variant of [`Check`], in a file of its own: `rds` with what it is made of, `presigned`
//! and `sigv4`, and `rds_proxy`, which is made of it. How a connection goes is in `conversation`, what a client says first in `startup`, what follows in
//! `message`.

#[cfg(test)]
mod botocore;
mod check;
mod conversation;
mod message;
mod presigned;
mod rds;
mod rds_proxy;
mod refusal;
mod sigv4;
mod startup;
mod wall_clock;

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::Result;
use crate::error::Doing;
use crate::tls::{TlsFiles, server_config};

pub use check::Check;
pub use rds::{AccessKey, RdsIam};
pub use rds_proxy::RdsProxy;
pub use refusal::Refusal;
pub use wall_clock::WallClock;

/// The name that PostgreSQL's protocol has within TLS.
const ALPN: &[u8] = b"postgresql";
/// Refusals that are remembered one by one; those beyond are not.
const REFUSALS_MAX: usize = 10_000;

/// A running front. Dropping it closes its port and all connections.
#[derive(Debug)]
pub struct Front {
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

/// What a front and its connections have in common.
struct Shared {
    port: u16,
    upstream_port: u16,
    check: Check,
    tls: TlsAcceptor,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    refusals: Vec<Refusal>,
    admissions: usize,
    vain_cancels: usize,
}

impl Front {
    /// Starts a front on a free port of 127.0.0.1 before the server on this port of 127.0.0.1, which has to
    /// let those in that the check lets pass: see [`trust`].
    pub async fn start(upstream_port: u16, check: Check, files: &TlsFiles) -> Result<Self> {
        let mut tls = server_config(files, None)?;
        tls.alpn_protocols = vec![ALPN.to_vec()];
        let tls = TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.doing("listen as a front")?;
        let port = listener.local_addr().doing("ask the front's port")?.port();
        let shared = Arc::new(Shared { port, upstream_port, check, tls, kept: Mutex::default() });
        let listening = tokio::spawn(accept_all(listener, Arc::clone(&shared)));
        Ok(Self { shared, listening })
    }

    /// Returns the TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.shared.port
    }

    /// Returns why logins came to nothing, the oldest first.
    pub fn refusals(&self) -> Vec<Refusal> {
        self.shared.kept().refusals.clone()
    }

    /// Returns how many logins were let pass.
    pub fn admissions(&self) -> usize {
        self.shared.kept().admissions
    }

    /// Returns how often somebody asked that a statement ends, where the service does not do that.
    pub fn vain_cancels(&self) -> usize {
        self.shared.kept().vain_cancels
    }
}

/// Returns the line of pg_hba.conf by which a server believes a front that it has checked this role.
pub fn trust(role: &str) -> String {
    format!("host all \"{role}\" 127.0.0.1/32 trust")
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, refusal: Refusal) {
        let mut kept = self.kept();
        if kept.refusals.len() < REFUSALS_MAX {
            kept.refusals.push(refusal);
        }
    }

    fn note_admission(&self) {
        self.kept().admissions += 1;
    }

    fn note_vain_cancel(&self) {
        self.kept().vain_cancels += 1;
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Shared")
            .field("port", &self.port)
            .field("kept", &self.kept)
            .finish_non_exhaustive()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Holds every conversation; all of them end with this.
async fn accept_all(listener: TcpListener, shared: Arc<Shared>) {
    let mut conversations = JoinSet::new();
    while let Ok((socket, client)) = listener.accept().await {
        while conversations.try_join_next().is_some() {}
        let shared = Arc::clone(&shared);
        conversations.spawn(async move {
            // A conversation that breaks is the client's to notice.
            let _ = conversation::hold(socket, client.ip(), &shared).await;
        });
    }
}

#[cfg(test)]
mod tests;
