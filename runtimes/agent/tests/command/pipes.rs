//! What is written into a pipe: documents a line each, and a quiet end when nobody reads any more.

use crate::program::{Running, pgquerylens, run};
use crate::stage::{monitored, until_backends_are, url};

#[tokio::test(flavor = "current_thread")]
async fn a_document_takes_one_line() {
    let server = monitored().await;
    let polls = ["poll", &url(&server), "--every", "200ms", "--polls", "3", "--format", "json"];
    let ended = run(&polls);
    assert_eq!((ended.code, ended.complaints()), (Some(0), vec![]));
    assert!(ended.stdout.ends_with('\n'));
    let documents = ended.documents();
    assert_eq!(documents.len(), 3);
    assert!(documents.iter().all(|document| document["schema"] == "pgquerylens.poll/1"));
    let qualities: Vec<&str> =
        documents.iter().filter_map(|document| document["window"]["quality"].as_str()).collect();
    assert_eq!(qualities, ["gap", "exact", "exact"], "nothing comes before the first poll");
}

#[tokio::test(flavor = "current_thread")]
async fn a_reader_that_has_had_enough_ends_the_polls_quietly() {
    let server = monitored().await;
    let admin = server.superuser().await.unwrap();
    for format in ["json", "table"] {
        let polls = ["poll", &url(&server), "--every", "200ms", "--format", format];
        let mut polling = Running::start(pgquerylens(&polls));
        assert_ne!(polling.line(), "");
        polling.close_stdout();
        let ended = polling.ended();
        assert_eq!((ended.code, ended.complaints()), (Some(0), vec![]), "{format}");
        until_backends_are(&admin, &[]).await;
    }
}

#[test]
fn a_page_that_nobody_reads_is_no_failure() {
    for page in [&["--help"][..], &["sql", "--pg", "18"], &["man"], &["completions", "bash"], &["version"]] {
        let mut writing = Running::start(pgquerylens(page));
        writing.close_stdout();
        let ended = writing.ended();
        assert_eq!((ended.code, ended.complaints()), (Some(0), vec![]), "{page:?}");
    }
}
