//! What becomes of batches when the store fails or is full.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_engine::state::outbox::Waiting;

use super::*;
use crate::parcel::ParcelKind;

const EXPORTER: &str = "otel";

/// A store that fails while it is told to.
#[derive(Clone, Debug, Default)]
struct Moody {
    inner: Arc<MemoryStore>,
    fails: Arc<AtomicBool>,
}

impl Moody {
    fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::Relaxed);
    }

    fn mood(&self) -> Result<(), StoreError> {
        match self.fails.load(Ordering::Relaxed) {
            true => Err(StoreError::Io {
                action: "use the outbox",
                path: "outbox".into(),
                source: std::io::Error::other("moody"),
            }),
            false => Ok(()),
        }
    }
}

impl OutboxStore for Moody {
    async fn waiting(&self, exporter: &str) -> Result<Vec<Waiting>, StoreError> {
        self.mood()?;
        self.inner.waiting(exporter).await
    }

    async fn batch(&self, exporter: &str, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.mood()?;
        self.inner.batch(exporter, number).await
    }

    async fn put(&self, exporter: &str, number: u64, bytes: &[u8]) -> Result<(), StoreError> {
        self.mood()?;
        self.inner.put(exporter, number, bytes).await
    }

    async fn remove(&self, exporter: &str, number: u64) -> Result<(), StoreError> {
        self.mood()?;
        self.inner.remove(exporter, number).await
    }
}

/// A batch that no compression makes smaller.
fn batch(window_id: &str, family: &str, bytes: usize) -> Batch {
    let noise = std::iter::successors(Some(0x9e37_79b9_7f4a_7c15u64), |state| {
        let state = state ^ (state << 13);
        let state = state ^ (state >> 7);
        Some(state ^ (state << 17))
    });
    let noise = noise.take(bytes).map(|state| (state >> 32) as u8);
    let counts = Counts::from([(family.to_owned(), 3)]);
    let parcel = Parcel { kind: ParcelKind::Lines, bytes: noise.collect(), counts };
    Batch { window_id: window_id.to_owned(), parcels: vec![parcel] }
}

async fn opened(store: &Moody, budget_bytes: usize) -> Outbox<Moody> {
    let mut outbox = Outbox::new(store.clone(), EXPORTER, budget_bytes);
    outbox.load().await;
    outbox
}

async fn next(outbox: &mut Outbox<Moody>) -> (Option<String>, Dropped) {
    let mut dropped = Dropped::default();
    let batch = outbox.oldest(&mut dropped).await;
    (batch.map(|batch| batch.window_id), dropped)
}

fn counted(dropped: &Dropped) -> Vec<(&str, u64)> {
    dropped.counts.iter().flatten().map(|(family, count)| (family.as_str(), *count)).collect()
}

#[tokio::test(flavor = "current_thread")]
async fn what_an_earlier_process_left_comes_first() {
    let store = Moody::default();
    opened(&store, 1 << 20).await.put(&batch("a", "f", 10)).await;
    let mut outbox = opened(&store, 1 << 20).await;
    outbox.put(&batch("b", "f", 10)).await;
    assert_eq!((outbox.len(), next(&mut outbox).await.0), (2, Some("a".to_owned())));
    outbox.remove_oldest().await;
    assert_eq!(next(&mut outbox).await.0, Some("b".to_owned()));
}

#[tokio::test(flavor = "current_thread")]
async fn the_same_window_replaces_what_waits_of_it() {
    let mut outbox = opened(&Moody::default(), 1 << 20).await;
    for (window, family) in [("a", "first"), ("b", "first"), ("b", "second")] {
        outbox.put(&batch(window, family, 10)).await;
    }
    assert_eq!(outbox.len(), 2);
    outbox.remove_oldest().await;
    let kept = outbox.oldest(&mut Dropped::default()).await.unwrap();
    assert_eq!(kept.parcels[0].counts, Counts::from([("second".to_owned(), 3)]));
}

#[tokio::test(flavor = "current_thread")]
async fn over_the_budget_the_oldest_give_way_and_are_counted() {
    let mut outbox = opened(&Moody::default(), 5_000).await;
    assert_eq!(counted(&outbox.put(&batch("a", "old", 2_000)).await), []);
    assert_eq!(counted(&outbox.put(&batch("b", "newer", 2_000)).await), []);
    assert_eq!(counted(&outbox.put(&batch("c", "newest", 2_000)).await), [("old", 3)]);
    assert_eq!(next(&mut outbox).await.0, Some("b".to_owned()));
    assert_eq!(counted(&outbox.put(&batch("d", "huge", 6_000)).await), [("huge", 3)]);
    assert_eq!(outbox.len(), 2, "a batch that fits nowhere costs no other");
}

#[tokio::test(flavor = "current_thread")]
async fn a_store_that_fails_for_a_while_costs_nothing_that_waits() {
    let store = Moody::default();
    let mut outbox = opened(&store, 1 << 20).await;
    outbox.put(&batch("a", "f", 10)).await;
    store.fail(true);
    let (found, dropped) = next(&mut outbox).await;
    assert_eq!((found, counted(&dropped), dropped.why.is_some()), (None, vec![], true));
    store.fail(false);
    assert_eq!(next(&mut outbox).await.0, Some("a".to_owned()));
}

#[tokio::test(flavor = "current_thread")]
async fn an_outbox_that_was_not_read_yet_overwrites_nothing() {
    let store = Moody::default();
    opened(&store, 1 << 20).await.put(&batch("a", "f", 10)).await;
    store.fail(true);
    let mut outbox = opened(&store, 1 << 20).await;
    store.fail(false);
    assert_eq!(counted(&outbox.put(&batch("b", "g", 10)).await), [("g", 3)]);
    assert_eq!(counted(&outbox.load().await), []);
    assert_eq!(next(&mut outbox).await.0, Some("a".to_owned()));
}

#[tokio::test(flavor = "current_thread")]
async fn a_damaged_batch_is_counted_and_the_next_is_found() {
    let store = Moody::default();
    let mut outbox = opened(&store, 1 << 20).await;
    for window in ["a", "b"] {
        outbox.put(&batch(window, "f", 10)).await;
    }
    store.inner.put(EXPORTER, 0, b"damaged").await.unwrap();
    let (found, dropped) = next(&mut outbox).await;
    assert_eq!((found.as_deref(), counted(&dropped)), (Some("b"), vec![("f", 3)]));
    store.inner.put(EXPORTER, 1, b"damaged").await.unwrap();
    let mut later = Outbox::new(store, EXPORTER, 1 << 20);
    assert_eq!(counted(&later.load().await), [(DAMAGED, 1)]);
    assert!(later.is_empty());
}
