//! Where questions come in: so many connections at a time, each with one short question and little time.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::spawn_local;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use super::answer::{Answer, Asked, answer};
use super::snapshot;
use crate::agent::board::Board;

/// Connections at a time; others wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 32;
/// The largest head of a request that is read, in bytes.
const MAX_HEAD_BYTES: usize = 16 << 10;
/// How long a client may take for the head of its request.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// How long a client may take in all.
const CONNECTION_TIME: Duration = Duration::from_secs(15);
/// The pause after a connection could not be taken, as happens without free file descriptors.
const PAUSE: Duration = Duration::from_secs(1);
/// A page needs nothing but itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Answers whoever asks, for ever.
pub(super) async fn serve(listener: TcpListener, listens: SocketAddr, board: Rc<Board>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let board = Rc::clone(&board);
                spawn_local(async move {
                    talk(stream, listens, &board).await;
                    drop(place);
                });
            }
            Err(error) => {
                warn!(listen = %listens, %error, "connection to the health pages not taken");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn talk(stream: TcpStream, listens: SocketAddr, board: &Board) {
    let service = service_fn(|request: Request<Incoming>| {
        let answer = answer(&asked(&request), listens, || snapshot::take(board));
        async move { Ok::<_, Infallible>(response(answer)) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(MAX_HEAD_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match timeout(CONNECTION_TIME, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!(%error, "connection to the health pages ended early"),
        Err(_) => debug!("connection to the health pages took too long"),
    }
}

fn asked<B>(request: &Request<B>) -> Asked<'_> {
    let host = request.headers().get(header::HOST).map(|host| host.to_str().unwrap_or_default());
    Asked { method: request.method(), path: request.uri().path(), host }
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = answer.status;
    let fixed = [
        (header::CONTENT_TYPE, answer.content_type),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    let headers = response.headers_mut();
    headers.extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
    if answer.status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
