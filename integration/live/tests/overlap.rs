//! One poll at a time uses a state, by an advisory lock on the server: on every major, on a standby, and never behind a
//! pooler, where a session that is handed on would keep the lock for nobody.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use pgquerylens_engine::poll::{LockKey, PollFailure, PollOptions};
use pgquerylens_live::faults::Kept;
use pgquerylens_live::{monitored, options};
use pgquerylens_sandbox::pooler::{Pooler, StartupOptions};
use pgquerylens_sandbox::{Server, majors, newest, roles};

fn alone() -> PollOptions {
    PollOptions { single_flight: Some(LockKey::of("s3://states/prod/shop")), ..options() }
}

/// Polls with one poller while another holds the lock, then without it.
async fn check(url: &str) {
    let (first, second, other) = (Kept::new(), Kept::new(), Kept::new());
    let mut holder = first.poller(url, alone());
    holder.poll().await.unwrap();
    let before = second.contents();
    let overlapped = second.poller(url, alone()).poll().await;
    assert!(matches!(overlapped, Err(PollFailure::Overlapped)), "{url}");
    assert_eq!(second.contents(), before, "whoever does not poll leaves the state alone");
    let elsewhere = PollOptions { single_flight: Some(LockKey::of("s3://states/prod/blog")), ..options() };
    other.poller(url, elsewhere).poll().await.unwrap();
    holder.poll().await.unwrap();
    holder.part();
    let freed = async {
        while let Err(PollFailure::Overlapped) = second.poller(url, alone()).poll().await {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), freed)
        .await
        .expect("the lock ends with its connection");
}

#[tokio::test(flavor = "current_thread")]
async fn one_of_two_polls_on_every_major() {
    for major in majors() {
        let server = monitored(Server::new(major)).await;
        check(&server.url(roles::MONITOR, "postgres")).await;
        assert_eq!(locks(&server).await, 0, "PostgreSQL {major}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn one_of_two_polls_on_a_standby() {
    let server = monitored(Server::new(newest())).await;
    let standby = server.standby().await.unwrap();
    server.caught_up(&standby).await.unwrap();
    check(&standby.url(roles::MONITOR, "postgres")).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_pooler_is_asked_for_no_lock() {
    if !Pooler::is_installed() {
        panic!("pgbouncer is not installed: run `make setup`");
    }
    for way in [StartupOptions::Refused, StartupOptions::Ignored] {
        let server = monitored(Server::new(newest())).await;
        let pooler = Pooler::start(&server, way).await.unwrap();
        let url = pooler.url(roles::MONITOR, "postgres");
        let (first, second) = (Kept::new(), Kept::new());
        let mut holder = first.poller(&url, alone());
        holder.poll().await.unwrap();
        second.poller(&url, alone()).poll().await.unwrap();
        assert_eq!(locks(&server).await, 0, "{way:?}");
    }
}

async fn locks(server: &Server) -> i64 {
    let admin = server.superuser().await.unwrap();
    let count = "select count(*) from pg_locks where locktype = 'advisory'";
    // A backend whose client is gone ends a moment later.
    for _ in 0..200 {
        if admin.query_one(count, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            return 0;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    admin.query_one(count, &[]).await.unwrap().get(0)
}
