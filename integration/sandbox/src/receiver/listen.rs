//! Connections: accepted, with or without TLS, and served until the port closes.

use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::{Shared, answer};

/// Serves every connection; all of them end with this.
pub(super) async fn accept_all(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        connections.spawn(greet(socket, tls.clone(), Arc::clone(&shared)));
    }
}

async fn greet(socket: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    match tls {
        None => serve(socket, shared).await,
        Some(tls) => {
            // A client that we do not like, or that does not like us, is gone.
            if let Ok(socket) = tls.accept(socket).await {
                serve(socket, shared).await;
            }
        }
    }
}

async fn serve(socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, shared: Arc<Shared>) {
    let service = service_fn(move |request| answer::answer(request, Arc::clone(&shared)));
    // A connection that breaks is the client's to notice.
    let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await;
}
