//! Whether two readings show the same counters, decided before any row is looked at.

use crate::baseline::{Snapshot, StatementsInfo};
use crate::view::VersionedBy;
use crate::window::{Gap, Loss};

/// pg_stat_statements evicts 5 % of its entries, or 10 if that is more (`USAGE_DEALLOC_PERCENT`). A count below
/// what an eviction leaves shows that there was none.
const DEALLOC_PERCENT: i64 = 5;
const DEALLOC_MIN_ENTRIES: i64 = 10;

/// What two readings have to do with each other.
#[derive(Debug, PartialEq)]
pub(super) enum Continuity {
    /// Nothing that could be subtracted.
    Broken(Gap),
    /// The counters went on, or began anew at a known moment inside the window.
    Kept { rules: RowRules, losses: Vec<Loss> },
}

/// How rows are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RowRules {
    /// Every counter began anew inside the window: all values count in full.
    pub(super) all_began_anew: bool,
    /// A row that the baseline does not have began inside the window and counts in full. Otherwise it may have
    /// been there unseen, and nothing of it counts.
    pub(super) absent_rows_are_new: bool,
    /// A row that is gone took with it what it had counted since the baseline.
    pub(super) vanished_rows_lose_work: bool,
}

/// Decides from lineage, reset stamps and rights.
pub(super) fn judge(baseline: &Snapshot, snapshot: &Snapshot) -> Continuity {
    let (before, after) = (&baseline.identity, &snapshot.identity);
    if before.version.major() != after.version.major() {
        return Continuity::Broken(Gap::OtherMajor);
    }
    if before.system_identifier != after.system_identifier {
        return Continuity::Broken(Gap::OtherServer);
    }
    if snapshot
        .view
        .key_indexes()
        .iter()
        .any(|i| baseline.rows.series(*i).is_some() != snapshot.rows.series(*i).is_some())
    {
        return Continuity::Broken(Gap::KeyChanged);
    }
    match snapshot.view.versioned_by {
        VersionedBy::Statements => judge_statements(baseline, snapshot),
        VersionedBy::Server => judge_cumulative(baseline, snapshot),
    }
}

/// PostgreSQL's cumulative statistics: the background writer's reset stamp tells one instance's from another's.
fn judge_cumulative(baseline: &Snapshot, snapshot: &Snapshot) -> Continuity {
    let mut losses = common_losses(baseline, snapshot);
    if !snapshot.identity.same_statistics(&baseline.identity) {
        if !snapshot.identity.same_postmaster(&baseline.identity) {
            return Continuity::Broken(restart_or_failover(baseline, snapshot));
        }
        // One postmaster, another stamp: a crash of one process took all statistics with it, or somebody reset
        // the background writer's alone. Rows that shrank tell; of the others the difference is a lower bound.
        losses.push(Loss::StatisticsReset);
    }
    Continuity::Kept {
        rules: RowRules { all_began_anew: false, absent_rows_are_new: true, vanished_rows_lose_work: false },
        losses,
    }
}

fn judge_statements(baseline: &Snapshot, snapshot: &Snapshot) -> Continuity {
    let mut losses = common_losses(baseline, snapshot);
    let rights_kept = baseline.visibility == snapshot.visibility;
    let mut rules = RowRules {
        all_began_anew: false,
        absent_rows_are_new: rights_kept,
        vanished_rows_lose_work: rights_kept,
    };
    let (Some(before), Some(after)) = (baseline.statements, snapshot.statements) else {
        return Continuity::Broken(Gap::FirstReading);
    };
    match (before.stats_reset, after.stats_reset) {
        (Some(old), Some(new)) if old == new => losses.extend(evictions(before, after)),
        (Some(_), Some(new)) => {
            // Under one postmaster a new stamp is a reset. Under another it is a crash in between, or another
            // instance, whose counters may be older than the baseline.
            let same_postmaster = snapshot.identity.same_postmaster(&baseline.identity);
            if !same_postmaster && (has_moved(baseline, snapshot) || new < baseline.taken_at) {
                return Continuity::Broken(Gap::OtherInstance);
            }
            rules.all_began_anew = true;
            losses.push(Loss::StatisticsReset);
        }
        _ => {
            if !snapshot.identity.same_statistics(&baseline.identity) {
                if !snapshot.identity.same_postmaster(&baseline.identity) {
                    return Continuity::Broken(restart_or_failover(baseline, snapshot));
                }
                losses.push(Loss::StatisticsReset);
            }
            if near_entry_limit(snapshot) {
                losses.push(Loss::NearEntryLimit);
            }
        }
    }
    Continuity::Kept { rules, losses }
}

fn common_losses(baseline: &Snapshot, snapshot: &Snapshot) -> Vec<Loss> {
    let mut losses = Vec::new();
    if snapshot.taken_at <= baseline.taken_at {
        losses.push(Loss::ClockWentBack);
    }
    if baseline.visibility != snapshot.visibility && snapshot.view.versioned_by == VersionedBy::Statements {
        losses.push(Loss::RightsChanged);
    }
    losses
}

fn restart_or_failover(baseline: &Snapshot, snapshot: &Snapshot) -> Gap {
    if has_moved(baseline, snapshot) { Gap::OtherInstance } else { Gap::Restarted }
}

/// A promotion between the readings, or a change from replica to primary behind one name.
fn has_moved(baseline: &Snapshot, snapshot: &Snapshot) -> bool {
    baseline.identity.timeline != snapshot.identity.timeline
        || baseline.identity.in_recovery != snapshot.identity.in_recovery
}

/// Evictions between the two readings, counted from before the first to after the second.
fn evictions(before: StatementsInfo, after: StatementsInfo) -> Option<Loss> {
    let count = after.dealloc_after?.saturating_sub(before.dealloc_before?);
    (count != 0).then_some(Loss::Evictions(count))
}

/// Before 1.9 evictions are not counted: only a count that no eviction can leave shows that there was none.
fn near_entry_limit(snapshot: &Snapshot) -> bool {
    let Some(max) = snapshot.statements.and_then(|info| info.max_entries) else { return true };
    let evicted = (max * DEALLOC_PERCENT / 100).max(DEALLOC_MIN_ENTRIES);
    i64::try_from(snapshot.rows.len()).is_ok_and(|entries| entries >= max - evicted)
}
