//! One poll after another, on every major: what is read, what it costs, and that nothing is missing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use pgquerylens_live::{failures, monitor, monitored, statement_deltas};
use pgquerylens_model::report::Status;
use pgquerylens_model::window::Quality;
use pgquerylens_sandbox::Server;
use pgquerylens_sandbox::majors;

#[tokio::test(flavor = "current_thread")]
async fn every_major_is_read_without_a_failure() {
    for major in majors() {
        let server = monitored(Server::new(major).setting("track_io_timing", "on")).await;
        let mut poller = monitor(&server);
        for poll in 1..=3 {
            let report =
                poller.poll().await.unwrap_or_else(|error| panic!("poll {poll} on {major}: {error}"));
            assert_eq!(failures(&report), Vec::<String>::new(), "poll {poll} on {major}");
            assert_eq!(report.status, Status::Ok, "poll {poll} on {major}: {:?}", report.notices);
            let metrics = report.metrics.as_ref().unwrap();
            println!("{major}: {:?} {} views", report.cost, metrics.views.len());
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn statements_have_their_texts_and_exact_windows() {
    let server = monitored(Server::new(18)).await;
    let mut poller = monitor(&server);
    poller.poll().await.unwrap();
    server.execute("select 1 as planted").await.unwrap();
    let report = poller.poll().await.unwrap();
    let window = &report.metrics.as_ref().unwrap().statements.as_ref().unwrap().window;
    assert_eq!(window.quality, Quality::Exact);
    for delta in statement_deltas(&report) {
        println!("{delta:?}");
    }
}
