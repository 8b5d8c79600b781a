//! State that lives as long as the process: what `poll --every` keeps between polls.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::outbox::{OutboxStore, Waiting};
use super::{Object, ObjectName, StateStore, StoreError, Version};

/// Objects in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    objects: Mutex<BTreeMap<ObjectName, (u64, Vec<u8>)>>,
    batches: Mutex<BTreeMap<(String, u64), Vec<u8>>>,
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

impl OutboxStore for MemoryStore {
    async fn waiting(&self, exporter: &str) -> Result<Vec<Waiting>, StoreError> {
        let batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        let of_exporter = batches.iter().filter(|((name, _), _)| name == exporter);
        Ok(of_exporter.map(|((_, number), bytes)| Waiting { number: *number, bytes: bytes.len() }).collect())
    }

    async fn batch(&self, exporter: &str, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(batches.get(&(exporter.to_owned(), number)).cloned())
    }

    async fn put(&self, exporter: &str, number: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        batches.insert((exporter.to_owned(), number), bytes.to_vec());
        Ok(())
    }

    async fn remove(&self, exporter: &str, number: u64) -> Result<(), StoreError> {
        let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        batches.remove(&(exporter.to_owned(), number));
        Ok(())
    }
}

fn version(generation: u64) -> Version {
    Version(generation.to_string())
}
