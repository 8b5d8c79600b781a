//! What is told of a server by somebody other than itself: the cloud that runs it knows its machine, its storage, its log.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::log::plan::RawPlan;
use crate::metric::{Attribute, Metric};
use crate::report::Outcome;
use crate::time::Timestamp;
use crate::window::Sum;

/// What one look from outside brought.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Figures of the server and its machine.
    pub measures: Vec<Measure>,
    /// Plans that were found in the server's log, with their literals: they cannot be printed.
    pub plans: Vec<RawPlan>,
    /// What became of each source that was asked, or was to be.
    pub sources: Vec<SourceReport>,
    /// What each source that was asked leaves for the next look. One that is not named keeps what it left before.
    pub memory: Memory,
}

impl Findings {
    /// Puts what another source brought to this.
    pub fn join(&mut self, other: Findings) {
        self.measures.extend(other.measures);
        self.plans.extend(other.plans);
        self.sources.extend(other.sources);
        self.memory.0.extend(other.memory.0);
    }
}

/// One value of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// The metric.
    pub metric: &'static Metric,
    /// What tells the series apart from others of the metric.
    pub attributes: Vec<Attribute>,
    /// When the value began at nothing; none for levels.
    pub start: Option<Timestamp>,
    /// When it was so, by the source's clock.
    pub time: Timestamp,
    /// The level, or the value since the start.
    pub value: Sum,
}

/// What became of one source.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceReport {
    /// Its name, by which it stands beside the views.
    pub source: &'static str,
    /// How it went.
    pub outcome: Outcome,
    /// What mends it, where it failed and something does.
    pub mend: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
}

/// What sources keep between looks, each in a form of its own: how far it has read, what it has counted. It lies in the
/// server's state and is committed with it, so that what was delivered is not read again, and the rest is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory(BTreeMap<String, String>);

impl Memory {
    /// Bytes that one source may keep.
    pub const MAX_BYTES: usize = 32 * 1024;

    /// Returns what a source kept.
    pub fn of(&self, source: &str) -> Option<&str> {
        self.0.get(source).map(String::as_str)
    }

    /// Keeps what a source leaves.
    pub fn keep(&mut self, source: &str, kept: String) {
        self.0.insert(source.to_owned(), kept);
    }

    /// Takes over what was left this time; returns the sources that wanted to keep too much, which begin anew.
    pub fn renew(&mut self, left: Memory) -> Vec<String> {
        let (small, large): (BTreeMap<_, _>, BTreeMap<_, _>) =
            left.0.into_iter().partition(|(_, kept)| kept.len() <= Memory::MAX_BYTES);
        self.0.extend(small);
        self.0.retain(|source, _| !large.contains_key(source));
        large.into_keys().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(kept: &[(&str, &str)]) -> Memory {
        Memory(kept.iter().map(|(source, text)| ((*source).to_owned(), (*text).to_owned())).collect())
    }

    #[test]
    fn a_source_that_was_not_asked_keeps_what_it_had() {
        let mut kept = memory(&[("a", "1"), ("b", "1")]);
        assert_eq!(kept.renew(memory(&[("b", "2"), ("c", "2")])), Vec::<String>::new());
        assert_eq!(kept, memory(&[("a", "1"), ("b", "2"), ("c", "2")]));
    }

    #[test]
    fn a_source_that_keeps_too_much_begins_anew() {
        let mut kept = memory(&[("a", "1"), ("b", "1")]);
        let long = "x".repeat(Memory::MAX_BYTES + 1);
        assert_eq!(kept.renew(memory(&[("b", &long)])), ["b"]);
        assert_eq!(kept, memory(&[("a", "1")]));
    }
}
