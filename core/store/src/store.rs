//! A store of one of the kinds there are. The kinds are a closed set, so that a reader sees all of them in one place.

use pgquerylens_engine::state::file::FileStore;
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_engine::state::outbox::{OutboxStore, Waiting};
use pgquerylens_engine::state::{Look, Object, ObjectName, StateStore, StoreError, Version};

use crate::objects::ObjectsStore;
use crate::redis::RedisStore;

/// The state of one server, or the wishes for all.
#[derive(Debug)]
pub enum Store {
    /// As long as the process lives.
    Memory(MemoryStore),
    /// In a folder.
    File(FileStore),
    /// In an object store of a cloud.
    Objects(ObjectsStore),
    /// In Redis.
    Redis(RedisStore),
}

macro_rules! each {
    ($self:expr, $store:ident => $call:expr) => {
        match $self {
            Store::Memory($store) => $call.await,
            Store::File($store) => $call.await,
            Store::Objects($store) => $call.await,
            Store::Redis($store) => $call.await,
        }
    };
}

impl StateStore for Store {
    async fn read(&self, name: ObjectName) -> Result<Option<Object>, StoreError> {
        each!(self, store => store.read(name))
    }

    async fn commit(
        &self,
        name: ObjectName,
        bytes: &[u8],
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        each!(self, store => store.commit(name, bytes, expected))
    }

    async fn look(&self, name: ObjectName, known: Option<&Version>) -> Result<Look, StoreError> {
        each!(self, store => store.look(name, known))
    }
}

impl OutboxStore for Store {
    async fn waiting(&self, exporter: &str) -> Result<Vec<Waiting>, StoreError> {
        each!(self, store => store.waiting(exporter))
    }

    async fn batch(&self, exporter: &str, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
        each!(self, store => store.batch(exporter, number))
    }

    async fn put(&self, exporter: &str, number: u64, bytes: &[u8]) -> Result<(), StoreError> {
        each!(self, store => store.put(exporter, number, bytes))
    }

    async fn remove(&self, exporter: &str, number: u64) -> Result<(), StoreError> {
        each!(self, store => store.remove(exporter, number))
    }
}
