//! Where the state of a server is kept, as the option `--state` names it.

use pgquerylens_engine::state::file::FileStore;
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_engine::state::{Object, ObjectName, StateStore, StoreError, Version};

use crate::options::{Given, value};

/// A store of one of the kinds there are.
pub(super) enum Store {
    /// As long as the process lives.
    Memory(MemoryStore),
    /// In a folder.
    File(FileStore),
}

impl Store {
    /// Reads the option `--state`.
    pub(super) fn given(given: &mut Given<'_>) -> Store {
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
