//! The hard budget on the monitored server: statements, connections, transaction ids, temporary files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use pgquerylens_engine::poll::PollOptions;
use pgquerylens_live::{failures, monitored, options, poller};
use pgquerylens_model::report::{Cost, PollReport};
use pgquerylens_sandbox::workload::heaps;
use pgquerylens_sandbox::{Server, majors, roles};

/// Statements of one steady poll, transaction control included.
const MAX_STATEMENTS: u64 = 20;
/// Round trips of one steady poll on a direct connection.
const MAX_ROUND_TRIPS: u64 = 4;

fn steady() -> PollOptions {
    PollOptions { all_due: false, top: 20, ..options() }
}

async fn polled(server: &Server, polls: usize) -> (PollReport, Cost) {
    let mut poller = poller(&server.url(roles::MONITOR, "postgres"), steady());
    let mut last = poller.poll().await.unwrap();
    for _ in 1..polls {
        last = poller.poll().await.unwrap();
    }
    let cost = last.cost;
    (last, cost)
}

#[tokio::test(flavor = "current_thread")]
async fn a_steady_poll_stays_within_its_budget_on_every_major() {
    for major in majors() {
        let server = monitored(Server::new(major)).await;
        let (report, cost) = polled(&server, 3).await;
        assert_eq!(failures(&report), Vec::<String>::new());
        assert!(cost.statements <= MAX_STATEMENTS, "{} statements on {major}", cost.statements);
        assert!(cost.round_trips <= MAX_ROUND_TRIPS, "{} round trips on {major}", cost.round_trips);
        assert_eq!(cost.connections, 0, "the held connection serves on {major}");
        println!("{major}: {cost:?}");
    }
}

async fn next_xid(server: &Server) -> i64 {
    let admin = server.superuser().await.unwrap();
    let row = admin.query_one("select txid_snapshot_xmax(txid_current_snapshot())", &[]).await.unwrap();
    row.get(0)
}

#[tokio::test(flavor = "current_thread")]
async fn a_hundred_polls_assign_no_transaction_id() {
    for major in [12, 18] {
        let server = monitored(Server::new(major).setting("autovacuum", "off")).await;
        let before = next_xid(&server).await;
        polled(&server, 100).await;
        assert_eq!(next_xid(&server).await, before, "on {major}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn five_thousand_statements_need_no_temporary_file() {
    let server = monitored(Server::new(18).setting("pg_stat_statements.max", "10000")).await;
    heaps::distinct_statements(&server, "postgres", 5_000, 200).await.unwrap();
    let temp_bytes = async || {
        let admin = server.superuser().await.unwrap();
        let row = admin.query_one("select sum(temp_bytes)::int8 from pg_stat_database", &[]).await.unwrap();
        row.get::<_, i64>(0)
    };
    let mut poller = poller(&server.url(roles::MONITOR, "postgres"), steady());
    poller.poll().await.unwrap();
    // The backend reports its statistics at most once a second, and when it ends.
    let before = temp_bytes().await;
    for _ in 0..3 {
        poller.poll().await.unwrap();
    }
    drop(poller);
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let after = temp_bytes().await;
    println!("temp bytes {before} {after}");
    assert_eq!(after, before);
}
