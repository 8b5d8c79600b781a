//! How the double answers. What it does not know is refused, so that nothing passes by accident.

use std::convert::Infallible;
use std::fmt::Write;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, ETAG, IF_NONE_MATCH, LAST_MODIFIED};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;

use super::bucket::Stored;
use super::{Fault, Kept, Shared};
use crate::serving::Answer;

const GENERATION: &str = "x-goog-generation";
const IF_GENERATION_MATCH: &str = "x-goog-if-generation-match";
/// The clock of the double stands still; nobody compares times with generations at hand.
const MODIFIED: &str = "Tue, 24 Nov 2026 12:00:00 GMT";
const MODIFIED_IN_LISTS: &str = "2026-11-24T12:00:00.000Z";

/// A request, read whole.
struct Asked {
    method: Method,
    bucket: String,
    object: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

pub(super) async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Answer, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let path = decoded(head.uri.path().trim_start_matches('/'));
    let (bucket, object) = path.split_once('/').unwrap_or((&path, ""));
    let asked = Asked {
        method: head.method,
        bucket: bucket.to_owned(),
        object: object.to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body,
    };
    let answer = {
        let mut kept = shared.kept();
        let answer = with_faults(&asked, &shared.bucket, &mut kept);
        let status = answer.as_ref().map(|answer| answer.status().as_u16().to_string());
        let status = status.as_deref().unwrap_or("unanswered");
        kept.requests.push(format!("{} {path} {status}", asked.method));
        answer
    };
    match answer {
        Some(answer) => Ok(answer),
        None => std::future::pending().await,
    }
}

/// Returns the answer, if there is to be one.
fn with_faults(asked: &Asked, bucket: &str, kept: &mut Kept) -> Option<Answer> {
    let writes = asked.method == Method::PUT;
    match writes.then(|| kept.faults.pop_front()).flatten() {
        None => Some(done(asked, bucket, kept)),
        Some(Fault::Refused(status)) => Some(refused(status, "InternalError")),
        Some(Fault::DoneButAnswered(status)) => {
            done(asked, bucket, kept);
            Some(refused(status, "InternalError"))
        }
        Some(Fault::Unanswered) => None,
        Some(Fault::DoneUnanswered) => {
            done(asked, bucket, kept);
            None
        }
    }
}

fn done(asked: &Asked, bucket: &str, kept: &mut Kept) -> Answer {
    let reads = asked.method == Method::GET || asked.method == Method::HEAD;
    // Whoever has no token to show, as by our credentials file, sends no header where a bucket may be open to all.
    if !reads && !asked.headers.contains_key(AUTHORIZATION) {
        return refused(401, "AuthenticationRequired");
    }
    if asked.bucket != bucket {
        return refused(404, "NoSuchBucket");
    }
    match (&asked.method, asked.object.as_str()) {
        (&Method::GET, "") => listed(asked, kept),
        (&Method::GET | &Method::HEAD, name) => read(asked, name, kept),
        (&Method::PUT, name) if !name.is_empty() && asked.query.is_empty() => written(asked, name, kept),
        (&Method::DELETE, name) if !name.is_empty() => match kept.objects.remove(name) {
            true => empty(204),
            false => refused(404, "NoSuchKey"),
        },
        _ => refused(501, "NotImplemented"),
    }
}

fn read(asked: &Asked, name: &str, kept: &Kept) -> Answer {
    let Some(stored) = kept.objects.get(name) else { return refused(404, "NoSuchKey") };
    let known = asked.headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known == Some(stored.tag().as_str()) {
        return with_version(empty(304), stored);
    }
    let body = if asked.method == Method::HEAD { Bytes::new() } else { stored.bytes.clone() };
    with_version(Response::new(Full::new(body)), stored)
}

fn written(asked: &Asked, name: &str, kept: &mut Kept) -> Answer {
    let expected =
        asked.headers.get(IF_GENERATION_MATCH).map(|value| value.to_str().unwrap_or_default().parse());
    let Ok(expected) = expected.transpose() else { return refused(400, "InvalidArgument") };
    match kept.objects.put(name, asked.body.clone(), expected) {
        Some(stored) => with_version(empty(200), &stored),
        None => refused(412, "PreconditionFailed"),
    }
}

fn listed(asked: &Asked, kept: &Kept) -> Answer {
    let of = |wanted: &str| {
        let pairs = asked.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(name, _)| *name == wanted).map(|(_, value)| decoded(value))
    };
    if of("list-type").as_deref() != Some("2") || of("delimiter").is_some() {
        return refused(501, "NotImplemented");
    }
    let mut text = String::from("<?xml version='1.0' encoding='UTF-8'?><ListBucketResult>");
    for (name, stored) in kept.objects.below(&of("prefix").unwrap_or_default()) {
        let (size, tag) = (stored.bytes.len(), stored.tag().replace('"', "&quot;"));
        let _ = write!(
            text,
            "<Contents><Key>{name}</Key><LastModified>{MODIFIED_IN_LISTS}</LastModified><ETag>{tag}</ETag>\
             <Size>{size}</Size></Contents>"
        );
    }
    text.push_str("<IsTruncated>false</IsTruncated></ListBucketResult>");
    Response::new(Full::new(Bytes::from(text)))
}

fn with_version(mut answer: Answer, stored: &Stored) -> Answer {
    let headers = answer.headers_mut();
    headers.insert(GENERATION, stored.generation.into());
    headers.insert(LAST_MODIFIED, http::HeaderValue::from_static(MODIFIED));
    if let Ok(tag) = stored.tag().parse() {
        headers.insert(ETAG, tag);
    }
    answer
}

fn empty(status: u16) -> Answer {
    with_status(status, Bytes::new())
}

fn refused(status: u16, code: &str) -> Answer {
    with_status(status, format!("<?xml version='1.0'?><Error><Code>{code}</Code></Error>").into())
}

fn with_status(status: u16, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer
}

/// Reads %XX.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code =
            after.get(..2).and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        match (first, code) {
            (b'%', Some(code)) => {
                bytes.push(code);
                rest = &after[2..];
            }
            (byte, _) => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
