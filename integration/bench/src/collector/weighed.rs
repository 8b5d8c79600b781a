//! A state store that keeps a copy of each object as it was last committed: how large it is, and what packing it takes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use pgquerylens_engine::state::{Object, ObjectName, StateStore, StoreError, Version};

/// The objects by name.
#[derive(Debug, Default)]
pub(super) struct Weights(Mutex<BTreeMap<&'static str, Vec<u8>>>);

impl Weights {
    /// Returns an object as it was last committed.
    pub(super) fn object(&self, name: ObjectName) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name.as_str()).cloned()
    }

    /// Returns its bytes.
    pub(super) fn bytes(&self, name: ObjectName) -> u64 {
        self.object(name).map_or(0, |object| object.len() as u64)
    }

    fn keep(&self, name: ObjectName, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.as_str(), bytes.to_vec());
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
        self.weights.keep(name, bytes);
        self.inner.commit(name, bytes, expected).await
    }
}
