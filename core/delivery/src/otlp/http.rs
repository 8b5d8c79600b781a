//! OTLP over HTTP: one POST per message.

use std::io::Write;

use bytes::Bytes;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Uri};
use http_body_util::{BodyExt, Full, Limited};
use pgquerylens_export::otlp::Signal;
use pgquerylens_model::delivery::Delivery;
use tonic::body::Body;

use super::Compression;
use super::answer::{PartialSuccess, of_http};
use super::transport::HttpClient;
use crate::parcel::retry;

/// The most bytes of an answer that are read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// Fast, and nearly as small as any.
const ZSTD_LEVEL: i32 = 1;
const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// Who we are to a receiver.
pub(super) const AGENT: &str = concat!("pgquerylens/", env!("CARGO_PKG_VERSION"));

/// What a request is besides its message.
pub(super) struct Request<'r> {
    pub(super) uri: &'r Uri,
    pub(super) signal: Signal,
    pub(super) is_json: bool,
    pub(super) headers: HeaderMap,
    pub(super) compression: Compression,
}

pub(super) async fn send(client: &HttpClient, request: Request<'_>, message: &[u8], place: &str) -> Delivery {
    let (signal, is_json) = (request.signal, request.is_json);
    let request = match assembled(request, message) {
        Ok(request) => request,
        Err(why) => return Delivery::Refused { why },
    };
    let answer = match client.request(request).await {
        Ok(answer) => answer,
        Err(error) => return retry(format!("send to {place}: {}", root_of(&error))),
    };
    let (parts, body) = answer.into_parts();
    if !parts.status.is_success() {
        return of_http(parts.status, &parts.headers, place);
    }
    let body = match Limited::new(body, MAX_ANSWER_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return retry(format!("read the answer of {place}: {error}")),
    };
    let partial = match is_json {
        _ if body.is_empty() => Some(PartialSuccess::default()),
        true => PartialSuccess::of_json(&body),
        false => PartialSuccess::of_protobuf(signal, &body),
    };
    // Whoever answers so is no receiver of OTLP: what we sent is not where it should be.
    partial.map_or_else(
        || retry(format!("{place} answers {}, but not as OTLP does", parts.status)),
        |partial| partial.delivery(),
    )
}

fn assembled(request: Request<'_>, message: &[u8]) -> Result<http::Request<Body>, String> {
    let (encoding, body) = compressed(request.compression, message)?;
    let mut assembled = http::Request::new(Body::new(Full::new(Bytes::from(body))));
    *assembled.method_mut() = Method::POST;
    *assembled.uri_mut() = request.uri.clone();
    let headers = assembled.headers_mut();
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers.extend(request.headers);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(if request.is_json { JSON } else { PROTOBUF }));
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Ok(assembled)
}

fn compressed(compression: Compression, message: &[u8]) -> Result<(Option<&'static str>, Vec<u8>), String> {
    let failed = |error: std::io::Error| format!("compress a message: {error}");
    match compression {
        Compression::None => Ok((None, message.to_vec())),
        Compression::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(message).map_err(failed)?;
            Ok((Some("gzip"), encoder.finish().map_err(failed)?))
        }
        Compression::Zstd => Ok((Some("zstd"), zstd::bulk::compress(message, ZSTD_LEVEL).map_err(failed)?)),
    }
}

/// The innermost cause is the one that a person can do something about.
pub(super) fn root_of(error: &(dyn std::error::Error + 'static)) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}
