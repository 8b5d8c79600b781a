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

/// Returns the name of an exporter as a segment of a path: what could mean something there is written as %XX, so that two
/// names are two segments.
pub fn segment(exporter: &str) -> String {
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-' || letter == b'_';
    exporter
        .bytes()
        .map(|letter| if plain(letter) { char::from(letter).to_string() } else { format!("%{letter:02x}") })
        .collect()
}

/// Returns a batch's number as a segment of a path, with as many digits as 64 bits need: the order of names is theirs.
pub fn number_segment(number: u64) -> String {
    format!("{number:020}")
}

/// Keeps the batches of one server. Every implementation passes the contract suite in `integration/stores`.
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
