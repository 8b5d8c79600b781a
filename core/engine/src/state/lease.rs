//! Who uses a state, and until when: an option for states that several processes could poll by, of which one is to.
//!
//! A commit that compares keeps the sums right without it. What a lease spares is work, and events that two deliver of one
//! window. It goes by the clocks of the processes, which may be apart by [`SKEW_SECONDS`].

use std::fmt;

use pgquerylens_model::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::codec::{self, Stored};
use super::{ObjectName, StateStore, StoreError, Version};

/// How far the clocks of processes may be apart.
pub const SKEW_SECONDS: f64 = 30.0;
/// The longest term. A lease that claims to last longer was written by a clock that is far ahead, and holds nobody off.
pub const MAX_TERM_SECONDS: f64 = 3_600.0;
/// Of a term, the part that may have passed before it is renewed.
const RENEWED_AFTER: f64 = 0.5;

/// Who uses a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Who it is, in words for people; different processes have different ones.
    pub owner: String,
    /// Until when, by the owner's clock.
    pub expires: Timestamp,
}

impl Stored for Lease {
    const FORMAT: u16 = 1;
}

impl Lease {
    /// Tells whether it holds others off now, by a clock that may not be the owner's.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        let left = self.expires.seconds_since(now);
        left > -SKEW_SECONDS && left <= MAX_TERM_SECONDS + SKEW_SECONDS
    }

    /// Returns the lease of a state; one that cannot be read is nobody's.
    pub async fn read(store: &impl StateStore) -> Result<(Option<Lease>, Option<Version>), StoreError> {
        let Some(object) = store.read(ObjectName::Lease).await? else { return Ok((None, None)) };
        Ok((codec::decode(&object.bytes).ok(), Some(object.version)))
    }
}

/// Why a state is not ours to use.
#[derive(Debug)]
pub enum LeaseError {
    /// Another process uses it.
    Held(Lease),
    /// The store failed, or another process took it at the same moment.
    Store(StoreError),
}

impl fmt::Display for LeaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LeaseError::Held(lease) => {
                write!(f, "{} uses the state until {}", lease.owner, lease.expires.to_rfc3339())
            }
            LeaseError::Store(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for LeaseError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            LeaseError::Held(_) => None,
            LeaseError::Store(error) => Some(error),
        }
    }
}

/// One process's claim to a state.
#[derive(Clone, Debug)]
pub struct Claim {
    owner: String,
    term_seconds: f64,
    held: Option<(Lease, Version)>,
}

impl Claim {
    /// Claims nothing yet. A term beyond [`MAX_TERM_SECONDS`] is cut to it.
    pub fn new(owner: impl Into<String>, term_seconds: f64) -> Claim {
        Claim { owner: owner.into(), term_seconds: term_seconds.min(MAX_TERM_SECONDS), held: None }
    }

    /// Tells whether the state is ours now.
    pub fn is_held(&self, now: Timestamp) -> bool {
        self.held.as_ref().is_some_and(|(lease, _)| lease.expires.seconds_since(now) > 0.0)
    }

    /// Takes the state, or keeps it: written only when half of the term is over. After a failure it is still ours as
    /// long as the term goes on.
    pub async fn hold(&mut self, store: &impl StateStore, now: Timestamp) -> Result<(), LeaseError> {
        if self.left(now) > self.term_seconds * (1.0 - RENEWED_AFTER) {
            return Ok(());
        }
        match self.take(store, now).await {
            Err(LeaseError::Store(StoreError::Conflict)) => {
                self.held = None;
                // Whoever it was is told by name, if it can be.
                match Lease::read(store).await {
                    Ok((Some(lease), _)) => Err(LeaseError::Held(lease)),
                    _ => Err(LeaseError::Store(StoreError::Conflict)),
                }
            }
            Err(LeaseError::Store(_)) if self.is_held(now) => Ok(()),
            taken => taken,
        }
    }

    /// Gives the state up at once, if it is ours; whoever comes next need not wait.
    pub async fn give_up(&mut self, store: &impl StateStore) -> Result<(), StoreError> {
        let Some((lease, version)) = self.held.take() else { return Ok(()) };
        let over = Lease { expires: Timestamp(0), ..lease };
        match store.commit(ObjectName::Lease, &codec::encode(&over), Some(&version)).await {
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn left(&self, now: Timestamp) -> f64 {
        self.held.as_ref().map_or(0.0, |(lease, _)| lease.expires.seconds_since(now).min(self.term_seconds))
    }

    async fn take(&mut self, store: &impl StateStore, now: Timestamp) -> Result<(), LeaseError> {
        let (current, version) = Lease::read(store).await.map_err(LeaseError::Store)?;
        if let Some(lease) = current.filter(|lease| lease.owner != self.owner && lease.holds_at(now)) {
            self.held = None;
            return Err(LeaseError::Held(lease));
        }
        let expires = Timestamp(now.0.saturating_add((self.term_seconds * 1e6) as i64));
        let lease = Lease { owner: self.owner.clone(), expires };
        let committed = store.commit(ObjectName::Lease, &codec::encode(&lease), version.as_ref()).await;
        self.held = Some((lease, committed.map_err(LeaseError::Store)?));
        Ok(())
    }
}
