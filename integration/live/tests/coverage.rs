//! Coverage against servers that report active time later than the statements they ran.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::time::{Duration, Instant};

use pgquerylens_live::{monitor, monitored};
use pgquerylens_model::coverage::Coverage;
use pgquerylens_model::report::PollReport;
use pgquerylens_sandbox::{Server, majors};

/// The first major that tells active time.
const FIRST_WITH_ACTIVE_TIME: u32 = 14;
/// What the statement in the transaction takes: longer than the second in which a session reports once.
const SLEEP: &str = "begin; select pg_sleep(1.5)";
const SLEEP_MS: f64 = 1_500.0;
/// What a server may take to tell of a transaction that ended; before 15 a process of its own collects that.
const PATIENCE: Duration = Duration::from_secs(30);

/// Returns statement time and active time of the poll's window, in milliseconds.
fn covered(report: &PollReport) -> (f64, Option<f64>) {
    let metrics = report.metrics.as_ref().unwrap();
    let Coverage { statements_ms_per_second, active_ms_per_second } = metrics.coverage.unwrap();
    let seconds = metrics.statements.as_ref().unwrap().window.seconds().unwrap();
    (statements_ms_per_second * seconds, active_ms_per_second.map(|active| active * seconds))
}

#[tokio::test(flavor = "current_thread")]
async fn an_open_transaction_has_its_statements_in_one_window_and_its_active_time_in_the_next() {
    for major in majors() {
        let server = monitored(Server::new(major)).await;
        let mut poller = monitor(&server);
        let session = server.superuser().await.unwrap();
        poller.poll().await.unwrap();
        session.batch_execute(SLEEP).await.unwrap();
        let (statements, active) = covered(&poller.poll().await.unwrap());
        assert!(statements >= SLEEP_MS, "{statements} on {major}");
        if major < FIRST_WITH_ACTIVE_TIME {
            assert_eq!(active, None, "on {major}");
            continue;
        }
        assert!(active.unwrap() < SLEEP_MS, "{active:?} on {major}");
        session.batch_execute("commit").await.unwrap();
        let began = Instant::now();
        let mut late = 0.0;
        while late < SLEEP_MS {
            assert!(began.elapsed() < PATIENCE, "only {late} on {major}");
            let (statements, active) = covered(&poller.poll().await.unwrap());
            assert!(statements < SLEEP_MS, "{statements} on {major}");
            late += active.unwrap();
        }
    }
}
