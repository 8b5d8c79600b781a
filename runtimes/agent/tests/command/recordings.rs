//! A recording says what the live polls said: a workload with known counts between two recorded polls is in the
//! replayed windows exactly.

use pgquerylens_sandbox::workload::known;
use rustix::process::Signal;
use serde_json::Value;

use crate::program::{Running, pgquerylens, run};
use crate::stage::{monitored, url};

#[tokio::test(flavor = "current_thread")]
async fn a_recording_replays_the_exact_windows_of_what_was_recorded() {
    let server = monitored().await;
    let admin = server.superuser().await.unwrap();
    known::prepare(&admin).await.unwrap();
    known::run(&admin, 1).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().to_str().unwrap();
    let polls = ["record", &url(&server), name, "--every", "400ms", "--polls", "1000"];
    let mut recording = Running::start(pgquerylens(&polls));
    wait_for_polls(&mut recording, 1);
    let truth = known::run(&admin, 23).await.unwrap();
    // One may have begun before the workload ended; the second one has not.
    wait_for_polls(&mut recording, 2);
    recording.signal(Signal::INT);
    assert_eq!(recording.ended().code, Some(0));

    let replayed = run(&["poll", "--replay", name, "--format", "json", "--top", "1000"]);
    assert_eq!(replayed.code, Some(0), "{}", replayed.stderr);
    let documents = replayed.documents();
    assert!(documents.len() >= 3, "{} polls", documents.len());
    for document in &documents[1..] {
        assert_eq!(document["window"]["quality"], "exact");
    }
    for known in truth {
        let sum = |field: &str| documents[1..].iter().map(|document| of(document, known.label, field)).sum();
        let sums: (u64, u64) = (sum("calls"), sum("rows"));
        assert_eq!(sums, (known.calls, known.rows), "{}", known.label);
    }
}

fn wait_for_polls(recording: &mut Running, count: usize) {
    for _ in 0..count {
        let said = recording.said();
        assert!(said.starts_with("wrote "), "{said}");
    }
}

/// Sums a counter over the statements whose text has this word.
fn of(document: &Value, word: &str, field: &str) -> u64 {
    let named = document["statements"]["top"].as_array().unwrap();
    let has_word = |named: &&Value| named["query"].as_str().is_some_and(|query| query.contains(word));
    named.iter().filter(has_word).map(|named| named[field].as_u64().unwrap()).sum()
}
