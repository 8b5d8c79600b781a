//! Servers with much of everything: databases, statements, text. The budgets hold, what is left out is named, and
//! what could not be done in one poll is done in the next ones. `PGQUERYLENS_TEST_SCALE=10` makes it 1,000 databases.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::collections::BTreeSet;
use std::time::Duration;

use expect_test::expect;
use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::poll::{Databases, PollOptions};
use pgquerylens_live::faults::{Kept, notices, statements_window};
use pgquerylens_live::{failures, monitored, options, statement_deltas, view};
use pgquerylens_model::report::{Outcome, PollReport, Status};
use pgquerylens_model::views::{statements, tables};
use pgquerylens_model::window::Quality;
use pgquerylens_sandbox::workload::heaps;
use pgquerylens_sandbox::{Server, roles};
use tokio::time::Instant;

/// Databases whose tables were read at this poll.
fn visited(report: &PollReport) -> BTreeSet<String> {
    let read = report
        .collectors
        .iter()
        .filter(|line| line.view == tables::VIEW.name && matches!(line.outcome, Outcome::Read { .. }));
    read.filter_map(|line| line.database.clone()).collect()
}

#[tokio::test(flavor = "current_thread")]
async fn a_walk_through_many_databases_goes_on_where_it_stopped() {
    let count = 100 * pgquerylens_sandbox::scale();
    let quick = Server::new(18).setting("autovacuum", "off");
    let server = monitored(if pgquerylens_sandbox::scale() == 1 { quick } else { quick.on_disk() }).await;
    heaps::databases(&server, count).await.unwrap();
    // The walk keeps two seconds for the rest of the poll.
    let limits = Limits { deadline: Duration::from_secs(3), ..Limits::default() };
    let options = PollOptions { limits, databases: Databases::All, all_due: false, top: 20, ..options() };
    let kept = Kept::new();
    let mut seen = BTreeSet::new();
    let (mut polls, mut stood_still) = (0, false);
    loop {
        // Every poll is an invocation of its own: where the walk stopped is a part of the state.
        let began = Instant::now();
        let report =
            kept.poller(&server.url(roles::MONITOR, "postgres"), options.clone()).poll().await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
        assert_eq!(failures(&report), Vec::<String>::new());
        let walk = report.walk.clone().unwrap();
        // template1 takes connections too.
        assert_eq!(walk.total, count as usize + 1);
        // A poll may need its time for the sizes of all databases, or for texts; the next one does not.
        assert!(walk.read > 0 || !stood_still, "no two polls in a row stand still");
        stood_still = walk.read == 0;
        let here = visited(&report);
        assert!(
            polls == 0 || seen.is_disjoint(&here),
            "nothing is read twice: {:?}",
            seen.intersection(&here)
        );
        seen.extend(here);
        polls += 1;
        if walk.next.is_none() {
            break;
        }
    }
    println!("{polls} polls");
    assert!(polls > 1, "the deadline was meant to be too short");
    assert_eq!(seen.len(), count as usize + 2);
}

#[tokio::test(flavor = "current_thread")]
async fn ten_thousand_statements_are_read_and_counted() {
    let server = monitored(Server::new(18).setting("pg_stat_statements.max", "10000")).await;
    heaps::distinct_statements(&server, "postgres", 9_900, 600).await.unwrap();
    let kept = Kept::new();
    let mut poller = kept.poller(&server.url(roles::MONITOR, "postgres"), options());
    poller.poll().await.unwrap();
    heaps::rerun_statements(&server, "postgres", 9_000..9_100, 600).await.unwrap();
    let report = poller.poll().await.unwrap();
    assert_eq!(failures(&report), Vec::<String>::new());
    assert_eq!(report.status, Status::Ok, "{:?}", report.notices);
    assert!(view(&report, &statements::VIEW).snapshot.rows.len() >= 9_400);
    let admin = server.superuser().await.unwrap();
    let rerun = "select queryid from pg_stat_statements where calls = 2 and query like '%as column_19%'";
    let rerun: BTreeSet<i64> = admin.query(rerun, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(rerun.len(), 100);
    let deltas = statement_deltas(&report);
    let calls = deltas.iter().filter(|delta| rerun.contains(&delta.key.queryid)).map(|delta| delta.calls);
    assert_eq!(calls.sum::<i64>(), 100);
    assert_eq!(statements_window(&report).quality, Quality::Exact);
}

#[tokio::test(flavor = "current_thread")]
async fn a_text_of_ten_megabytes_is_cut_and_its_statement_counted() {
    let server = monitored(Server::new(18)).await;
    heaps::distinct_statements(&server, "postgres", 1, 10 << 20).await.unwrap();
    let kept = Kept::new();
    let mut poller = kept.poller(&server.url(roles::MONITOR, "postgres"), options());
    poller.poll().await.unwrap();
    heaps::rerun_statements(&server, "postgres", 0..1, 10 << 20).await.unwrap();
    let report = poller.poll().await.unwrap();
    assert_eq!(failures(&report), Vec::<String>::new());
    assert_eq!(report.status, Status::Ok, "{:?}", report.notices);
    let deltas = statement_deltas(&report);
    let long = deltas.iter().find(|delta| {
        delta.query.as_ref().is_some_and(|query| query.contains("as a_column_with_a_long_name_20"))
    });
    let long = long.unwrap_or_else(|| panic!("{deltas:?}"));
    assert_eq!(long.calls, 1);
    assert!(long.query.as_ref().unwrap().len() <= Limits::default().dictionary_text_bytes + 16);
    assert!(kept.contents()["dictionary"].len() < 1 << 20);
}

#[tokio::test(flavor = "current_thread")]
async fn a_text_reading_beyond_its_budget_is_broken_off_and_remembered() {
    let server = monitored(Server::new(18)).await;
    heaps::distinct_statements(&server, "postgres", 1, 10 << 20).await.unwrap();
    let limits = Limits { text_budget_bytes: 1 << 20, text_pause_seconds: 0.0, ..Limits::default() };
    let options = PollOptions { limits, ..options() };
    let kept = Kept::new();
    let url = server.url(roles::MONITOR, "postgres");
    let refused = expect![[r#"
        statement texts were not read: about 2 MiB are to be expected, the budget is 1 MiB
        → raise --text-budget, or shorten the texts (lower pg_stat_statements.max, reset it)
        track_io_timing is off: I/O times are not measured
        → alter system set track_io_timing = on; select pg_reload_conf();
    "#]];
    let mut received = Vec::new();
    for _ in 0..3 {
        let report = kept.poller(&url, options.clone()).poll().await.unwrap();
        assert_eq!(failures(&report), Vec::<String>::new());
        assert_eq!(report.status, Status::Degraded);
        refused.assert_eq(&notices(&report));
        received.push(report.cost.received_bytes);
    }
    // The first reading is broken off on the way; the later ones are not begun.
    println!("{received:?}");
    assert!(received[1] < 1 << 20 && received[2] < 1 << 20, "{received:?}");
}
