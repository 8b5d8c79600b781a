//! Batches that wait for an exporter, kept beside the state so that they outlive the process as the state does.
//!
//! Nothing here is compared and swapped: of one server only the poll that holds its state puts and removes.

use super::StoreError;

/// A batch that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its number; a higher one is younger.
    pub number: u64,
    /// Its size.
    pub bytes: usize,
}

/// Keeps the batches of one server. Every implementation passes the contract suite below.
pub trait OutboxStore {
    /// Returns what waits for an exporter, the oldest first.
    fn waiting(&self, exporter: &str) -> impl Future<Output = Result<Vec<Waiting>, StoreError>> + Send;

    /// Returns a batch, or nothing if it is not there.
    fn batch(
        &self,
        exporter: &str,
        number: u64,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// Keeps a batch, in place of one with the same number. A failure leaves the old one or none, never half of one.
    fn put(
        &self,
        exporter: &str,
        number: u64,
        bytes: &[u8],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes a batch; one that is not there is removed already.
    fn remove(&self, exporter: &str, number: u64) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl<T: OutboxStore + Send + Sync> OutboxStore for std::sync::Arc<T> {
    fn waiting(&self, exporter: &str) -> impl Future<Output = Result<Vec<Waiting>, StoreError>> + Send {
        T::waiting(self, exporter)
    }

    fn batch(
        &self,
        exporter: &str,
        number: u64,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send {
        T::batch(self, exporter, number)
    }

    fn put(
        &self,
        exporter: &str,
        number: u64,
        bytes: &[u8],
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        T::put(self, exporter, number, bytes)
    }

    fn remove(&self, exporter: &str, number: u64) -> impl Future<Output = Result<(), StoreError>> + Send {
        T::remove(self, exporter, number)
    }
}

/// The contract of [`OutboxStore`], run by every implementation's tests.
#[cfg(test)]
pub(crate) mod contract {
    use super::OutboxStore;

    pub(crate) async fn check(store: &impl OutboxStore) {
        let numbers = async |exporter: &str| {
            let waiting = store.waiting(exporter).await.unwrap();
            waiting.iter().map(|waiting| (waiting.number, waiting.bytes)).collect::<Vec<_>>()
        };
        assert_eq!(numbers("otel").await, []);
        for (number, bytes) in [(10, &b"ten"[..]), (9, b"nine"), (100, b"hundred")] {
            store.put("otel", number, bytes).await.unwrap();
        }
        assert_eq!(numbers("otel").await, [(9, 4), (10, 3), (100, 7)], "the oldest first, by number");
        store.put("otel", 10, b"again").await.unwrap();
        assert_eq!(store.batch("otel", 10).await.unwrap().as_deref(), Some(&b"again"[..]));
        assert_eq!(store.batch("otel", 11).await.unwrap(), None);
        store.remove("otel", 9).await.unwrap();
        store.remove("otel", 9).await.unwrap();
        assert_eq!(numbers("otel").await, [(10, 5), (100, 7)]);
        for other in ["../otel", "OTEL", "a/b", ".", "\u{e9}\n"] {
            assert_eq!(numbers(other).await, [], "{other:?} is another exporter");
            store.put(other, 1, b"x").await.unwrap();
            assert_eq!(numbers(other).await, [(1, 1)], "{other:?}");
        }
        assert_eq!(numbers("otel").await, [(10, 5), (100, 7)]);
    }
}
