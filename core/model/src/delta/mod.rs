//! The subtraction: a baseline and a fresh snapshot in, a window out.
//!
//! First [`continuity`] decides what the two readings have to do with each other; then [`mod@merge`] walks both row
//! sets in key order and subtracts. Whatever cannot be known is left out and said, so that the sum of windows is
//! never above the truth. The losses that no rule can see, both from a reset of single entries: before extension
//! 1.11 an entry that is reset and then does more work than before looks as if it had gone on, and on every version
//! an entry that both began and was reset inside one window leaves no trace. The differences are then too small and
//! not marked.

mod continuity;
mod merge;

#[cfg(test)]
mod history;

use crate::baseline::{Baseline, Snapshot};
use crate::time::Timestamp;
use crate::window::{Deltas, Gap, Loss, Quality, Window};

use continuity::{Continuity, judge};
use merge::{Merged, merge};

/// Returns what happened between the baseline and the snapshot.
pub fn subtract(baseline: Option<&Baseline>, snapshot: &Snapshot) -> Window {
    let Some(baseline) = baseline.map(Baseline::snapshot) else {
        return gap(None, snapshot, Gap::FirstReading);
    };
    match judge(baseline, snapshot) {
        Continuity::Broken(reason) => gap(Some(baseline), snapshot, reason),
        Continuity::Kept { rules, mut losses } => {
            let Merged { deltas, recreated, vanished, unseen } = merge(baseline, snapshot, rules);
            if recreated > 0 {
                losses.push(Loss::EntriesRecreated(recreated));
            }
            let evicted = losses.iter().any(|loss| matches!(loss, Loss::Evictions(_)));
            if vanished > 0 && rules.vanished_rows_lose_work && !evicted {
                losses.push(Loss::EntriesVanished(vanished));
            }
            if unseen > 0 {
                losses.push(Loss::EntriesUnseenBefore(unseen));
            }
            let quality = if losses.is_empty() { Quality::Exact } else { Quality::LowerBound(losses) };
            window(Some(baseline), snapshot, quality, deltas)
        }
    }
}

/// Returns what the counters hold since they began: what a first poll can show. The quality says that it is no
/// interval; `began` is the time of the last reset of all, where the server tells.
pub fn since_reset(snapshot: &Snapshot, began: Option<Timestamp>) -> Window {
    let deltas = merge::in_full(snapshot);
    Window { from: began, deltas, ..gap(None, snapshot, Gap::FirstReading) }
}

fn gap(baseline: Option<&Snapshot>, snapshot: &Snapshot, reason: Gap) -> Window {
    window(baseline, snapshot, Quality::Gap(reason), Deltas::default())
}

fn window(baseline: Option<&Snapshot>, snapshot: &Snapshot, quality: Quality, deltas: Deltas) -> Window {
    Window {
        view: snapshot.view,
        database: snapshot.database,
        from: baseline.map(|baseline| baseline.taken_at),
        to: snapshot.taken_at,
        quality,
        deltas,
    }
}
