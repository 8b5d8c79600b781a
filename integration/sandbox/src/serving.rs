//! What the doubles of HTTP services stand on: a port of this machine at which every connection is served.

use std::convert::Infallible;
use std::net::Ipv4Addr;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::Result;
use crate::error::Doing;

/// What a double says.
pub(crate) type Answer = Response<Full<Bytes>>;

/// A port at which a double answers. Dropping it closes the port and all connections.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) port: u16,
    listening: JoinHandle<()>,
}

impl Serving {
    /// Opens a port, and answers every request there.
    pub(crate) async fn start<A, F>(name: &str, answer: A) -> Result<Serving>
    where
        A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
        F: Future<Output = std::result::Result<Answer, Infallible>> + Send + 'static,
    {
        let doing = || format!("listen as a double of {name}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.doing(doing())?;
        let port = listener.local_addr().doing(doing())?.port();
        Ok(Serving { port, listening: tokio::spawn(accept_all(listener, answer)) })
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn accept_all<A, F>(listener: TcpListener, answer: A)
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = std::result::Result<Answer, Infallible>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let answer = answer.clone();
        connections.spawn(async move {
            // A connection that breaks is the client's to notice.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service_fn(answer)).await;
        });
    }
}
