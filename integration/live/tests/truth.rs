//! What is reported equals what was done: a workload with known counts between two polls, on every major.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use pgquerylens_live::{StatementDelta, monitor, monitored, statement_deltas};
use pgquerylens_model::report::PollReport;
use pgquerylens_model::window::{Loss, Quality};
use pgquerylens_sandbox::workload::known;
use pgquerylens_sandbox::{Server, majors};

/// Majors that tell since when an entry counts.
const FIRST_WITH_STATS_SINCE: u32 = 17;

fn quality(report: &PollReport) -> Quality {
    report.metrics.as_ref().unwrap().statements.as_ref().unwrap().window.quality.clone()
}

/// Finds a statement by a word of its text.
fn of<'d>(deltas: &'d [StatementDelta], word: &str) -> Vec<&'d StatementDelta> {
    deltas.iter().filter(|delta| delta.query.as_ref().is_some_and(|query| query.contains(word))).collect()
}

#[tokio::test(flavor = "current_thread")]
async fn calls_and_rows_equal_the_truth_on_every_major() {
    for major in majors() {
        let server = monitored(Server::new(major)).await;
        let admin = server.superuser().await.unwrap();
        known::prepare(&admin).await.unwrap();
        known::run(&admin, 1).await.unwrap();
        let mut poller = monitor(&server);
        poller.poll().await.unwrap();
        let truth = known::run(&admin, 23).await.unwrap();
        let report = poller.poll().await.unwrap();
        assert_eq!(quality(&report), Quality::Exact, "on {major}");
        let deltas = statement_deltas(&report);
        for known in &truth {
            let found = of(&deltas, known.label);
            let sums = found.iter().fold((0, 0), |sum, delta| (sum.0 + delta.calls, sum.1 + delta.rows));
            assert_eq!(
                sums,
                (known.calls as i64, known.rows as i64),
                "{} on {major}: {found:?}",
                known.label
            );
        }
    }
}

async fn executed(server: &Server, times: u32) {
    let admin = server.superuser().await.unwrap();
    for _ in 0..times {
        admin.query("select count(*) from pg_class as recreated", &[]).await.unwrap();
    }
}

/// Drops the entry of the statement above, as an eviction would.
async fn dropped(server: &Server) {
    let drop = "select pg_stat_statements_reset(userid, dbid, queryid) from pg_stat_statements \
                where query like '%as recreated'";
    server.execute(drop).await.unwrap();
}

async fn recreated(major: u32, before: u32, after: u32) -> (i64, Quality) {
    let server = monitored(Server::new(major)).await;
    let mut poller = monitor(&server);
    executed(&server, before).await;
    poller.poll().await.unwrap();
    dropped(&server).await;
    executed(&server, after).await;
    let report = poller.poll().await.unwrap();
    let deltas = statement_deltas(&report);
    (of(&deltas, "as recreated").iter().map(|delta| delta.calls).sum(), quality(&report))
}

fn is_marked(quality: &Quality) -> bool {
    matches!(quality, Quality::LowerBound(losses) if losses.iter().any(|loss| matches!(loss, Loss::EntriesRecreated(_))))
}

#[tokio::test(flavor = "current_thread")]
async fn an_entry_created_again_counts_in_full_and_is_marked() {
    for major in majors() {
        let (calls, quality) = recreated(major, 12, 6).await;
        assert_eq!(calls, 6, "12 then 6 on {major}");
        assert!(is_marked(&quality), "12 then 6 on {major}: {quality:?}");
        let (calls, quality) = recreated(major, 7, 12).await;
        if major >= FIRST_WITH_STATS_SINCE {
            assert_eq!(calls, 12, "7 then 12 on {major}");
            assert!(is_marked(&quality), "7 then 12 on {major}: {quality:?}");
        } else {
            // If no other counter of the entry shrank either, no rule before 17 can see it: it lies below the truth.
            let seen = calls == 12 && is_marked(&quality);
            assert!(seen || calls == 5, "7 then 12 on {major}: {calls}, {quality:?}");
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_reset_of_all_counts_from_zero() {
    for major in majors() {
        let server = monitored(Server::new(major)).await;
        let mut poller = monitor(&server);
        executed(&server, 15).await;
        poller.poll().await.unwrap();
        server.execute("select pg_stat_statements_reset()").await.unwrap();
        executed(&server, 7).await;
        let report = poller.poll().await.unwrap();
        let deltas = statement_deltas(&report);
        assert_eq!(of(&deltas, "as recreated").iter().map(|delta| delta.calls).sum::<i64>(), 7, "on {major}");
        assert_ne!(quality(&report), Quality::Exact, "on {major}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_clean_restart_is_no_gap_and_a_crash_is_marked() {
    for major in majors() {
        let mut server = monitored(Server::new(major)).await;
        let mut poller = monitor(&server);
        executed(&server, 15).await;
        poller.poll().await.unwrap();
        executed(&server, 4).await;
        server.restart().await.unwrap();
        executed(&server, 3).await;
        let report = poller.poll().await.unwrap();
        let calls = |report: &PollReport| {
            of(&statement_deltas(report), "as recreated").iter().map(|d| d.calls).sum::<i64>()
        };
        assert_eq!((calls(&report), quality(&report)), (7, Quality::Exact), "restart on {major}");

        let admin = server.superuser().await.unwrap();
        server.kill9_backend(pgquerylens_sandbox::backend_pid(&admin).await.unwrap()).await.unwrap();
        executed(&server, 2).await;
        let report = poller.poll().await.unwrap();
        assert_ne!(quality(&report), Quality::Exact, "crash on {major}");
        assert!(calls(&report) <= 2, "crash on {major}: {}", calls(&report));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_promoted_replica_behind_the_same_name_is_a_gap() {
    for major in [12, 14, 18] {
        let primary = monitored(Server::new(major)).await;
        executed(&primary, 5).await;
        let standby = primary.standby().await.unwrap();
        primary.caught_up(&standby).await.unwrap();
        let state = tempfile::tempdir().unwrap();
        let poll = async |server: &Server| {
            let store = pgquerylens_engine::state::file::FileStore::new(state.path());
            pgquerylens_live::poller_with(server, store).poll().await.unwrap()
        };
        poll(&primary).await;
        for _ in 0..50 {
            let reader = standby.superuser().await.unwrap();
            reader.query("select count(*) from pg_class as recreated", &[]).await.unwrap();
        }
        standby.promote().await.unwrap();
        let report = poll(&standby).await;
        let interval = pgquerylens_live::view(&report, &pgquerylens_model::views::statements::VIEW);
        let quality = &interval.window.as_ref().unwrap().quality;
        assert!(matches!(quality, Quality::Gap(_)), "on {major}: {quality:?}");
    }
}
