//! Other ways to turn two readings of counters into what happened between them, as collectors in use do it.

use std::collections::BTreeMap;

/// Calls of one reading, by query id.
pub(super) type Calls = BTreeMap<i64, i64>;

/// What is done with an entry that is new or has become smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    /// New ones count in full, and so do those that became smaller.
    FullIfAbsent,
    /// New ones count in full, those that became smaller not at all.
    DropSmaller,
    /// Neither counts.
    SkipFirstSeen,
    /// Each is compared with the last value that was larger, kept for ever, also while the entry is gone.
    KeptCache,
}

impl Policy {
    pub(super) const ALL: [Policy; 4] =
        [Policy::FullIfAbsent, Policy::DropSmaller, Policy::SkipFirstSeen, Policy::KeptCache];
}

/// What one policy has counted over a row of readings.
pub(super) struct Ledger {
    policy: Policy,
    before: Calls,
    counted: i64,
}

impl Ledger {
    /// Begins with the reading that the first one is compared with.
    pub(super) fn new(policy: Policy, first: &Calls) -> Ledger {
        Ledger { policy, before: first.clone(), counted: 0 }
    }

    /// Returns what was counted so far.
    pub(super) fn counted(&self) -> i64 {
        self.counted
    }

    /// Takes the next reading.
    pub(super) fn read(&mut self, now: &Calls) {
        for (queryid, calls) in now {
            self.counted += self.difference(self.before.get(queryid).copied(), *calls);
        }
        match self.policy {
            Policy::KeptCache => {
                for (queryid, calls) in now {
                    let kept = self.before.entry(*queryid).or_default();
                    *kept = (*kept).max(*calls);
                }
            }
            _ => self.before.clone_from(now),
        }
    }

    fn difference(&self, before: Option<i64>, now: i64) -> i64 {
        match (before, self.policy) {
            (Some(before), _) if now >= before => now - before,
            (None, Policy::SkipFirstSeen) => 0,
            (None, _) | (Some(_), Policy::FullIfAbsent) => now,
            (Some(_), _) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One entry's calls over a row of readings; none while it is gone.
    fn check(readings: &[Option<i64>], expected: [i64; 4]) {
        let calls = |reading: &Option<i64>| reading.iter().map(|calls| (1, *calls)).collect::<Calls>();
        let counted = Policy::ALL.map(|policy| {
            let mut ledger = Ledger::new(policy, &calls(&readings[0]));
            readings[1..].iter().for_each(|reading| ledger.read(&calls(reading)));
            ledger.counted()
        });
        assert_eq!(counted, expected, "{readings:?}");
    }

    #[test]
    fn an_entry_that_goes_on_counts_the_same_everywhere() {
        check(&[Some(3), Some(5), Some(9)], [6; 4]);
    }

    #[test]
    fn policies_part_where_entries_go_and_come() {
        check(&[None, Some(5)], [5, 5, 0, 5]);
        check(&[Some(12), Some(6)], [6, 0, 0, 0]);
        check(&[Some(12), None, Some(6), Some(14)], [14, 14, 8, 2]);
    }
}
