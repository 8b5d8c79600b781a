//! The runtime API itself. What is not in its documentation is refused and remembered, so that nothing passes by accident.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use super::{MAX_PAYLOAD_BYTES, NAME, REGION};
use crate::Result;
use crate::error::Doing;

const ROOT: &str = "/2018-06-01/runtime/";

type Reply = Response<Full<Bytes>>;

/// What a function answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A value.
    Response(Value),
    /// An error.
    Error {
        /// Its type.
        kind: String,
        /// What went wrong.
        message: String,
    },
}

/// A running API of one environment. Dropping it closes its port.
#[derive(Debug)]
pub(super) struct Api {
    port: u16,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// An event was handed over.
    handed: Notify,
    /// The function asks for an event.
    asked: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The event that waits for the function.
    waiting: Option<Invocation>,
    /// The one that it works on.
    at_work: Option<Invocation>,
    /// Whether it asks for an event.
    is_asking: bool,
    answered: BTreeSet<String>,
    violations: Vec<String>,
}

#[derive(Debug)]
struct Invocation {
    id: String,
    event: String,
    deadline_ms: u128,
    answer: oneshot::Sender<Answer>,
}

impl Api {
    pub(super) async fn start() -> Result<Api> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.doing("listen as Lambda's runtime API")?;
        let port = listener.local_addr().doing("listen as Lambda's runtime API")?.port();
        let shared = Arc::new(Shared::default());
        let listening = tokio::spawn(accept_all(listener, Arc::clone(&shared)));
        Ok(Api { port, shared, listening })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Hands an event over; returns what comes of it, and waits for ever if nothing does.
    pub(super) fn hand_over(
        &self,
        id: &str,
        event: &Value,
        timeout: Duration,
    ) -> impl Future<Output = Answer> + use<> {
        let (answer, answered) = oneshot::channel();
        let deadline_ms = (since_epoch() + timeout).as_millis();
        let invocation = Invocation { id: id.to_owned(), event: event.to_string(), deadline_ms, answer };
        self.shared.state().waiting = Some(invocation);
        self.shared.handed.notify_one();
        async move {
            match answered.await {
                Ok(answer) => answer,
                Err(_) => std::future::pending().await,
            }
        }
    }

    /// Waits until the function asks for an event.
    pub(super) async fn is_asked(&self) {
        while !self.shared.state().is_asking {
            self.shared.asked.notified().await;
        }
    }

    /// Forgets a process that is gone.
    pub(super) fn forget(&self) {
        let mut state = self.shared.state();
        (state.waiting, state.at_work, state.is_asking) = (None, None, false);
    }

    pub(super) fn violations(&self) -> Vec<String> {
        self.shared.state().violations.clone()
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn accept_all(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        // Or a warm call takes the 40 ms of a delayed acknowledgement.
        let _ = socket.set_nodelay(true);
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&shared)));
            // A connection that breaks is the function's to notice.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
        });
    }
}

async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> std::result::Result<Reply, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let path = head.uri.path().to_owned();
    let parts: Vec<&str> = path.strip_prefix(ROOT).unwrap_or_default().split('/').collect();
    Ok(match (&head.method, parts.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => next(&shared).await,
        (&Method::POST, ["invocation", id, "response"]) => {
            done(&shared, id, &body, |value| Some(Answer::Response(value.clone())))
        }
        (&Method::POST, ["invocation", id, "error"]) => done(&shared, id, &body, error),
        (&Method::POST, ["init", "error"]) => accepted(),
        (method, _) => {
            let what = format!("{method} {path} is not of the runtime API");
            violated(&shared, StatusCode::NOT_FOUND, "InvalidRequest", what)
        }
    })
}

/// Waits for an event. Who asks while it has not answered the one before is out of step.
async fn next(shared: &Shared) -> Reply {
    {
        let mut state = shared.state();
        if let Some(at_work) = &state.at_work {
            let what = format!("asks for the next event before it answered {}", at_work.id);
            drop(state);
            return violated(shared, StatusCode::FORBIDDEN, "InvalidStateTransition", what);
        }
        state.is_asking = true;
    }
    shared.asked.notify_one();
    loop {
        if let Some(reply) = hand_out(&mut shared.state()) {
            return reply;
        }
        shared.handed.notified().await;
    }
}

fn hand_out(state: &mut State) -> Option<Reply> {
    let invocation = state.waiting.take()?;
    state.is_asking = false;
    let reply = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", &invocation.id)
        .header("lambda-runtime-deadline-ms", invocation.deadline_ms.to_string())
        .header(
            "lambda-runtime-invoked-function-arn",
            format!("arn:aws:lambda:{REGION}:123456789012:function:{NAME}"),
        )
        .header("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0")
        .body(Full::from(invocation.event.clone()));
    state.at_work = Some(invocation);
    Some(reply.unwrap_or_default())
}

fn done(shared: &Shared, id: &str, body: &Bytes, read: impl Fn(&Value) -> Option<Answer>) -> Reply {
    let mut state = shared.state();
    let Some(invocation) = state.at_work.take_if(|at_work| at_work.id == id) else {
        let again =
            if state.answered.contains(id) { "a second time" } else { "though it was not handed out" };
        let what = format!("answers {id} {again}");
        drop(state);
        return violated(shared, StatusCode::BAD_REQUEST, "InvalidRequestID", what);
    };
    state.answered.insert(id.to_owned());
    drop(state);
    if body.len() > MAX_PAYLOAD_BYTES {
        let message = format!(
            "Response payload size exceeded maximum allowed payload size ({MAX_PAYLOAD_BYTES} bytes)."
        );
        let kind = "Function.ResponseSizeTooLarge".to_owned();
        let _gone = invocation.answer.send(Answer::Error { kind, message });
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", "the answer is too large");
    }
    match serde_json::from_slice::<Value>(body).ok().as_ref().and_then(read) {
        Some(answer) => {
            // Nobody waits for the answer of a function that was killed.
            let _gone = invocation.answer.send(answer);
            accepted()
        }
        None => violated(
            shared,
            StatusCode::BAD_REQUEST,
            "InvalidRequest",
            format!("answers {id} with what is not JSON"),
        ),
    }
}

fn error(value: &Value) -> Option<Answer> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    Some(Answer::Error { kind: text("errorType")?, message: text("errorMessage")? })
}

fn accepted() -> Reply {
    let mut reply = Reply::new(Full::from(json!({"status": "OK"}).to_string()));
    *reply.status_mut() = StatusCode::ACCEPTED;
    reply
}

fn violated(shared: &Shared, status: StatusCode, kind: &str, what: String) -> Reply {
    let reply = refused(status, kind, &what);
    shared.state().violations.push(what);
    reply
}

fn refused(status: StatusCode, kind: &str, what: &str) -> Reply {
    let mut reply = Reply::new(Full::from(json!({"errorType": kind, "errorMessage": what}).to_string()));
    *reply.status_mut() = status;
    reply
}

#[expect(clippy::disallowed_methods, reason = "a deadline of Lambda is a moment of the wall clock")]
fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
