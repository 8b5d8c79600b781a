//! What Amazon Aurora alone tells is read where its functions are, on every major that it has, and what it gets wrong is
//! left out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use pgquerylens_live::{failures, monitor, monitored, view};
use pgquerylens_model::capabilities::{NotRead, Provider};
use pgquerylens_model::report::{Outcome, PollReport};
use pgquerylens_model::view::View;
use pgquerylens_model::views::{aurora_replica_status, aurora_system_waits, statements};
use pgquerylens_model::window::Sum;
use pgquerylens_sandbox::{Server, aurora, majors};

/// The first major with all of Aurora's functions.
const FIRST: u32 = 14;

fn delta(report: &PollReport, of: &View, key: (&str, &str), column: &str) -> Option<Sum> {
    let metrics = view(report, of);
    let window = metrics.window.as_ref()?;
    let label = of.column_index(key.0).unwrap();
    let row = (0..window.deltas.len())
        .find(|row| metrics.snapshot.rows.label(label, window.deltas.row_indexes[*row]) == Some(key.1))?;
    Sum::of(&window.deltas, of.column_index(column).unwrap(), row)
}

/// The differences of the statement whose text has a word.
fn of_statement(report: &PollReport, word: &str, column: &str) -> Option<f64> {
    let found = report.metrics.as_ref()?.statements.as_ref()?;
    let has_word = |index: &usize| found.named[*index].query.as_ref().is_some_and(|text| text.contains(word));
    let index = (0..found.named.len()).find(has_word)?;
    let row = found.selection.selected[index].row;
    let column = statements::VIEW.column_index(column)?;
    Sum::of(&found.window.deltas, column, row).map(Sum::as_f64)
}

#[tokio::test(flavor = "current_thread")]
async fn replicas_waits_and_storage_are_read_on_every_major() {
    for major in majors().into_iter().filter(|major| *major >= FIRST) {
        let builder = aurora::known_as_aurora(Server::new(major)).setting("track_io_timing", "on");
        let server = monitored(builder).await;
        aurora::plant(&server).await.unwrap();
        server
            .execute("create table t (id int); insert into t select generate_series(1, 5000)")
            .await
            .unwrap();
        let mut poller = monitor(&server);
        let work = async |times: usize| {
            for _ in 0..times {
                server.execute("select count(*) from t as counted").await.unwrap();
                server.execute("vacuum t").await.unwrap();
                server.execute("select nextval('commits_waited')").await.unwrap();
            }
        };
        work(2).await;
        let first = poller.poll().await.unwrap();
        assert_eq!(failures(&first), Vec::<String>::new(), "on {major}");
        assert_eq!(first.metrics.as_ref().unwrap().provider, Provider::Aurora, "on {major}");
        work(3).await;
        let report = poller.poll().await.unwrap();

        let replicas = view(&report, &aurora_replica_status::VIEW);
        let column = |name| aurora_replica_status::VIEW.column_index(name).unwrap();
        let rows = &replicas.snapshot.rows;
        assert_eq!((rows.len(), rows.label(column("server_id"), 1)), (2, Some("shop-2")), "on {major}");
        assert_eq!(rows.float(column("replica_lag_in_msec"), 1), Some(19.0));
        assert_eq!(rows.int(column("cur_replay_latency_in_usec"), 1), Some(7019));
        assert_eq!(rows.float(column("replica_lag_in_msec"), 0), None, "the writer is behind nobody");

        let waited = |name| delta(&report, &aurora_system_waits::VIEW, ("event_name", "XactSync"), name);
        assert_eq!(waited("waits"), Some(Sum::Int(3)), "on {major}");
        assert_eq!(waited("wait_time"), Some(Sum::Int(3_000)));

        let of = |word, column| of_statement(&report, word, column);
        assert_eq!(of("as counted", "calls"), Some(3.0), "on {major}");
        assert_eq!(of("as counted", "storage_blks_read"), Some(6.0));
        assert_eq!(of("as counted", "orcache_blk_read_time"), Some(0.75));
        assert!(of("as counted", "shared_blk_read_time").is_some());
        assert_eq!((of("vacuum", "calls"), of("vacuum", "shared_blk_read_time")), (Some(3.0), None));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_older_aurora_is_read_without_what_it_has_not() {
    let server = monitored(aurora::known_as_aurora(Server::new(FIRST))).await;
    let older = "create function pg_catalog.aurora_stat_statements(showtext boolean) returns table (calls bigint) \
                 language sql as 'select 1::bigint'";
    server.execute(older).await.unwrap();
    let report = monitor(&server).poll().await.unwrap();
    assert_eq!(failures(&report), Vec::<String>::new());
    assert!(!view(&report, &statements::VIEW).snapshot.rows.is_empty());
    let outcome = |view: &View| {
        report.collectors.iter().find(|line| line.view == view.name).map(|line| line.outcome.clone())
    };
    assert_eq!(outcome(&aurora_replica_status::VIEW), Some(Outcome::NotOffered(NotRead::OnlyOnAurora)));
}
