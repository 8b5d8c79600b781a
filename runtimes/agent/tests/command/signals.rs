//! SIGINT and SIGTERM: between two polls they end it at once, within one they let it finish for a while, and no
//! backend stays on the server.

use rustix::process::Signal;
use tokio_postgres::Client;

use crate::program::{Running, document, pgquerylens};
use crate::stage::{monitored, until_backends_are, url};

#[tokio::test(flavor = "current_thread")]
async fn a_signal_between_polls_ends_them_cleanly_and_leaves_no_backend() {
    let server = monitored().await;
    let admin = server.superuser().await.unwrap();
    for signal in [Signal::INT, Signal::TERM] {
        let mut polling = polling(&url(&server), &["--every", "1h"]);
        assert_eq!(document(&polling.line())["status"], "ok");
        until_backends_are(&admin, &["idle"]).await;
        polling.signal(signal);
        let ended = polling.ended();
        assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""));
        until_backends_are(&admin, &[]).await;
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_poll_that_runs_when_a_signal_comes_is_finished_and_reported() {
    let server = monitored().await;
    let admin = server.superuser().await.unwrap();
    let polling = waiting(&url(&server), &admin, &[]).await;
    polling.signal(Signal::INT);
    admin.batch_execute("rollback").await.unwrap();
    let ended = polling.ended();
    assert_eq!((ended.code, ended.complaints()), (Some(0), vec![]));
    assert_eq!(ended.documents().last().unwrap()["status"], "ok");
    until_backends_are(&admin, &[]).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_second_signal_breaks_the_poll_off_and_the_server_ends_what_it_ran() {
    let server = monitored().await;
    let admin = server.superuser().await.unwrap();
    // Nobody cancels the statement that waits: this timeout is what ends it on the server.
    let polling = waiting(&url(&server), &admin, &["--statement-timeout", "3s"]).await;
    polling.signal(Signal::INT);
    polling.signal(Signal::TERM);
    let ended = polling.ended();
    assert_eq!(ended.code, Some(75), "{}", ended.stderr);
    assert!(ended.stderr.contains("a signal came before the poll was done"), "{}", ended.stderr);
    until_backends_are(&admin, &[]).await;
}

/// Starts polls that write documents.
fn polling(url: &str, arguments: &[&str]) -> Running {
    Running::start(pgquerylens(&[&["poll", url, "--format", "json"], arguments].concat()))
}

/// Starts polls and locks a catalog between two of them, so that the second one waits until the lock is given up.
async fn waiting(url: &str, admin: &Client, arguments: &[&str]) -> Running {
    let patient = ["--every", "500ms", "--everything-now", "--lock-timeout", "60s"];
    let mut polling = polling(url, &[&patient, arguments].concat());
    assert_eq!(document(&polling.line())["status"], "ok");
    admin.batch_execute("begin; lock table pg_class in access exclusive mode").await.unwrap();
    until_backends_are(admin, &["waiting"]).await;
    polling
}
