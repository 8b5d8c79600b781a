//! Services of AWS that speak RPC v2 with CBOR, as far as doubles of them need it: what is around a body, structures with
//! their members by name, moments as tagged seconds. What nobody asked for is told, so that nothing passes by accident.
//! <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>

use std::collections::BTreeMap;

use bytes::Bytes;
use ciborium::Value;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;

use crate::serving::Answer;

const PROTOCOL: &str = "rpc-v2-cbor";
const PROTOCOL_HEADER: &str = "smithy-protocol";
const CBOR: &str = "application/cbor";
/// The tag of seconds since 1970.
const EPOCH: u64 = 1;

/// The members of a structure.
pub(crate) type Members = BTreeMap<String, Value>;

/// What a service is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service {
    /// In paths.
    pub(crate) shape: &'static str,
    /// Before the names of its errors.
    pub(crate) namespace: &'static str,
    /// In the scope of signatures.
    pub(crate) scope: &'static str,
    /// The one operation that the double knows.
    pub(crate) operation: &'static str,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) reason: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, reason: impl Into<String>) -> Refusal {
        Refusal { status, code, reason: reason.into() }
    }
}

impl Service {
    /// Holds what is around a body against the protocol, and the signature's scope against the service.
    pub(crate) fn check(&self, head: &Parts) -> Result<(), Refusal> {
        let said =
            |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let path = format!("/service/{}/operation/{}", self.shape, self.operation);
        if head.method != Method::POST || head.uri.path() != path {
            let asked = format!("{} {}", head.method, head.uri);
            return Err(Refusal::new(404, "UnknownOperationException", asked));
        }
        let (protocol, kind) = (said(PROTOCOL_HEADER), said(CONTENT_TYPE.as_str()));
        if (protocol, kind) != (PROTOCOL, CBOR) {
            return Err(Refusal::new(415, "UnsupportedMediaType", format!("{protocol:?} and {kind:?}")));
        }
        let signed = said(AUTHORIZATION.as_str()).strip_prefix("AWS4-HMAC-SHA256 Credential=");
        if signed.unwrap_or_default().split('/').nth(3) != Some(self.scope) {
            let reason = format!("it is not signed for {}", self.scope);
            return Err(Refusal::new(403, "MissingAuthenticationToken", reason));
        }
        Ok(())
    }

    /// Writes what was done, or why it was refused.
    pub(crate) fn answer(&self, done: &Result<Value, Refusal>) -> Answer {
        let (status, value) = match done {
            Ok(value) => (200, value.clone()),
            Err(Refusal { status, code, reason }) => {
                let kind = format!("{}#{code}", self.namespace);
                (*status, structure([("__type", kind.into()), ("message", reason.as_str().into())]))
            }
        };
        let mut body = Vec::new();
        ciborium::into_writer(&value, &mut body).expect("a vector takes what is written");
        let mut answer = Response::new(Full::new(Bytes::from(body)));
        *answer.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
        answer.headers_mut().insert(PROTOCOL_HEADER, HeaderValue::from_static(PROTOCOL));
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(CBOR));
        answer
    }
}

/// Reads a body.
pub(crate) fn body(bytes: &[u8]) -> Result<Members, String> {
    members(ciborium::from_reader(bytes).map_err(|_| "the body is no CBOR")?)
}

/// Reads a structure.
pub(crate) fn members(value: Value) -> Result<Members, String> {
    let pairs = value.into_map().map_err(|_| "a structure is none")?;
    pairs.into_iter().map(|(name, value)| Ok((text(name)?, value))).collect()
}

/// Takes out a member that is required.
pub(crate) fn take(said: &mut Members, name: &str) -> Result<Value, String> {
    said.remove(name).ok_or(format!("{name} is missing"))
}

/// Fails if there is a member that nobody took.
pub(crate) fn none_left(said: &Members) -> Result<(), String> {
    let names: Vec<&str> = said.keys().map(String::as_str).collect();
    if names.is_empty() { Ok(()) } else { Err(format!("not known here: {}", names.join(", "))) }
}

/// Reads a text.
pub(crate) fn text(value: Value) -> Result<String, String> {
    value.into_text().map_err(|_| "a text is none".to_owned())
}

/// Reads a list.
pub(crate) fn list(value: Value) -> Result<Vec<Value>, String> {
    value.into_array().map_err(|_| "a list is none".to_owned())
}

/// Reads a whole number.
pub(crate) fn whole(value: &Value) -> Result<i64, String> {
    let number = value.as_integer().and_then(|number| i64::try_from(number).ok());
    number.ok_or("a whole number is none".to_owned())
}

/// Reads a moment of whole seconds.
pub(crate) fn seconds(value: &Value) -> Result<i64, String> {
    let (tag, inner) = value.as_tag().ok_or("a moment is none")?;
    let float = || inner.as_float().filter(|float| float.fract() == 0.0).map(|float| float as i64);
    let seconds = whole(inner).ok().or_else(float).filter(|_| tag == EPOCH);
    seconds.ok_or("a moment is none of whole seconds".to_owned())
}

/// Writes a structure.
pub(crate) fn structure<'n>(members: impl IntoIterator<Item = (&'n str, Value)>) -> Value {
    Value::Map(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

/// Writes a moment.
pub(crate) fn moment(seconds: i64) -> Value {
    Value::Tag(EPOCH, Box::new((seconds as f64).into()))
}
