//! A request as it came: how it was sent, and the message in it.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::request::Parts;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;

use super::grpc;

/// The most bytes of a request that are read, packed or unpacked.
const MAX_BYTES: usize = 64 << 20;

/// What a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Metrics.
    Metrics,
    /// Logs.
    Logs,
    /// Traces.
    Traces,
}

impl Signal {
    /// Returns its path over HTTP.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Metrics => "/v1/metrics",
            Self::Logs => "/v1/logs",
            Self::Traces => "/v1/traces",
        }
    }

    fn of(path: &str) -> Option<Self> {
        [Self::Metrics, Self::Logs, Self::Traces]
            .into_iter()
            .find(|signal| path == signal.path() || path == grpc::path(*signal))
    }
}

/// How a request was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// OTLP over HTTP as protobuf.
    HttpProtobuf,
    /// OTLP over HTTP as JSON.
    HttpJson,
    /// OTLP over gRPC.
    Grpc,
}

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Points.
    Metrics(ExportMetricsServiceRequest),
    /// Records.
    Logs(ExportLogsServiceRequest),
    /// Spans.
    Traces(ExportTraceServiceRequest),
}

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    /// How it was sent.
    pub protocol: Protocol,
    /// What it carries.
    pub signal: Signal,
    /// How its body was packed, in the transport's own words; none if it was not.
    pub encoding: Option<String>,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, unpacked.
    pub body: Bytes,
    /// What the body says.
    pub message: Message,
    /// Whether the receiver took it in.
    pub is_taken: bool,
}

impl Message {
    /// Takes the first so many points, records or spans out: they are rejected.
    pub(super) fn reject(&mut self, mut count: usize) {
        match self {
            Self::Metrics(request) => {
                super::metrics::each_list(request, |points| drop_first(points, &mut count));
            }
            Self::Logs(request) => {
                let scopes = request.resource_logs.iter_mut().flat_map(|resource| &mut resource.scope_logs);
                scopes.for_each(|scope| drop_first(&mut scope.log_records, &mut count));
            }
            Self::Traces(request) => {
                super::spans::each_list(request, |spans| drop_first(spans, &mut count));
            }
        }
    }
}

fn drop_first<T>(list: &mut Vec<T>, count: &mut usize) {
    let dropped = list.len().min(*count);
    list.drain(..dropped);
    *count -= dropped;
}

impl Request {
    /// Reads a request whole; the error says what is wrong with it.
    pub(super) async fn read(request: http::Request<Incoming>) -> Result<Self, String> {
        let (parts, body) = request.into_parts();
        let (protocol, signal) = addressed(&parts)?;
        let body = Limited::new(body, MAX_BYTES).collect().await;
        let body = body.map_err(|error| format!("the body breaks off: {error}"))?.to_bytes();
        let encoding_header = if protocol == Protocol::Grpc { "grpc-encoding" } else { "content-encoding" };
        let encoding = text(&parts.headers, encoding_header);
        let packed = if protocol == Protocol::Grpc { grpc::unframe(&body)? } else { (true, body) };
        let encoding = encoding.filter(|name| packed.0 && name != "identity");
        let body = unpack(encoding.as_deref(), packed.1)?;
        let message = decode(signal, protocol, &body)?;
        Ok(Self { protocol, signal, encoding, headers: parts.headers, body, message, is_taken: false })
    }

    /// Returns a header's text.
    pub fn header(&self, name: &str) -> Option<String> {
        text(&self.headers, name)
    }

    /// Returns how many points, records or spans it has.
    pub fn len(&self) -> usize {
        match &self.message {
            Message::Metrics(request) => super::metrics::points(request).count(),
            Message::Logs(request) => super::records::records(request).count(),
            Message::Traces(request) => super::spans::count(request),
        }
    }

    /// Tells whether it has no point, record or span.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Returns how a request is sent and what it is to carry, without a look at its body.
pub(super) fn addressed(parts: &Parts) -> Result<(Protocol, Signal), String> {
    let signal = Signal::of(parts.uri.path()).ok_or(format!("nothing is at {}", parts.uri.path()))?;
    Ok((protocol_of(&parts.headers)?, signal))
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn protocol_of(headers: &HeaderMap) -> Result<Protocol, String> {
    match text(headers, header::CONTENT_TYPE.as_str()).as_deref() {
        Some("application/x-protobuf") => Ok(Protocol::HttpProtobuf),
        Some("application/json") => Ok(Protocol::HttpJson),
        Some("application/grpc" | "application/grpc+proto") => Ok(Protocol::Grpc),
        other => Err(format!("the content type is {other:?}")),
    }
}

fn unpack(encoding: Option<&str>, body: Bytes) -> Result<Bytes, String> {
    let whole = |reader: &mut dyn Read| -> io::Result<Bytes> {
        let mut unpacked = Vec::new();
        reader.take(MAX_BYTES as u64).read_to_end(&mut unpacked)?;
        Ok(Bytes::from(unpacked))
    };
    let unpacked = match encoding {
        None => return Ok(body),
        Some("gzip") => whole(&mut GzDecoder::new(&body[..])),
        Some("zstd") => zstd::Decoder::new(&body[..]).and_then(|mut reader| whole(&mut reader)),
        Some(other) => return Err(format!("the encoding is {other}")),
    };
    unpacked.map_err(|error| format!("the body cannot be unpacked: {error}"))
}

fn decode(signal: Signal, protocol: Protocol, body: &[u8]) -> Result<Message, String> {
    let wrong = |error: &dyn std::error::Error| format!("the body is no message: {error}");
    let json = protocol == Protocol::HttpJson;
    Ok(match signal {
        Signal::Metrics if json => Message::Metrics(serde_json::from_slice(body).map_err(|e| wrong(&e))?),
        Signal::Logs if json => Message::Logs(serde_json::from_slice(body).map_err(|e| wrong(&e))?),
        Signal::Traces if json => Message::Traces(serde_json::from_slice(body).map_err(|e| wrong(&e))?),
        Signal::Metrics => {
            Message::Metrics(ExportMetricsServiceRequest::decode(body).map_err(|e| wrong(&e))?)
        }
        Signal::Logs => Message::Logs(ExportLogsServiceRequest::decode(body).map_err(|e| wrong(&e))?),
        Signal::Traces => Message::Traces(ExportTraceServiceRequest::decode(body).map_err(|e| wrong(&e))?),
    })
}
