//! What a store does when the one it talks to is busy, or says something else than what it did.

use std::path::Path;

use pgquerylens_engine::state::refusal::RefusalKind;
use pgquerylens_engine::state::{ObjectName, StateStore, StoreError, Version};
use pgquerylens_sandbox::gcs_double::Fault::{DoneButAnswered, Refused};
use pgquerylens_sandbox::gcs_double::{Fault, GcsDouble};
use pgquerylens_store::access::{Access, GcsAccess, GcsCredentials};
use pgquerylens_store::store::Store;
use pgquerylens_stores::places::open;

async fn place(double: &GcsDouble, folder: &Path) -> Store {
    let file = folder.join("credentials.json");
    std::fs::write(&file, double.credentials()).expect("the folder is ours");
    let gcs = GcsAccess { credentials: Some(GcsCredentials::File(file)) };
    open("gs://states/shop", &Access { gcs, ..Access::default() }).whole()
}

/// Commits over an object while these faults happen. Returns how that ended, and what was asked besides.
async fn check(faults: &[Fault]) -> (Result<Version, StoreError>, Vec<String>, Vec<u8>) {
    let double = GcsDouble::start("states").await.expect("a port is free");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let store = place(&double, folder.path()).await;
    let first = store.commit(ObjectName::Baseline, b"old", None).await.expect("nothing fails yet");
    double.fail_writes(faults);
    let committed = store.commit(ObjectName::Baseline, b"new", Some(&first)).await;
    let asked = double.requests().into_iter().skip(1).map(|line| line.replace("states/shop/baseline ", ""));
    let asked = asked.collect();
    let object = store.read(ObjectName::Baseline).await.expect("reads never fail").expect("it is there");
    if let Ok(version) = &committed {
        assert_eq!(version, &object.version);
        store.commit(ObjectName::Baseline, b"next", Some(version)).await.expect("the version is good");
    }
    (committed, asked, object.bytes)
}

#[tokio::test]
async fn a_busy_store_is_asked_again() {
    let (committed, asked, bytes) = check(&[Refused(503), Refused(503)]).await;
    assert!(committed.is_ok());
    assert_eq!((asked, bytes), (vec!["PUT 503".into(), "PUT 503".into(), "PUT 200".into()], b"new".to_vec()));
}

#[tokio::test]
async fn a_store_that_stays_busy_is_given_up_and_keeps_what_it_had() {
    let (committed, asked, bytes) = check(&[Refused(503); 4]).await;
    let Err(StoreError::Refused { action, object, source }) = committed else {
        unreachable!("{committed:?}")
    };
    assert_eq!(
        (action, object.as_str(), source.kind),
        ("write", "gs://states/shop/baseline", RefusalKind::Busy)
    );
    // Nobody knows after the last answer, so it is looked whether the commit was done after all.
    assert_eq!(asked, ["PUT 503", "PUT 503", "PUT 503", "PUT 503", "GET 200"]);
    assert_eq!(bytes, b"old");
}

#[tokio::test]
async fn a_commit_that_was_done_and_answered_as_busy_is_won() {
    let (committed, asked, bytes) = check(&[DoneButAnswered(503)]).await;
    assert!(committed.is_ok(), "{committed:?}");
    // The second request is refused because the first was done.
    assert_eq!(asked, ["PUT 503", "PUT 412", "GET 200"]);
    assert_eq!(bytes, b"new");
}

#[tokio::test]
async fn a_commit_that_was_done_and_answered_as_a_conflict_is_won() {
    let (committed, asked, bytes) = check(&[DoneButAnswered(409)]).await;
    assert!(committed.is_ok(), "{committed:?}");
    assert_eq!((asked, bytes), (vec!["PUT 409".into(), "GET 200".into()], b"new".to_vec()));
}

#[tokio::test]
async fn a_commit_that_was_done_while_every_answer_failed_is_won() {
    let (committed, asked, bytes) =
        check(&[Refused(503), DoneButAnswered(500), Refused(503), Refused(503)]).await;
    assert!(committed.is_ok(), "{committed:?}");
    assert_eq!(asked, ["PUT 503", "PUT 500", "PUT 503", "PUT 503", "GET 200"]);
    assert_eq!(bytes, b"new");
}

#[tokio::test]
async fn a_conflict_is_one_where_nothing_was_done() {
    for status in [409, 412] {
        let (committed, _, bytes) = check(&[Refused(status)]).await;
        assert!(matches!(committed, Err(StoreError::Conflict)), "{committed:?}");
        assert_eq!(bytes, b"old");
    }
}
