//! What one poll leaves for the next: two objects, the baseline and the dictionary, committed by compare-and-swap, and a
//! third where plans were found.
//!
//! The store knows bytes and versions only; what they mean is [`contents`]'s, how they are written [`codec`]'s.

mod blocks;
pub mod codec;
pub mod contents;
pub mod control;
pub mod dictionary;
pub mod file;
pub mod lease;
pub mod memory;
pub mod outbox;
pub mod patience;
pub mod plans;
pub mod refusal;

use std::fmt;
use std::io;
use std::path::PathBuf;

use self::refusal::Refusal;

/// The objects of one server's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectName {
    /// Written at every poll.
    Baseline,
    /// Written when a text reading brought something.
    Dictionary,
    /// Written when plans were found in the server's log.
    Plans,
    /// Written by an operator: what is stopped or switched off.
    Control,
    /// Written by the process that uses the state, where that is asked for.
    Lease,
}

impl ObjectName {
    /// All of them.
    pub const ALL: [ObjectName; 5] = [
        ObjectName::Baseline,
        ObjectName::Dictionary,
        ObjectName::Plans,
        ObjectName::Control,
        ObjectName::Lease,
    ];

    /// Returns the name that stores use.
    pub const fn as_str(self) -> &'static str {
        match self {
            ObjectName::Baseline => "baseline",
            ObjectName::Dictionary => "dictionary",
            ObjectName::Plans => "plans",
            ObjectName::Control => "control",
            ObjectName::Lease => "lease",
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

/// What a second look at an object brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Its version is still the one that is known.
    Unchanged,
    /// It is another one now, or there is none.
    Changed(Option<Object>),
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
    /// A store that is reached over the network did not do it.
    Refused {
        /// What was being done, as a verb phrase.
        action: &'static str,
        /// The object, with the URL it lies under.
        object: String,
        /// Why.
        source: Refusal,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Conflict => f.write_str("another poll committed to the same state in between"),
            StoreError::Io { action, path, .. } => write!(f, "{action} {}", path.display()),
            StoreError::Refused { action, object, .. } => write!(f, "{action} {object}"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StoreError::Io { source, .. } => Some(source),
            StoreError::Refused { source, .. } => Some(source),
            StoreError::Conflict => None,
        }
    }
}

impl StoreError {
    /// Returns what to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            StoreError::Conflict => {
                "nothing is lost: the other poll has the window; let only one poller use a state"
            }
            StoreError::Io { .. } => {
                "make the folder writable or free space on its disk, or name another place with --state"
            }
            StoreError::Refused { source, .. } => source.advice(),
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

    fn look(
        &self,
        name: ObjectName,
        known: Option<&Version>,
    ) -> impl Future<Output = Result<Look, StoreError>> + Send {
        T::look(self, name, known)
    }
}

/// Keeps the objects of one server. Every implementation passes the contract suite in `integration/stores`.
pub trait StateStore: Sync {
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

    /// Returns the object unless its version still is the one that is known (none: it did not exist). A store that is
    /// asked over a network sends nothing else then.
    fn look(
        &self,
        name: ObjectName,
        known: Option<&Version>,
    ) -> impl Future<Output = Result<Look, StoreError>> + Send {
        async move {
            let object = self.read(name).await?;
            let is_known = object.as_ref().map(|object| &object.version) == known;
            Ok(if is_known { Look::Unchanged } else { Look::Changed(object) })
        }
    }
}
