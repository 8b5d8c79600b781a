//! What an error of an object store means for us: its words are documents of XML over several lines, with the URL.

use std::error::Error as _;

use object_store::Error;
use object_store::client::{HttpError, HttpErrorKind};
use pgquerylens_engine::state::refusal::{Refusal, RefusalKind};

/// Names that stores give their refusals, of which the status alone does not tell enough.
const CODES: [(&str, RefusalKind); 18] = [
    ("NoSuchBucket", RefusalKind::NoSuchPlace),
    ("ContainerNotFound", RefusalKind::NoSuchPlace),
    ("ContainerBeingDeleted", RefusalKind::NoSuchPlace),
    ("PermanentRedirect", RefusalKind::WrongRegion),
    ("AuthorizationHeaderMalformed", RefusalKind::WrongRegion),
    ("IllegalLocationConstraintException", RefusalKind::WrongRegion),
    ("InvalidAccessKeyId", RefusalKind::Unknown),
    ("SignatureDoesNotMatch", RefusalKind::Unknown),
    ("ExpiredToken", RefusalKind::Unknown),
    ("InvalidToken", RefusalKind::Unknown),
    ("RequestTimeTooSkewed", RefusalKind::Unknown),
    ("AuthenticationFailed", RefusalKind::Unknown),
    ("InvalidAuthenticationInfo", RefusalKind::Unknown),
    ("AccessDenied", RefusalKind::Forbidden),
    ("AuthorizationFailure", RefusalKind::Forbidden),
    ("AuthorizationPermissionMismatch", RefusalKind::Forbidden),
    ("QuotaExceeded", RefusalKind::Full),
    ("AccountIsDisabled", RefusalKind::Full),
];

/// Returns what an error means.
pub(super) fn refusal(error: &Error) -> Refusal {
    let text = whole(error);
    let code = code_of(&text);
    let named = code.and_then(|code| CODES.iter().find(|(known, _)| *known == code));
    if let Some((name, kind)) = named {
        return Refusal::new(*kind, *name);
    }
    if let Some(http) = http_error(error) {
        return of_transport(http);
    }
    // No request was made, so that no URL is in it.
    if let (Error::Unauthenticated { source, .. }, None) = (error, status_of(&text)) {
        return Refusal::new(RefusalKind::NoCredentials, source.to_string());
    }
    let detail = code.unwrap_or_default();
    let kind = match error {
        Error::PermissionDenied { .. } => RefusalKind::Forbidden,
        Error::Unauthenticated { .. } => RefusalKind::Unknown,
        Error::NotFound { .. } => RefusalKind::NoSuchPlace,
        Error::Generic { .. } if text.contains("redirect without LOCATION") => RefusalKind::WrongRegion,
        Error::Generic { .. } => match status_of(&text) {
            Some(301 | 307) => RefusalKind::WrongRegion,
            Some(507) => RefusalKind::Full,
            Some(408 | 429 | 500..=599) => RefusalKind::Busy,
            _ => RefusalKind::Other,
        },
        _ => RefusalKind::Other,
    };
    match (kind, status_of(&text)) {
        (_, _) if !detail.is_empty() => Refusal::new(kind, detail),
        (_, Some(status)) => Refusal::new(kind, format!("status {status}")),
        // Only what no request was made for is left, such as credentials that cannot be used; it has no URL in it.
        (RefusalKind::Other, None) => Refusal::new(kind, text),
        (_, None) => Refusal::new(kind, ""),
    }
}

/// Tells whether what is missing is the bucket, and not an object in it.
pub(super) fn is_bucket_missing(error: &Error) -> bool {
    let kind = |code| CODES.iter().find(|(known, _)| *known == code).map(|(_, kind)| *kind);
    code_of(&whole(error)).and_then(kind) == Some(RefusalKind::NoSuchPlace)
}

fn of_transport(error: &HttpError) -> Refusal {
    let mut last = error.source();
    while let Some(deeper) = last.and_then(std::error::Error::source) {
        last = Some(deeper);
    }
    let detail = last.map(ToString::to_string).unwrap_or_default();
    match error.kind() {
        HttpErrorKind::Connect => Refusal::new(RefusalKind::Unreachable, detail),
        HttpErrorKind::Timeout => Refusal::new(RefusalKind::OutOfTime, ""),
        HttpErrorKind::Request | HttpErrorKind::Interrupted => Refusal::new(RefusalKind::Busy, detail),
        _ => Refusal::new(RefusalKind::Other, detail),
    }
}

fn http_error(error: &Error) -> Option<&HttpError> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<HttpError>() {
            return Some(error);
        }
        cause = error.source();
    }
    None
}

/// Returns the text of an error with those of all its causes.
fn whole(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push(' ');
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

/// Returns what stands in `<Code>` of the answer.
fn code_of(text: &str) -> Option<&str> {
    let code = text.split_once("<Code>")?.1.split_once("</Code>")?.0;
    code.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(code)
}

fn status_of(text: &str) -> Option<u16> {
    text.split_once("status code: ")?.1.get(..3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, shown: &str) {
        let error = Error::Generic { store: "S3", source: text.to_owned().into() };
        assert_eq!(refusal(&error).to_string(), shown, "{text}");
    }

    #[test]
    fn an_answer_is_told_by_its_code_and_else_by_its_status() {
        check(
            "Error performing PUT https://b/x?X-Amz-Signature=hunter2 - Server returned non-2xx status code: 403 \
             Forbidden: <Error><Code>InvalidAccessKeyId</Code></Error>",
            "our credentials are not believed: InvalidAccessKeyId",
        );
        check(
            "status code: 404 Not Found: <Code>NoSuchBucket</Code>",
            "the bucket or container does not exist: NoSuchBucket",
        );
        check(
            "status code: 503 Service Unavailable: <Code>SlowDown</Code>",
            "it is busy or broken: SlowDown",
        );
        check("status code: 500 Internal Server Error: ", "it is busy or broken: status 500");
        check("Received redirect without LOCATION, this normally", "the bucket is in another region");
        check("no key in the file", "it was refused: Generic S3 error: no key in the file");
    }
}
