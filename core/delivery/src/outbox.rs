//! What waits for an exporter, oldest first and within a budget, over the store beside the state.

use std::collections::VecDeque;

use pgquerylens_engine::state::StoreError;
use pgquerylens_engine::state::codec::{self, Stored};
use pgquerylens_engine::state::outbox::OutboxStore;
use pgquerylens_export::otlp::Counts;
use serde::{Deserialize, Serialize};

use crate::parcel::Parcel;

/// The family of batches of which nothing can be read.
const DAMAGED: &str = "damaged_batches";

/// A batch as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Batch {
    /// The window it is of. A batch of the same window replaces it.
    pub(crate) window_id: String,
    /// What is left of it to send.
    pub(crate) parcels: Vec<Parcel>,
}

impl Stored for Batch {
    const FORMAT: u16 = 2;
}

/// What is known of a batch without reading it.
#[derive(Clone, Debug)]
struct Entry {
    number: u64,
    bytes: usize,
    window_id: String,
    counts: Counts,
}

/// One exporter's outbox for one server.
#[derive(Debug)]
pub(crate) struct Outbox<O> {
    store: O,
    exporter: String,
    budget_bytes: usize,
    entries: VecDeque<Entry>,
    is_loaded: bool,
}

/// What was given up to make room, or because it could not be kept.
#[derive(Debug, Default)]
pub(crate) struct Dropped {
    pub(crate) counts: Vec<Counts>,
    pub(crate) why: Option<String>,
}

impl<O: OutboxStore> Outbox<O> {
    pub(crate) fn new(store: O, exporter: &str, budget_bytes: usize) -> Outbox<O> {
        Outbox {
            store,
            exporter: exporter.to_owned(),
            budget_bytes,
            entries: VecDeque::new(),
            is_loaded: false,
        }
    }

    /// Finds what an earlier process left. A batch that cannot be read is given up.
    pub(crate) async fn load(&mut self) -> Dropped {
        let mut dropped = Dropped::default();
        if self.is_loaded {
            return dropped;
        }
        let waiting = match self.store.waiting(&self.exporter).await {
            Ok(waiting) => waiting,
            Err(error) => return Dropped { why: Some(error.to_string()), ..dropped },
        };
        self.is_loaded = true;
        for found in waiting {
            let (number, bytes) = (found.number, found.bytes);
            let unknown = Entry { number, bytes, window_id: String::new(), counts: Counts::new() };
            match self.read(number).await {
                Ok(Some(batch)) => {
                    let counts = counts(&batch);
                    self.entries.push_back(Entry { window_id: batch.window_id, counts, ..unknown });
                }
                Ok(None) => self.give_up(&damaged(), number, &mut dropped).await,
                // It may be there the next time: its place is kept.
                Err(error) => {
                    dropped.why = Some(error.to_string());
                    self.entries.push_back(unknown);
                }
            }
        }
        dropped
    }

    async fn give_up(&self, counts: &Counts, number: u64, dropped: &mut Dropped) {
        dropped.counts.push(counts.clone());
        dropped.why = Some("a batch in the outbox was damaged".to_owned());
        let _gone = self.store.remove(&self.exporter, number).await;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.entries.iter().map(|entry| entry.bytes).sum()
    }

    /// Keeps a batch behind the others, or in place of the last one if that is of the same window. The oldest give way.
    pub(crate) async fn put(&mut self, batch: &Batch) -> Dropped {
        let last = self.entries.back();
        let same = last.filter(|entry| entry.window_id == batch.window_id).map(|entry| entry.number);
        let number = same.unwrap_or_else(|| last.map_or(0, |entry| entry.number + 1));
        let bytes = codec::encode(batch);
        let mut dropped = Dropped::default();
        if !self.is_loaded {
            // A number that is taken would cost the batch that has it.
            dropped.counts.push(counts(batch));
            return dropped;
        }
        if bytes.len() > self.budget_bytes {
            dropped.counts.push(counts(batch));
            dropped.why = Some(format!("a batch of {} bytes is larger than the outbox", bytes.len()));
            return dropped;
        }
        if let Err(error) = self.store.put(&self.exporter, number, &bytes).await {
            dropped.counts.push(counts(batch));
            dropped.why = Some(error.to_string());
            return dropped;
        }
        self.entries.retain(|entry| entry.number != number);
        let window_id = batch.window_id.clone();
        self.entries.push_back(Entry { number, bytes: bytes.len(), window_id, counts: counts(batch) });
        self.make_room(&mut dropped).await;
        dropped
    }

    async fn make_room(&mut self, dropped: &mut Dropped) {
        while self.bytes() > self.budget_bytes {
            let Some(oldest) = self.entries.pop_front() else { return };
            let _gone = self.store.remove(&self.exporter, oldest.number).await;
            dropped.counts.push(oldest.counts);
            dropped.why = Some("the outbox is full: the oldest batches were given up".to_owned());
        }
    }

    /// Returns the oldest batch that can be read. One that is damaged is given up; where the store fails nothing is.
    pub(crate) async fn oldest(&mut self, dropped: &mut Dropped) -> Option<Batch> {
        loop {
            let number = self.entries.front()?.number;
            match self.read(number).await {
                Ok(Some(batch)) => return Some(batch),
                Ok(None) => {
                    let entry = self.entries.pop_front()?;
                    let counts = if entry.counts.is_empty() { damaged() } else { entry.counts };
                    self.give_up(&counts, number, dropped).await;
                }
                Err(error) => {
                    dropped.why = Some(error.to_string());
                    return None;
                }
            }
        }
    }

    /// Removes the oldest batch: it was answered.
    pub(crate) async fn remove_oldest(&mut self) {
        if let Some(oldest) = self.entries.pop_front() {
            let _gone = self.store.remove(&self.exporter, oldest.number).await;
        }
    }

    /// Keeps what is left of the oldest batch.
    pub(crate) async fn shorten_oldest(&mut self, batch: &Batch) {
        let Some(oldest) = self.entries.front_mut() else { return };
        let bytes = codec::encode(batch);
        // The longer one stays where the shorter one cannot be written: what is sent twice is the same.
        if self.store.put(&self.exporter, oldest.number, &bytes).await.is_ok() {
            oldest.bytes = bytes.len();
            oldest.counts = counts(batch);
        }
    }

    /// Returns nothing for a batch that is gone or not what we wrote.
    async fn read(&self, number: u64) -> Result<Option<Batch>, StoreError> {
        let bytes = self.store.batch(&self.exporter, number).await?;
        Ok(bytes.and_then(|bytes| codec::decode(&bytes).ok()))
    }
}

/// What is counted of a batch of which nothing can be read.
fn damaged() -> Counts {
    Counts::from([(DAMAGED.to_owned(), 1)])
}

fn counts(batch: &Batch) -> Counts {
    let mut counts = Counts::new();
    for (family, count) in batch.parcels.iter().flat_map(|parcel| &parcel.counts) {
        *counts.entry(family.clone()).or_default() += count;
    }
    counts
}

#[cfg(test)]
mod tests;
