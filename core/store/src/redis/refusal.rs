//! What an error of Redis means for us.

use ::redis::{ErrorKind, RedisError, ServerErrorKind};
use pgquerylens_engine::state::refusal::{Refusal, RefusalKind};

/// The codes that answers begin with.
const CODES: [(&str, RefusalKind); 8] = [
    ("NOAUTH", RefusalKind::Unknown),
    ("WRONGPASS", RefusalKind::Unknown),
    ("NOPERM", RefusalKind::Forbidden),
    ("OOM", RefusalKind::Full),
    ("MISCONF", RefusalKind::Full),
    ("READONLY", RefusalKind::Full),
    ("LOADING", RefusalKind::Busy),
    ("BUSY", RefusalKind::Busy),
];

/// Returns what an error means.
pub(super) fn refusal(error: &RedisError) -> Refusal {
    let code = error.code().unwrap_or_default();
    if let Some((name, kind)) = CODES.iter().find(|(known, _)| *known == code) {
        return Refusal::new(*kind, *name);
    }
    if error.is_timeout() {
        return Refusal::new(RefusalKind::OutOfTime, "");
    }
    let kind = match error.kind() {
        ErrorKind::AuthenticationFailed => RefusalKind::Unknown,
        ErrorKind::Io if error.is_connection_refusal() => RefusalKind::Unreachable,
        ErrorKind::Io => RefusalKind::Busy,
        ErrorKind::Server(ServerErrorKind::BusyLoading | ServerErrorKind::TryAgain) => RefusalKind::Busy,
        ErrorKind::Server(ServerErrorKind::NoPerm) => RefusalKind::Forbidden,
        ErrorKind::Server(ServerErrorKind::ReadOnly) => RefusalKind::Full,
        _ => RefusalKind::Other,
    };
    // An answer of the server's may show what it was asked; its kind and code are enough.
    let detail = if code.is_empty() { error.category() } else { code };
    Refusal::new(kind, detail)
}
