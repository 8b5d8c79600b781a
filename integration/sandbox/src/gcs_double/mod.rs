//! A double of Google Cloud Storage, ours and no emulator of Google's: as much of the XML API as a store of states needs,
//! strictly by the documentation (generations, preconditions, 412), and the faults that no emulator sends on demand:
//! 409, 503, and an answer that says something else than what was done.
//! <https://cloud.google.com/storage/docs/xml-api/reference-methods>

mod answer;
mod bucket;

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use self::bucket::Bucket;
use crate::Result;
use crate::error::Doing;

/// What goes wrong with the next request that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is refused with this status, and nothing is done.
    Refused(u16),
    /// It is done, and answered with this status as if it had failed.
    DoneButAnswered(u16),
}

/// A running double. Dropping it closes its port and all connections.
#[derive(Debug)]
pub struct GcsDouble {
    port: u16,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    bucket: String,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    objects: Bucket,
    faults: VecDeque<Fault>,
    requests: Vec<String>,
}

impl GcsDouble {
    /// Starts one with an empty bucket.
    pub async fn start(bucket: &str) -> Result<GcsDouble> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.doing("listen as a double of GCS")?;
        let port = listener.local_addr().doing("listen as a double of GCS")?.port();
        let shared = Arc::new(Shared { bucket: bucket.to_owned(), kept: Mutex::default() });
        let listening = tokio::spawn(accept_all(listener, Arc::clone(&shared)));
        Ok(GcsDouble { port, shared, listening })
    }

    /// Returns a credentials file that leads here and asks nobody for a token.
    pub fn credentials(&self) -> String {
        format!(
            r#"{{"type": "service_account", "gcs_base_url": "http://127.0.0.1:{}", "disable_oauth": true,
                "client_email": "", "private_key": "", "private_key_id": ""}}"#,
            self.port
        )
    }

    /// Lets the next requests that write go wrong, one after another.
    pub fn fail_writes(&self, faults: &[Fault]) {
        self.shared.kept().faults.extend(faults);
    }

    /// Returns method, path and status of every request so far.
    pub fn requests(&self) -> Vec<String> {
        self.shared.kept().requests.clone()
    }
}

impl Drop for GcsDouble {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn accept_all(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(move |request| answer::answer(request, Arc::clone(&shared)));
            // A connection that breaks is the client's to notice.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
        });
    }
}
