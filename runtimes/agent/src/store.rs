//! Where the state of a server is kept, as the option `--state` names it.

use pgquerylens_engine::state::file::FileStore;
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_engine::state::outbox::{OutboxStore, Waiting};
use pgquerylens_engine::state::{Object, ObjectName, StateStore, StoreError, Version};

use crate::options::{Given, value};

/// A store of one of the kinds there are.
pub(crate) enum Store {
    /// As long as the process lives.
    Memory(MemoryStore),
    /// In a folder.
    File(FileStore),
}

impl Store {
    /// Reads the option `--state`.
    pub(crate) fn given(given: &mut Given<'_>) -> Store {
        let Some(text) = given.text("state") else { return Store::Memory(MemoryStore::default()) };
        match value::folder(&text) {
            Ok(folder) => return Store::File(FileStore::new(folder)),
            Err(instead) => given.mistake(format!("--state {text}"), instead),
        }
        Store::Memory(MemoryStore::default())
    }
}

impl StateStore for Store {
    async fn read(&self, name: ObjectName) -> Result<Option<Object>, StoreError> {
        match self {
            Store::Memory(store) => store.read(name).await,
            Store::File(store) => store.read(name).await,
        }
    }

    async fn commit(
        &self,
        name: ObjectName,
        bytes: &[u8],
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        match self {
            Store::Memory(store) => store.commit(name, bytes, expected).await,
            Store::File(store) => store.commit(name, bytes, expected).await,
        }
    }
}

impl OutboxStore for Store {
    async fn waiting(&self, exporter: &str) -> Result<Vec<Waiting>, StoreError> {
        match self {
            Store::Memory(store) => store.waiting(exporter).await,
            Store::File(store) => store.waiting(exporter).await,
        }
    }

    async fn batch(&self, exporter: &str, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Store::Memory(store) => store.batch(exporter, number).await,
            Store::File(store) => store.batch(exporter, number).await,
        }
    }

    async fn put(&self, exporter: &str, number: u64, bytes: &[u8]) -> Result<(), StoreError> {
        match self {
            Store::Memory(store) => store.put(exporter, number, bytes).await,
            Store::File(store) => store.put(exporter, number, bytes).await,
        }
    }

    async fn remove(&self, exporter: &str, number: u64) -> Result<(), StoreError> {
        match self {
            Store::Memory(store) => store.remove(exporter, number).await,
            Store::File(store) => store.remove(exporter, number).await,
        }
    }
}
