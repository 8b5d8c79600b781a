//! A server that fails rests, and so does a view that takes too long; both are remembered by the state, so that the
//! next invocation knows. A clock is handed in: nobody waits here.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::time::Duration;

use pgquerylens_engine::deliver::Nobody;
use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::outside::Unobserved;
use pgquerylens_engine::poll::{PollFailure, PollOptions};
use pgquerylens_live::faults::Kept;
use pgquerylens_live::{monitored, options};
use pgquerylens_model::report::Outcome;
use pgquerylens_model::time::Timestamp;
use pgquerylens_sandbox::{Server, Shutdown, newest, roles};

/// Seconds after some moment.
fn at(second: i64) -> Option<Timestamp> {
    Some(Timestamp(1_800_000_000_000_000 + second * 1_000_000))
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_that_fails_rests_over_invocations_and_one_success_ends_it() {
    let mut server = monitored(Server::new(newest())).await;
    let url = server.url(roles::MONITOR, "postgres");
    let kept = Kept::new();
    let invoke = async |second: i64| {
        kept.poller(&url, options()).poll_for(&mut Nobody, &mut Unobserved, at(second)).await
    };
    invoke(0).await.unwrap();
    server.stop(Shutdown::Fast).await.unwrap();
    for second in [60, 120, 180] {
        assert!(matches!(invoke(second).await, Err(PollFailure::Connect(_))), "at {second} s it is tried");
    }
    let Err(PollFailure::Resting { until, failures }) = invoke(200).await else {
        panic!("after three failures it rests")
    };
    assert_eq!((Some(until), failures), (at(240), 3));
    server.start_again().await.unwrap();
    assert!(
        matches!(invoke(239).await, Err(PollFailure::Resting { .. })),
        "it rests although the server is back"
    );
    invoke(240).await.unwrap();
    server.stop(Shutdown::Fast).await.unwrap();
    assert!(matches!(invoke(300).await, Err(PollFailure::Connect(_))), "the count began anew");
    assert!(matches!(invoke(301).await, Err(PollFailure::Connect(_))));
}

#[tokio::test(flavor = "current_thread")]
async fn a_person_who_asks_is_never_told_to_wait() {
    let kept = Kept::new();
    for _ in 0..5 {
        let polled = kept.poller("postgresql://pgquerylens@127.0.0.1:1/postgres", options()).poll().await;
        assert!(matches!(polled, Err(PollFailure::Connect(_))));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_view_that_runs_out_of_time_rests_alone() {
    let server = monitored(Server::new(newest())).await;
    let holder = server.superuser().await.unwrap();
    // A view that waits for a lock, here longer than a statement may take.
    let limits = Limits {
        statement_timeout: Duration::from_millis(300),
        lock_timeout: Duration::from_secs(20),
        ..Limits::default()
    };
    let steady = PollOptions { limits, all_due: false, top: 20, ..options() };
    let kept = Kept::new();
    let url = server.url(roles::MONITOR, "postgres");
    kept.poller(&url, steady.clone()).poll().await.unwrap();
    holder.batch_execute("begin; lock table pg_catalog.pg_sequence in access exclusive mode").await.unwrap();
    let hurried = PollOptions { all_due: true, ..steady.clone() };
    let report = kept.poller(&url, hurried).poll().await.unwrap();
    let failed: Vec<&str> = report
        .collectors
        .iter()
        .filter(|line| matches!(line.outcome, Outcome::Failed { .. }))
        .map(|line| line.view)
        .collect();
    assert_eq!(failed, ["pg_sequences"], "the lock is in the way of one view alone");
    let report = kept.poller(&url, steady).poll().await.unwrap();
    let resting: Vec<&str> = report
        .collectors
        .iter()
        .filter(|line| matches!(line.outcome, Outcome::Resting { .. }))
        .map(|line| line.view)
        .collect();
    assert_eq!(resting, ["pg_sequences"]);
}
