//! One lane over a file that can be written or not: what is sent at once, what waits, in which order it goes, and what
//! is given up.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pgquerylens_engine::state::file::FileStore;
use pgquerylens_export::example;
use tempfile::TempDir;

use super::*;
use crate::lines::{Format, Lines, Target};
use crate::parcel::ParcelKind;

/// How long a lane is given to send what waits; its own pause is a second.
const PATIENT: Duration = Duration::from_secs(20);

/// A lane whose file lies in a folder that is not there yet, and the folder of its outbox.
struct Scene {
    folder: TempDir,
    outbox_bytes: usize,
}

impl Scene {
    fn new(outbox_bytes: usize) -> Scene {
        Scene { folder: tempfile::tempdir().unwrap(), outbox_bytes }
    }

    fn lane(&self) -> Lane<FileStore> {
        let lines =
            Lines::new("lines".to_owned(), Target::File(self.file()), Format::Document, self.outbox_bytes);
        Lane::new(Arc::new(Exporter::Lines(lines)), FileStore::new(self.folder.path().join("state")))
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("out/lines")
    }

    /// The receiver takes lines from now on.
    fn open(&self) {
        fs::create_dir(self.file().parent().unwrap()).unwrap();
    }

    /// The windows that were received, in order.
    fn received(&self) -> Vec<String> {
        let text = fs::read_to_string(self.file()).unwrap_or_default();
        let id = |line: &str| {
            let document: serde_json::Value = serde_json::from_str(line).unwrap();
            document["window_id"].as_str().unwrap().to_owned()
        };
        text.lines().map(id).collect()
    }
}

async fn offer<O: OutboxStore>(lane: &mut Lane<O>, window_id: &str) -> DeliveryReport {
    let report = PollReport { window_id: window_id.to_owned(), ..example::report() };
    lane.offer(&report, &Origin::default()).await
}

/// Drains until nothing waits.
async fn drain_all<O: OutboxStore>(lane: &mut Lane<O>) -> u64 {
    let end = Instant::now() + PATIENT;
    let mut accepted = 0;
    loop {
        let account = lane.drain(end).await;
        accepted += account.total().accepted;
        if account.outbox_entries == 0 || Instant::now() > end {
            return accepted;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn batches(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join("state/outbox/lines")).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_taken_at_once_never_waits() {
    let scene = Scene::new(1 << 20);
    scene.open();
    let account = offer(&mut scene.lane(), "a-0").await;
    assert_eq!((account.total().accepted, account.outbox_entries, account.trouble), (1, 0, None));
    assert_eq!(scene.received(), ["a-0"]);
    assert_eq!(batches(scene.folder.path()), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "current_thread")]
async fn what_waits_goes_first_and_in_order_even_in_another_process() {
    let scene = Scene::new(1 << 20);
    let mut lane = scene.lane();
    for (place, window) in ["a-0", "a-1", "a-2"].iter().enumerate() {
        let account = offer(&mut lane, window).await;
        assert_eq!((account.total().accepted, account.outbox_entries), (0, place + 1));
    }
    scene.open();
    let mut lane = scene.lane();
    let account = offer(&mut lane, "a-3").await;
    assert_eq!(account.outbox_entries, 4, "it stands behind those that wait");
    assert_eq!(drain_all(&mut lane).await, 4);
    assert_eq!(scene.received(), ["a-0", "a-1", "a-2", "a-3"]);
}

#[tokio::test(flavor = "current_thread")]
async fn a_batch_of_the_same_window_takes_the_place_of_the_one_that_waits() {
    let scene = Scene::new(1 << 20);
    let mut lane = scene.lane();
    for window in ["a-0", "a-1", "a-1"] {
        offer(&mut lane, window).await;
    }
    scene.open();
    drain_all(&mut lane).await;
    assert_eq!(scene.received(), ["a-0", "a-1"]);
}

#[tokio::test(flavor = "current_thread")]
async fn a_full_outbox_gives_the_oldest_up_and_counts_it() {
    let one = Scene::new(1 << 20);
    let bytes = offer(&mut one.lane(), "a-0").await.outbox_bytes;
    let scene = Scene::new(bytes * 5 / 2);
    let mut lane = scene.lane();
    let mut dropped = 0;
    for window in ["a-0", "a-1", "a-2", "a-3"] {
        dropped += offer(&mut lane, window).await.families.get("documents").map_or(0, |count| count.dropped);
    }
    assert_eq!(dropped, 2);
    scene.open();
    drain_all(&mut lane).await;
    assert_eq!(scene.received(), ["a-2", "a-3"]);
}

#[tokio::test(flavor = "current_thread")]
async fn a_batch_larger_than_the_outbox_is_given_up_at_once() {
    let account = offer(&mut Scene::new(10).lane(), "a-0").await;
    assert_eq!((account.total().dropped, account.outbox_entries), (1, 0));
    assert!(account.trouble.unwrap().contains("larger than the outbox"));
}

#[tokio::test(flavor = "current_thread")]
async fn a_damaged_batch_costs_itself_alone() {
    let scene = Scene::new(1 << 20);
    let mut lane = scene.lane();
    for window in ["a-0", "a-1"] {
        offer(&mut lane, window).await;
    }
    let mut files = batches(scene.folder.path());
    files.sort();
    fs::write(&files[0], b"damaged").unwrap();
    scene.open();
    let mut lane = scene.lane();
    drain_all(&mut lane).await;
    assert_eq!(scene.received(), ["a-1"]);
}

#[tokio::test(flavor = "current_thread")]
async fn a_lane_that_is_off_sends_nothing_and_keeps_what_waits() {
    let scene = Scene::new(1 << 20);
    let mut lane = scene.lane();
    offer(&mut lane, "a-0").await;
    scene.open();
    lane.set_off(true);
    let accounts = [offer(&mut lane, "a-1").await, lane.drain(Instant::now() + PATIENT).await];
    assert_eq!(accounts.map(|account| (account.outbox_entries, account.trouble)), [(1, None), (1, None)]);
    lane.set_off(false);
    drain_all(&mut lane).await;
    assert_eq!(scene.received(), ["a-0"]);
}

#[test]
fn points_that_are_rejected_in_part_are_counted_once_whatever_number_is_said() {
    let parcel = Parcel {
        kind: ParcelKind::Lines,
        bytes: Vec::new(),
        counts: Counts::from([("pg_stat_wal".to_owned(), 6), ("pg_stat_io".to_owned(), 4)]),
    };
    for (said, rejected) in [(3, 3), (0, 0), (10, 10), (i64::MAX as u64, 10)] {
        let mut account = DeliveryReport::default();
        for _ in 0..3 {
            note(&mut account, &parcel, &Delivery::Partial { rejected: said, why: "too old".to_owned() });
        }
        let total = account.total();
        assert_eq!((total.accepted, total.rejected), (3 * (10 - rejected), 3 * rejected));
    }
}
