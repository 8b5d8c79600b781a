//! What one poll leaves for the next: two objects, the baseline and the dictionary, committed by compare-and-swap.
//!
//! The store knows bytes and versions only; what they mean is [`contents`]'s, how they are written [`codec`]'s.

pub mod codec;
pub mod contents;
pub mod control;
pub mod dictionary;
pub mod file;
pub mod memory;
pub mod outbox;
pub mod patience;

use std::fmt;
use std::io;
use std::path::PathBuf;

/// The objects of one server's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectName {
    /// Written at every poll.
    Baseline,
    /// Written when a text reading brought something.
    Dictionary,
    /// Written by an operator: what is stopped or switched off.
    Control,
}

impl ObjectName {
    /// Returns the name that stores use.
    pub const fn as_str(self) -> &'static str {
        match self {
            ObjectName::Baseline => "baseline",
            ObjectName::Dictionary => "dictionary",
            ObjectName::Control => "control",
        }
    }
}

/// The version of a stored object, opaque to everyone but its store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub String);

/// A stored object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its version, for the next commit.
    pub version: Version,
}

/// Why a store did not do what it was asked, by what the caller can do.
#[derive(Debug)]
pub enum StoreError {
    /// Another poll committed in between: this one's windows must not be kept.
    Conflict,
    /// The object cannot be read or written.
    Io {
        /// What was being done, as a verb phrase.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Conflict => f.write_str("another poll committed to the same state in between"),
            StoreError::Io { action, path, .. } => write!(f, "{action} {}", path.display()),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StoreError::Io { source, .. } => Some(source),
            StoreError::Conflict => None,
        }
    }
}

impl<T: StateStore + Send + Sync> StateStore for std::sync::Arc<T> {
    fn read(&self, name: ObjectName) -> impl Future<Output = Result<Option<Object>, StoreError>> + Send {
        T::read(self, name)
    }

    fn commit(
        &self,
        name: ObjectName,
        bytes: &[u8],
        expected: Option<&Version>,
    ) -> impl Future<Output = Result<Version, StoreError>> + Send {
        T::commit(self, name, bytes, expected)
    }
}

/// Keeps the objects of one server. Every implementation passes the contract suite below.
pub trait StateStore {
    /// Returns the object, or nothing if it was never committed.
    fn read(&self, name: ObjectName) -> impl Future<Output = Result<Option<Object>, StoreError>> + Send;

    /// Replaces the object if its version is still `expected` (none: if it does not exist) and returns the new
    /// version. A commit that fails leaves the committed object as it was.
    fn commit(
        &self,
        name: ObjectName,
        bytes: &[u8],
        expected: Option<&Version>,
    ) -> impl Future<Output = Result<Version, StoreError>> + Send;
}

/// The contract of [`StateStore`], run by every implementation's tests.
#[cfg(test)]
pub(crate) mod contract {
    use super::{ObjectName, StateStore, StoreError};

    pub(crate) async fn check(store: &impl StateStore) {
        reads_what_was_committed(store).await;
        refuses_a_stale_version(store).await;
        keeps_objects_apart(store).await;
    }

    async fn reads_what_was_committed(store: &impl StateStore) {
        assert!(store.read(ObjectName::Baseline).await.unwrap().is_none());
        let version = store.commit(ObjectName::Baseline, b"one", None).await.unwrap();
        let object = store.read(ObjectName::Baseline).await.unwrap().unwrap();
        assert_eq!((object.bytes.as_slice(), &object.version), (&b"one"[..], &version));
    }

    async fn refuses_a_stale_version(store: &impl StateStore) {
        let first = store.read(ObjectName::Baseline).await.unwrap().unwrap().version;
        let second = store.commit(ObjectName::Baseline, b"two", Some(&first)).await.unwrap();
        assert_ne!(first, second);
        for stale in [Some(&first), None] {
            let refused = store.commit(ObjectName::Baseline, b"lost", stale).await;
            assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
        }
        assert_eq!(store.read(ObjectName::Baseline).await.unwrap().unwrap().bytes, b"two");
    }

    async fn keeps_objects_apart(store: &impl StateStore) {
        assert!(store.read(ObjectName::Dictionary).await.unwrap().is_none());
        store.commit(ObjectName::Dictionary, b"words", None).await.unwrap();
        assert_eq!(store.read(ObjectName::Baseline).await.unwrap().unwrap().bytes, b"two");
    }
}
