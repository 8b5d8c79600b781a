//! What became of what was sent: answers by what follows from them, and the account that a report keeps.

use std::collections::BTreeMap;
use std::time::Duration;

/// How an exporter's receiver answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It has everything.
    Accepted,
    /// It has all but so many, which it will not take later either.
    Partial {
        /// Points or records that it rejected.
        rejected: u64,
        /// Why, in its own words.
        why: String,
    },
    /// It may take it later.
    Retry {
        /// Not before this time, where it said so.
        after: Option<Duration>,
        /// Why.
        why: String,
    },
    /// It might take it in smaller pieces.
    TooLarge {
        /// Why.
        why: String,
    },
    /// It will never take it.
    Refused {
        /// Why.
        why: String,
    },
}

/// How many points or records of one family went which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Taken by the receiver.
    pub accepted: u64,
    /// Rejected or refused by it.
    pub rejected: u64,
    /// Given up by us: the outbox was full.
    pub dropped: u64,
}

/// What one exporter did at one poll.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryReport {
    /// The exporter's name.
    pub exporter: String,
    /// By family: a view, `events`, `pgquerylens`.
    pub families: BTreeMap<String, Count>,
    /// The last answer that was not an acceptance, in words.
    pub trouble: Option<String>,
    /// Batches that wait in the outbox.
    pub outbox_entries: usize,
    /// Their bytes.
    pub outbox_bytes: usize,
}

impl DeliveryReport {
    /// Returns the sum over all families.
    pub fn total(&self) -> Count {
        self.families.values().fold(Count::default(), |total, count| Count {
            accepted: total.accepted + count.accepted,
            rejected: total.rejected + count.rejected,
            dropped: total.dropped + count.dropped,
        })
    }
}
