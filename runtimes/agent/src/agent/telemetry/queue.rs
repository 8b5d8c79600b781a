//! Spans that wait to be sent. There is a limit to them: a receiver that is away costs spans, never memory.

use std::cell::{Cell, RefCell};

use opentelemetry_sdk::trace::SpanData;
use tokio::sync::Notify;

/// The most spans that wait; what comes then is dropped and counted.
const MAX_WAITING: usize = 8_192;
/// The most spans of one message. So many do not wait for the next tick.
pub(super) const MAX_BATCH: usize = 512;

/// Spans in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: RefCell<Vec<SpanData>>,
    dropped: Cell<u64>,
    enough: Notify,
}

impl Queue {
    /// Adds spans as far as there is room.
    pub(super) fn add(&self, spans: Vec<SpanData>) {
        let mut waiting = self.waiting.borrow_mut();
        let room = MAX_WAITING - waiting.len();
        self.drop_spans(spans.len().saturating_sub(room));
        waiting.extend(spans.into_iter().take(room));
        if waiting.len() >= MAX_BATCH {
            self.enough.notify_one();
        }
    }

    /// Takes the oldest out, as many as a message has.
    pub(super) fn take_batch(&self) -> Vec<SpanData> {
        let mut waiting = self.waiting.borrow_mut();
        let count = waiting.len().min(MAX_BATCH);
        waiting.drain(..count).collect()
    }

    /// Counts spans that are given up.
    pub(super) fn drop_spans(&self, count: usize) {
        self.dropped.set(self.dropped.get() + count as u64);
    }

    /// Returns how many were given up so far.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.get()
    }

    /// Waits until there are enough for a message.
    pub(super) async fn has_enough(&self) {
        self.enough.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::super::spans::example;
    use super::*;

    #[test]
    fn what_has_no_room_is_dropped_and_counted() {
        let queue = Queue::default();
        for _ in 0..MAX_WAITING / MAX_BATCH {
            queue.add(example(MAX_BATCH));
        }
        assert_eq!(queue.dropped(), 0);
        queue.add(example(3));
        assert_eq!(queue.dropped(), 3);
        assert_eq!(queue.take_batch().len(), MAX_BATCH);
        queue.add(example(3));
        assert_eq!(queue.dropped(), 3);
    }
}
