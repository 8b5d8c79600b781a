//! Which page answers a request. Pure: who asks what comes in, what is answered goes out.

use std::net::{IpAddr, SocketAddr};

use http::{Method, StatusCode};

use super::snapshot::Snapshot;
use super::verdict::{self, Life};
use super::{exposition, metrics, page, status};

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// What somebody asks.
#[derive(Debug)]
pub(super) struct Asked<'r> {
    /// The method.
    pub(super) method: &'r Method,
    /// The path.
    pub(super) path: &'r str,
    /// Whom the client believes to ask.
    pub(super) host: Option<&'r str>,
}

/// What is answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The status.
    pub(super) status: StatusCode,
    /// What kind of text it is.
    pub(super) content_type: &'static str,
    /// The text.
    pub(super) body: String,
}

/// Answers. `listens` is where we listen, by which we know who may ask.
pub(super) fn answer(asked: &Asked<'_>, listens: SocketAddr, snapshot: impl FnOnce() -> Snapshot) -> Answer {
    if !is_meant(asked.host, listens) {
        return text(StatusCode::MISDIRECTED_REQUEST, "ask by an IP address or as localhost\n");
    }
    let page: fn(&Snapshot) -> Answer = match asked.path {
        "/" => |snapshot| of(StatusCode::OK, HTML, page::html(snapshot)),
        "/healthz" => health,
        "/readyz" => ready,
        "/status" => |snapshot| of(StatusCode::OK, JSON, status::document(snapshot)),
        "/metrics" => |snapshot| of(StatusCode::OK, exposition::CONTENT_TYPE, metrics::text(snapshot)),
        _ => return text(StatusCode::NOT_FOUND, "there are /, /healthz, /readyz, /status and /metrics\n"),
    };
    if !matches!(*asked.method, Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "GET and HEAD are answered\n");
    }
    page(&snapshot())
}

/// Tells whether a client means us. Where only this machine may ask, a page from elsewhere whose name was bent to this
/// machine (DNS rebinding) makes a browser ask under that name.
fn is_meant(host: Option<&str>, listens: SocketAddr) -> bool {
    let Some(host) = host.filter(|_| listens.ip().is_loopback()) else { return true };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|letter| letter.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok()
}

fn health(snapshot: &Snapshot) -> Answer {
    let life = verdict::life(snapshot);
    let status = if life == Life::Hanging { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    text(status, &format!("{}\n", life.word()))
}

/// One line for the whole, and one for each server that is missed.
fn ready(snapshot: &Snapshot) -> Answer {
    if verdict::is_ready(snapshot) {
        return text(StatusCode::OK, "ready\n");
    }
    let missed =
        snapshot.servers.iter().filter(|(_, state)| !verdict::readiness(state, snapshot.uptime).is_good());
    let lines =
        missed.map(|(name, state)| format!("{name}: {}\n", verdict::sentence(state, snapshot.uptime)));
    let head = match verdict::life(snapshot) {
        Life::Alive => "not ready\n".to_owned(),
        other => format!("{}\n", other.word()),
    };
    text(StatusCode::SERVICE_UNAVAILABLE, &(head + &lines.collect::<String>()))
}

fn text(status: StatusCode, body: &str) -> Answer {
    of(status, TEXT, body.to_owned())
}

fn of(status: StatusCode, content_type: &'static str, body: String) -> Answer {
    Answer { status, content_type, body }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::agent::health::example;

    fn asked(method: &Method, path: &str, host: Option<&str>, listens: &str) -> Answer {
        answer(&Asked { method, path, host }, listens.parse().unwrap(), example::busy)
    }

    fn get(path: &str) -> Answer {
        asked(&Method::GET, path, None, "127.0.0.1:9188")
    }

    fn check_ready(snapshot: &Snapshot, status: u16, expected: &Expect) {
        let answer = ready(snapshot);
        assert_eq!(answer.status, status);
        expected.assert_eq(&answer.body);
    }

    #[test]
    fn who_is_not_read_in_time_is_named_with_the_reason() {
        check_ready(
            &example::quiet(),
            200,
            &expect![[r#"
            ready
        "#]],
        );
        check_ready(
            &example::busy(),
            503,
            &expect![[r#"
            not ready
            <b>new</b>: starting, its first poll begins in 20 s
            archive: last read 41 min ago, allowed are 3 min 30 s: reach 10.0.0.7:5432/archive · connection refused · → is it running?
        "#]],
        );
    }

    #[test]
    fn health_is_a_word() {
        let mut snapshot = example::busy();
        assert_eq!(health(&snapshot), text(StatusCode::OK, "alive\n"));
        snapshot.process.beat = std::time::Duration::ZERO;
        assert_eq!(health(&snapshot), text(StatusCode::SERVICE_UNAVAILABLE, "hanging\n"));
        snapshot.process.is_stopping = true;
        assert_eq!(health(&snapshot), text(StatusCode::OK, "stopping\n"));
    }

    #[test]
    fn what_is_not_there_is_not_found_and_nothing_can_be_changed() {
        assert_eq!(get("/status").status, 200);
        assert_eq!(get("/status/").status, 404);
        assert_eq!(get("/../etc/passwd").status, 404);
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            assert_eq!(asked(&method, "/status", None, "127.0.0.1:9188").status, 405, "{method}");
        }
        assert_eq!(asked(&Method::HEAD, "/status", None, "127.0.0.1:9188").status, 200);
    }

    #[test]
    fn a_bent_name_gets_nothing_from_this_machine_alone() {
        let status = |host, listens| asked(&Method::GET, "/status", Some(host), listens).status.as_u16();
        for host in ["127.0.0.1:9188", "localhost:9188", "LOCALHOST", "[::1]:9188", "[::1]", "10.1.2.3"] {
            assert_eq!(status(host, "127.0.0.1:9188"), 200, "{host}");
        }
        for host in ["evil.example:9188", "localhost.evil.example", ""] {
            assert_eq!(status(host, "127.0.0.1:9188"), 421, "{host}");
        }
        assert_eq!(status("metrics.example:9188", "10.0.0.1:9188"), 200);
    }
}
