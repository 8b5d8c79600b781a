//! How requests are answered: rightly, or with one of the faults of a receiver.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message as _;
use tokio::sync::watch;

use super::request::{Protocol, Request, Signal};
use super::{Shared, grpc, request};

/// How a receiver treats requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// Takes everything.
    #[default]
    Accept,
    /// Takes everything and keeps nothing but the number of requests, for whoever measures the sender.
    Discard,
    /// Answers a status with headers, and takes nothing. Over gRPC it is the code that stands for the status, with
    /// `retry-after` as its retry information.
    Status(u16, Vec<(&'static str, &'static str)>),
    /// Rejects the first so many points or records of a message, says so, and takes the others.
    Partial(usize),
    /// Takes messages of at most so many bytes, unpacked; a larger one is answered 413, and over gRPC
    /// in the words of grpc-go.
    AtMost(usize),
    /// Takes only requests with this header; the others are answered 401.
    Demand(&'static str, &'static str),
    /// Answers a page of HTML with status 200.
    Html,
    /// Answers a page of HTML with another status, as a proxy does that stands before a receiver.
    HtmlStatus(u16),
    /// Closes the connection without an answer.
    Close,
    /// Begins an answer and closes the connection.
    HalfAnAnswer,
    /// Says nothing for as long as it behaves so, then closes the connection.
    Hang,
    /// Takes the message and then hangs: the client cannot know.
    TakeAndHang,
    /// Sends the headers of an acceptance and then hangs.
    HangAfterHeaders,
}

type Body = UnsyncBoxBody<Bytes, io::Error>;

const HTML: &str = "<html><body>Please log in</body></html>";
const GRPC_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");

/// Reads a request, notes it and answers.
pub(super) async fn answer(
    request: http::Request<Incoming>,
    shared: Arc<Shared>,
) -> io::Result<Response<Body>> {
    let mut behaviours = shared.behaviour.subscribe();
    let behaviour = behaviours.borrow_and_update().clone();
    if behaviour == Behaviour::Discard {
        return discard(request, &shared).await;
    }
    let mut request = match Request::read(request).await {
        Ok(request) => request,
        Err(why) => {
            shared.note_violation(why);
            return Ok(status(StatusCode::BAD_REQUEST));
        }
    };
    let (protocol, signal) = (request.protocol, request.signal);
    let is_demanded = match &behaviour {
        Behaviour::Demand(name, value) => request.header(name).as_deref() == Some(value),
        _ => true,
    };
    let is_too_large = matches!(behaviour, Behaviour::AtMost(bytes) if request.body.len() > bytes);
    request.is_taken = is_demanded && !is_too_large && behaviour.takes();
    if let Behaviour::Partial(rejected) = behaviour {
        request.message.reject(rejected);
    }
    shared.note(request);
    match behaviour {
        Behaviour::Demand(..) if !is_demanded => Ok(refusal(protocol, 401, &[])),
        Behaviour::AtMost(_) if is_too_large => Ok(refusal(protocol, 413, &[])),
        Behaviour::Accept | Behaviour::Discard | Behaviour::Demand(..) | Behaviour::AtMost(_) => {
            Ok(acceptance(protocol, signal, 0))
        }
        Behaviour::Partial(rejected) => Ok(acceptance(protocol, signal, rejected)),
        Behaviour::Status(code, headers) => Ok(refusal(protocol, code, &headers)),
        Behaviour::Html => Ok(html(200)),
        Behaviour::HtmlStatus(code) => Ok(html(code)),
        Behaviour::Close => Err(closed()),
        Behaviour::HalfAnAnswer => Ok(broken(protocol, stream::iter([Err(closed())]))),
        Behaviour::Hang | Behaviour::TakeAndHang => {
            changed(behaviours).await;
            Err(closed())
        }
        Behaviour::HangAfterHeaders => {
            let end = changed(behaviours);
            Ok(broken(protocol, stream::once(end).map(|()| Err(closed()))))
        }
    }
}

/// Reads a request to its end without a look at it.
async fn discard(request: http::Request<Incoming>, shared: &Shared) -> io::Result<Response<Body>> {
    let (parts, mut body) = request.into_parts();
    while let Some(frame) = body.frame().await {
        frame.map_err(io::Error::other)?;
    }
    shared.count();
    Ok(match request::addressed(&parts) {
        Ok((protocol, signal)) => acceptance(protocol, signal, 0),
        Err(why) => {
            shared.note_violation(why);
            status(StatusCode::BAD_REQUEST)
        }
    })
}

impl Behaviour {
    fn takes(&self) -> bool {
        matches!(
            self,
            Self::Accept | Self::Partial(_) | Self::Demand(..) | Self::AtMost(_) | Self::TakeAndHang
        )
    }
}

async fn changed(mut behaviours: watch::Receiver<Behaviour>) {
    // The sender outlives the connections; without it the wait is over as well.
    let _ = behaviours.changed().await;
}

fn closed() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionAborted)
}

fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

fn status(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(whole(""));
    *answer.status_mut() = status;
    answer
}

fn html(code: u16) -> Response<Body> {
    let mut answer = Response::new(whole(HTML));
    *answer.status_mut() = StatusCode::from_u16(code).unwrap_or_default();
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    answer
}

/// An answer that promises more than comes.
fn broken(
    protocol: Protocol,
    rest: impl stream::Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> Response<Body> {
    let begun = stream::iter([Ok(Bytes::from_static(b"\0\0"))]).chain(rest);
    let mut answer = Response::new(StreamBody::new(begun.map(|part| part.map(Frame::data))).boxed_unsync());
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, content_type(protocol));
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("100"));
    answer
}

fn content_type(protocol: Protocol) -> HeaderValue {
    match protocol {
        Protocol::HttpProtobuf => HeaderValue::from_static("application/x-protobuf"),
        Protocol::HttpJson => HeaderValue::from_static("application/json"),
        Protocol::Grpc => GRPC_TYPE,
    }
}

fn acceptance(protocol: Protocol, signal: Signal, rejected: usize) -> Response<Body> {
    let (protobuf, json) = response(signal, rejected);
    let body = match protocol {
        Protocol::HttpProtobuf => whole(protobuf),
        Protocol::HttpJson => whole(json),
        Protocol::Grpc => {
            let frames = [Frame::data(grpc::frame(&protobuf)), Frame::trailers(grpc::ok_trailers())];
            StreamBody::new(stream::iter(frames.map(Ok))).boxed_unsync()
        }
    };
    let mut answer = Response::new(body);
    answer.headers_mut().insert(CONTENT_TYPE, content_type(protocol));
    answer
}

/// Nothing rejected is said by saying nothing, as the specification wants it.
fn response(signal: Signal, rejected: usize) -> (Vec<u8>, Vec<u8>) {
    let rejected = i64::try_from(rejected).unwrap_or(i64::MAX);
    let error_message = "too old".to_owned();
    match signal {
        Signal::Metrics => {
            let partial = ExportMetricsPartialSuccess { rejected_data_points: rejected, error_message };
            let response =
                ExportMetricsServiceResponse { partial_success: (rejected > 0).then_some(partial) };
            (response.encode_to_vec(), serde_json::to_vec(&response).unwrap_or_default())
        }
        Signal::Logs => {
            let partial = ExportLogsPartialSuccess { rejected_log_records: rejected, error_message };
            let response = ExportLogsServiceResponse { partial_success: (rejected > 0).then_some(partial) };
            (response.encode_to_vec(), serde_json::to_vec(&response).unwrap_or_default())
        }
        Signal::Traces => {
            let partial = ExportTracePartialSuccess { rejected_spans: rejected, error_message };
            let response = ExportTraceServiceResponse { partial_success: (rejected > 0).then_some(partial) };
            (response.encode_to_vec(), serde_json::to_vec(&response).unwrap_or_default())
        }
    }
}

fn refusal(protocol: Protocol, code: u16, headers: &[(&'static str, &'static str)]) -> Response<Body> {
    if protocol == Protocol::Grpc {
        let after = headers.iter().find(|(name, _)| *name == "retry-after");
        let after = after.and_then(|(_, seconds)| seconds.parse().ok());
        return grpc::refusal::<Full<Bytes>>(code, after).map(|_| whole(""));
    }
    let mut answer = status(StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    for (name, value) in headers {
        answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    answer
}
