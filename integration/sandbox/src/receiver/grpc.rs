//! gRPC's framing: a flag, a length, a message; and how an answer says how it went.

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Response};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::request::Signal;

const PREFIX_BYTES: usize = 5;

pub(super) const fn path(signal: Signal) -> &'static str {
    match signal {
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    }
}

/// Returns the one message of a call, and whether it is packed.
pub(super) fn unframe(body: &Bytes) -> Result<(bool, Bytes), String> {
    let prefix = body.get(..PREFIX_BYTES).ok_or("the frame has no prefix")?;
    let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
    if body.len() != PREFIX_BYTES + length {
        return Err(format!("a frame of {length} bytes in a body of {}", body.len()));
    }
    Ok((prefix[0] == 1, body.slice(PREFIX_BYTES..)))
}

/// Returns a message as a frame that is not packed.
pub(super) fn frame(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.put_slice(message);
    frame.freeze()
}

/// Returns what follows a message that went well.
pub(super) fn ok_trailers() -> HeaderMap {
    HeaderMap::from_iter([(http::HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"))])
}

/// Returns an answer that says by gRPC's codes what a status of HTTP says.
pub(super) fn refusal<B: Default>(status: u16, retry_after: Option<u64>) -> Response<B> {
    let code = match status {
        400 => Code::InvalidArgument,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        413 | 429 => Code::ResourceExhausted,
        502..=504 => Code::Unavailable,
        _ => Code::Internal,
    };
    let message = match status {
        413 => "grpc: received message larger than max".to_owned(),
        other => format!("as {other}"),
    };
    let status = match retry_after.map(std::time::Duration::from_secs) {
        Some(pause) => Status::with_error_details(code, message, ErrorDetails::with_retry_info(Some(pause))),
        None => Status::new(code, message),
    };
    status.into_http()
}
