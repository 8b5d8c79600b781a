//! A state store that notes how many bytes each object had when it was last committed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pgquerylens_engine::state::{Object, ObjectName, StateStore, StoreError, Version};

/// Bytes of the two objects.
#[derive(Debug, Default)]
pub(super) struct Weights {
    baseline: AtomicU64,
    dictionary: AtomicU64,
}

impl Weights {
    /// Returns the bytes of an object as it was last committed.
    pub(super) fn bytes(&self, name: ObjectName) -> u64 {
        self.slot(name).load(Ordering::Relaxed)
    }

    fn slot(&self, name: ObjectName) -> &AtomicU64 {
        match name {
            ObjectName::Baseline => &self.baseline,
            // An operator's wishes and leases are written by no poll.
            ObjectName::Dictionary | ObjectName::Control | ObjectName::Lease => &self.dictionary,
        }
    }
}

/// A store whose objects are weighed.
pub(super) struct Weighed<T> {
    inner: T,
    weights: Arc<Weights>,
}

impl<T> Weighed<T> {
    /// Weighs what goes into the store.
    pub(super) fn new(inner: T, weights: Arc<Weights>) -> Weighed<T> {
        Weighed { inner, weights }
    }
}

impl<T: StateStore + Sync> StateStore for Weighed<T> {
    async fn read(&self, name: ObjectName) -> Result<Option<Object>, StoreError> {
        self.inner.read(name).await
    }

    async fn commit(
        &self,
        name: ObjectName,
        bytes: &[u8],
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        self.weights.slot(name).store(bytes.len() as u64, Ordering::Relaxed);
        self.inner.commit(name, bytes, expected).await
    }
}
