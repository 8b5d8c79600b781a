//! What follows from an answer, by the OTLP specification 1.x: what is retried, what is refused, what was rejected
//! in part.

use std::time::Duration;

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use pgquerylens_export::otlp::Signal;
use pgquerylens_model::delivery::Delivery;
use prost::Message;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// The longest pause that we let a receiver ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3_600);
/// The longest explanation of a receiver that we repeat, in characters.
const MAX_WHY: usize = 200;

/// What a receiver said it did not take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PartialSuccess {
    pub(super) rejected: i64,
    pub(super) why: String,
}

impl PartialSuccess {
    /// Reads a response's protobuf; nothing for bytes that are none.
    pub(super) fn of_protobuf(signal: Signal, bytes: &[u8]) -> Option<PartialSuccess> {
        Some(match signal {
            Signal::Metrics => {
                let partial = ExportMetricsServiceResponse::decode(bytes).ok()?.partial_success;
                partial.map(|part| (part.rejected_data_points, part.error_message))
            }
            Signal::Logs => {
                let partial = ExportLogsServiceResponse::decode(bytes).ok()?.partial_success;
                partial.map(|part| (part.rejected_log_records, part.error_message))
            }
            Signal::Traces => {
                let partial = ExportTraceServiceResponse::decode(bytes).ok()?.partial_success;
                partial.map(|part| (part.rejected_spans, part.error_message))
            }
        })
        .map(|partial| {
            let (rejected, why) = partial.unwrap_or_default();
            PartialSuccess { rejected, why }
        })
    }

    /// Reads a response's JSON. Counts of 64 bits may come as strings.
    pub(super) fn of_json(bytes: &[u8]) -> Option<PartialSuccess> {
        let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
        let partial = value.as_object()?.get("partialSuccess");
        let field = |names: &[&str]| names.iter().find_map(|name| partial?.get(name));
        let number = |value: &serde_json::Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
        Some(PartialSuccess {
            rejected: field(&["rejectedDataPoints", "rejectedLogRecords", "rejectedSpans"])
                .and_then(number)
                .unwrap_or(0),
            why: field(&["errorMessage", "error_message"])
                .and_then(|value| value.as_str())
                .unwrap_or_default()
                .to_owned(),
        })
    }

    /// Nothing rejected is an acceptance, even with a word of warning.
    pub(super) fn delivery(self) -> Delivery {
        match u64::try_from(self.rejected) {
            Ok(rejected) if rejected > 0 => Delivery::Partial { rejected, why: short(&self.why) },
            _ => Delivery::Accepted,
        }
    }
}

/// Returns what follows from a status of HTTP that is no success.
pub(super) fn of_http(status: StatusCode, headers: &HeaderMap, place: &str) -> Delivery {
    let why = format!("{place} answered {status}");
    match status.as_u16() {
        413 => Delivery::TooLarge { why },
        429 | 502 | 503 | 504 => Delivery::Retry { after: retry_after(headers), why },
        _ => Delivery::Refused { why },
    }
}

/// `Retry-After` in seconds, or as a date, which is measured from the answer's own `Date`.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let date = |text: &str| httpdate::parse_http_date(text).ok();
    let pause = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let now = date(headers.get(DATE)?.to_str().ok()?)?;
            date(text)?.duration_since(now).unwrap_or_default()
        }
    };
    Some(pause.min(MAX_RETRY_AFTER))
}

/// Returns what follows from a status of gRPC that is no success.
pub(super) fn of_grpc(status: &Status, place: &str) -> Delivery {
    let why = match status.message() {
        "" => format!("{place} answered {:?}", status.code()),
        message => format!("{place} answered {:?}: {}", status.code(), short(message)),
    };
    let pause = status.get_details_retry_info().and_then(|info| info.retry_delay);
    let pause = pause.map(|pause| pause.min(MAX_RETRY_AFTER));
    match status.code() {
        Code::ResourceExhausted | Code::OutOfRange if is_of_size(status) => Delivery::TooLarge { why },
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss
        // What our own client says of a connection that broke.
        | Code::Unknown => Delivery::Retry { after: pause, why },
        // Without a pause it says that it will never have the room.
        Code::ResourceExhausted if pause.is_some() => Delivery::Retry { after: pause, why },
        _ => Delivery::Refused { why },
    }
}

/// gRPC has no code of its own for a message that is too large; its implementations say it in words.
fn is_of_size(status: &Status) -> bool {
    let message = status.message().to_lowercase();
    [
        // grpc-go, and so the OpenTelemetry collector, and grpc-core under C++ and Python.
        "larger than max",
        // grpc-java.
        "exceeds maximum size",
        // tonic.
        "message length too large",
    ]
    .iter()
    .any(|words| message.contains(words))
}

fn short(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(MAX_WHY).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_http(status: u16, headers: &[(&'static str, &'static str)], expected: &Delivery) {
        let headers = headers.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
        });
        let answer = of_http(StatusCode::from_u16(status).unwrap(), &headers.collect(), "host");
        assert_eq!(&answer, expected);
    }

    fn later(after: Option<u64>, why: &str) -> Delivery {
        Delivery::Retry { after: after.map(Duration::from_secs), why: why.to_owned() }
    }

    #[test]
    fn what_may_pass_is_retried_and_the_rest_is_refused() {
        check_http(503, &[("retry-after", "7")], &later(Some(7), "host answered 503 Service Unavailable"));
        check_http(429, &[], &later(None, "host answered 429 Too Many Requests"));
        let dates =
            [("retry-after", "Tue, 24 Nov 2026 10:00:30 GMT"), ("date", "Tue, 24 Nov 2026 10:00:00 GMT")];
        check_http(502, &dates, &later(Some(30), "host answered 502 Bad Gateway"));
        check_http(
            504,
            &[("retry-after", "999999")],
            &later(Some(3_600), "host answered 504 Gateway Timeout"),
        );
        for (status, why) in
            [(400, "host answered 400 Bad Request"), (500, "host answered 500 Internal Server Error")]
        {
            check_http(status, &[], &Delivery::Refused { why: why.to_owned() });
        }
        let too_large = Delivery::TooLarge { why: "host answered 413 Payload Too Large".to_owned() };
        check_http(413, &[], &too_large);
    }

    #[test]
    fn a_message_that_is_too_large_is_told_from_other_refusals() {
        let is_of_size =
            |code, words| matches!(of_grpc(&Status::new(code, words), "host"), Delivery::TooLarge { .. });
        for (code, words) in [
            (Code::ResourceExhausted, "grpc: received message larger than max (5242880 vs. 4194304)"),
            (Code::ResourceExhausted, "CLIENT: Received message larger than max (5242880 vs. 4194304)"),
            (Code::ResourceExhausted, "gRPC message exceeds maximum size 4194304: 5242880"),
            (
                Code::OutOfRange,
                "Error, decoded message length too large: found 5242880 bytes, the limit is: 4194304 bytes",
            ),
        ] {
            assert!(is_of_size(code, words), "{words}");
        }
        assert!(!is_of_size(Code::ResourceExhausted, "quota exceeded"));
        assert!(!is_of_size(Code::Internal, "larger than max"));
    }

    #[test]
    fn a_full_receiver_is_retried_only_if_it_says_when() {
        use tonic_types::{ErrorDetails, StatusExt};
        let refused = of_grpc(&Status::resource_exhausted("full"), "host");
        assert_eq!(refused, Delivery::Refused { why: "host answered ResourceExhausted: full".to_owned() });
        let details = ErrorDetails::with_retry_info(Some(Duration::from_secs(3)));
        let status = Status::with_error_details(Code::ResourceExhausted, "full", details);
        assert_eq!(of_grpc(&status, "host"), later(Some(3), "host answered ResourceExhausted: full"));
        assert!(matches!(of_grpc(&Status::unauthenticated(""), "host"), Delivery::Refused { .. }));
    }

    #[test]
    fn a_partial_success_is_read_from_both_forms() {
        let json = br#"{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"too old"}}"#;
        let partial = PartialSuccess::of_json(json).unwrap().delivery();
        assert_eq!(partial, Delivery::Partial { rejected: 3, why: "too old".to_owned() });
        assert_eq!(PartialSuccess::of_json(b"{}").unwrap().delivery(), Delivery::Accepted);
        assert_eq!(PartialSuccess::of_json(b"<html>"), None);
        assert_eq!(PartialSuccess::of_protobuf(Signal::Logs, b"").unwrap().delivery(), Delivery::Accepted);
        assert_eq!(PartialSuccess::of_protobuf(Signal::Logs, b"<html>"), None);
    }
}
