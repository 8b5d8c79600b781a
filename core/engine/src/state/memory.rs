//! State that lives as long as the process: what `poll --every` keeps between polls.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::{Object, ObjectName, StateStore, StoreError, Version};

/// Objects in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    objects: Mutex<BTreeMap<ObjectName, (u64, Vec<u8>)>>,
}

impl StateStore for MemoryStore {
    async fn read(&self, name: ObjectName) -> Result<Option<Object>, StoreError> {
        let objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(objects
            .get(&name)
            .map(|(generation, bytes)| Object { bytes: bytes.clone(), version: version(*generation) }))
    }

    async fn commit(
        &self,
        name: ObjectName,
        bytes: &[u8],
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = objects.get(&name).map(|(generation, _)| *generation);
        if generation.map(version).as_ref() != expected {
            return Err(StoreError::Conflict);
        }
        let next = generation.unwrap_or(0) + 1;
        objects.insert(name, (next, bytes.to_vec()));
        Ok(version(next))
    }
}

fn version(generation: u64) -> Version {
    Version(generation.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::contract;

    #[tokio::test(flavor = "current_thread")]
    async fn passes_the_contract() {
        contract::check(&MemoryStore::default()).await;
    }
}
