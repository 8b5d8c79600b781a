//! Servers that are slow or locked: a lock costs the rows behind it, a timeout costs its collector, and the poll ends
//! within its deadline.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::time::Duration;

use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::poll::PollOptions;
use pgquerylens_live::faults::{Planted, statements_window};
use pgquerylens_live::{MemoryPoller, failures, monitored, options, poller, view};
use pgquerylens_model::report::{PollReport, Status};
use pgquerylens_model::views::{statements, table_sizes, tables};
use pgquerylens_model::window::Quality;
use pgquerylens_sandbox::{Server, roles};
use tokio::time::Instant;
use tokio_postgres::Client;

/// What a poll may take beyond its deadline.
const GRACE: Duration = Duration::from_secs(3);

fn poller_within(server: &Server, limits: Limits) -> MemoryPoller {
    poller(&server.url(roles::MONITOR, "postgres"), PollOptions { limits, ..options() })
}

/// Whether the table is flagged as locked, and its size.
fn size_of(report: &PollReport, table: &str) -> (Option<bool>, Option<i64>) {
    let (tables, sizes) = (&view(report, &tables::VIEW).snapshot.rows, &sizes(report).rows);
    let column = |name| table_sizes::VIEW.column_index(name).unwrap();
    let relname = tables::VIEW.column_index("relname").unwrap();
    let at = (0..tables.len()).find(|row| tables.label(relname, *row) == Some(table)).unwrap();
    let relid = tables.int(tables::VIEW.column_index("relid").unwrap(), at);
    let row = (0..sizes.len()).find(|row| sizes.int(column("relid"), *row) == relid).unwrap();
    (sizes.flag(column("locked"), row), sizes.int(column("total_relation_size"), row))
}

fn sizes(report: &PollReport) -> &pgquerylens_model::baseline::Snapshot {
    let metrics = report.metrics.as_ref().unwrap();
    let of_sizes =
        |metrics: &&pgquerylens_model::report::ViewMetrics| metrics.view.name == table_sizes::VIEW.name;
    &metrics.views.iter().find(of_sizes).unwrap().snapshot
}

/// Polls under a lock on `kept`: only its size is missing, and no lock_timeout was needed to find out.
async fn check_locked(server: &Server, how: &str) {
    let report = poller_within(server, Limits::default()).poll().await.unwrap();
    assert_eq!(failures(&report), Vec::<String>::new(), "{how} on {}", server.major());
    assert_eq!(size_of(&report, "kept"), (Some(true), None), "{how} on {}", server.major());
    let (locked, size) = size_of(&report, "open");
    assert_eq!(locked, Some(false), "{how} on {}", server.major());
    assert!(size > Some(0), "{how} on {}", server.major());
}

async fn until_somebody_waits(server: &Server) {
    let admin = server.superuser().await.unwrap();
    let waiting = "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and not granted";
    let began = Instant::now();
    while admin.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        assert!(began.elapsed() < Duration::from_secs(30), "nobody waits");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_locked_table_lacks_its_size_and_nothing_else() {
    for major in [12, 18] {
        let server = monitored(Server::new(major)).await;
        let make = "create table kept (id int primary key, note text); insert into kept values (1, 'one');
                    create table open (id int primary key, note text); insert into open values (1, 'one')";
        server.execute(make).await.unwrap();
        let locker = server.superuser().await.unwrap();
        for lock in ["lock table kept in access exclusive mode", "reindex index kept_pkey", "truncate kept"] {
            locker.batch_execute(&format!("begin; {lock}")).await.unwrap();
            check_locked(&server, lock).await;
            locker.batch_execute("rollback").await.unwrap();
        }
        locker.batch_execute("begin; select from kept").await.unwrap();
        let waiter = server.superuser().await.unwrap();
        let waiting = waiter.batch_execute("truncate kept");
        let poll = async {
            until_somebody_waits(&server).await;
            check_locked(&server, "a lock that is waited for").await;
            locker.batch_execute("rollback").await.unwrap();
        };
        let (waited, ()) = tokio::join!(waiting, poll);
        waited.unwrap();
    }
}

async fn lock_catalog(server: &Server) -> Client {
    let locker = server.superuser().await.unwrap();
    locker.batch_execute("begin; lock table pg_class in access exclusive mode").await.unwrap();
    locker
}

/// Polls a second time while pg_class is locked, and once more when it is not.
async fn check_catalog_locked(limits: Limits, said: &str) {
    let server = monitored(Server::new(18)).await;
    let planted = Planted::on(&server).await;
    let mut poller = poller_within(&server, limits.clone());
    poller.poll().await.unwrap();
    planted.run(&server, 5).await;
    let locker = lock_catalog(&server).await;
    let began = Instant::now();
    let report = poller.poll().await.unwrap();
    assert!(began.elapsed() < limits.deadline + GRACE, "{:?}", began.elapsed());
    assert_eq!(report.status, Status::Degraded);
    let lines = failures(&report);
    assert!(lines.iter().any(|line| line.contains(said)), "{lines:?}");
    assert_eq!(planted.calls(&report), 5, "the statements need no pg_class: {lines:?}");
    assert!(!view(&report, &statements::VIEW).snapshot.rows.is_empty());
    let busy =
        "select count(*) from pg_stat_activity where application_name = 'pgquerylens' and state = 'active'";
    assert_eq!(locker.query_one(busy, &[]).await.unwrap().get::<_, i64>(0), 0, "nothing of ours goes on");
    locker.batch_execute("rollback").await.unwrap();
    planted.run(&server, 2).await;
    let report = poller.poll().await.unwrap();
    assert_eq!(failures(&report), Vec::<String>::new());
    assert_eq!(statements_window(&report).quality, Quality::Exact);
    assert_eq!(planted.calls(&report), 2);
}

#[tokio::test(flavor = "current_thread")]
async fn a_locked_catalog_costs_the_collectors_that_need_it() {
    check_catalog_locked(Limits::default(), "lock was in the way (lock_timeout)").await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_statement_timeout_costs_its_collector() {
    let limits = Limits {
        statement_timeout: Duration::from_millis(300),
        lock_timeout: Duration::from_secs(60),
        ..Limits::default()
    };
    check_catalog_locked(limits, "longer than statement_timeout").await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_statement_that_outlasts_the_poll_is_cancelled_on_the_server() {
    let limits = Limits {
        statement_timeout: Duration::from_secs(60),
        lock_timeout: Duration::from_secs(60),
        deadline: Duration::from_secs(3),
        ..Limits::default()
    };
    check_catalog_locked(limits, "deadline came first").await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_first_poll_of_a_locked_catalog_ends_within_its_deadline() {
    let server = monitored(Server::new(18)).await;
    let _locker = lock_catalog(&server).await;
    let limits = Limits { deadline: Duration::from_secs(3), ..Limits::default() };
    let began = Instant::now();
    match poller_within(&server, limits.clone()).poll().await {
        Ok(report) => assert_eq!(report.status, Status::Degraded),
        Err(failure) => println!("{failure}"),
    }
    assert!(began.elapsed() < limits.deadline + GRACE, "{:?}", began.elapsed());
}
