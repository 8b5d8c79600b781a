//! Two row sets in key order, subtracted row by row.

use std::cmp::Ordering;

use crate::baseline::Snapshot;
use crate::rows::{Rows, Series};
use crate::window::{DeltaSeries, Deltas};

use super::continuity::RowRules;

/// The differences, and how many rows did not simply go on.
pub(super) struct Merged {
    pub(super) deltas: Deltas,
    pub(super) recreated: usize,
    pub(super) vanished: usize,
    pub(super) unseen: usize,
}

/// What a row of the later reading is to the earlier one.
#[derive(Clone, Copy, PartialEq)]
enum Origin {
    /// Its counters went on from this row of the baseline.
    Continued(usize),
    /// Its counters began inside the window.
    New,
    /// It existed before, but was not seen.
    Unseen,
}

/// Subtracts; both row sets are ordered by key.
pub(super) fn merge(baseline: &Snapshot, snapshot: &Snapshot, rules: RowRules) -> Merged {
    let key = snapshot.view.key_indexes();
    let counters = counters_of(baseline, snapshot);
    let mut merged = Merged { deltas: Deltas::default(), recreated: 0, vanished: 0, unseen: 0 };
    let mut taken: Vec<(usize, Option<usize>)> = Vec::new();
    let (mut old, mut new) = (0, 0);
    while old < baseline.rows.len() || new < snapshot.rows.len() {
        match compare(&baseline.rows, old, &snapshot.rows, new, &key) {
            Ordering::Less => {
                merged.vanished += 1;
                old += 1;
            }
            ordering => {
                let matched = (ordering == Ordering::Equal).then_some(old);
                let origin = origin(baseline, snapshot, rules, &counters, matched, new);
                merged.recreated +=
                    usize::from(matched.is_some() && origin == Origin::New && !rules.all_began_anew);
                merged.unseen += usize::from(origin == Origin::Unseen);
                match origin {
                    Origin::Continued(row) if changed(&counters, row, new) => taken.push((new, Some(row))),
                    Origin::New => taken.push((new, None)),
                    Origin::Continued(_) | Origin::Unseen => {}
                }
                new += 1;
                old += usize::from(matched.is_some());
            }
        }
    }
    merged.deltas = differences(snapshot.view.columns.len(), &counters, &taken);
    merged
}

/// Returns every counter in full, as if all rows had begun from zero.
pub(super) fn in_full(snapshot: &Snapshot) -> Deltas {
    let counters: Vec<CounterPair<'_>> = (0..snapshot.view.columns.len())
        .filter(|index| snapshot.view.columns[*index].kind.is_counter())
        .filter_map(|column_index| {
            let after = snapshot.rows.series(column_index)?;
            Some(CounterPair { column_index, before: after, after })
        })
        .collect();
    let taken: Vec<(usize, Option<usize>)> = (0..snapshot.rows.len()).map(|row| (row, None)).collect();
    differences(snapshot.view.columns.len(), &counters, &taken)
}

/// Orders two positions; a set that is used up comes after everything.
fn compare(baseline: &Rows, old: usize, rows: &Rows, new: usize, key: &[usize]) -> Ordering {
    match (old < baseline.len(), new < rows.len()) {
        (true, true) => baseline.compare_keys(old, rows, new, key),
        (true, false) => Ordering::Less,
        (false, _) => Ordering::Greater,
    }
}

/// A counter that both readings have: its place in the view and its values before and after.
struct CounterPair<'r> {
    column_index: usize,
    before: &'r Series,
    after: &'r Series,
}

/// A counter that the baseline lacks (an updated extension, a switch turned on since) has no difference yet.
fn counters_of<'r>(baseline: &'r Snapshot, snapshot: &'r Snapshot) -> Vec<CounterPair<'r>> {
    (0..snapshot.view.columns.len())
        .filter(|index| snapshot.view.columns[*index].kind.is_counter())
        .filter_map(|column_index| {
            let before = baseline.rows.series(column_index)?;
            Some(CounterPair { column_index, before, after: snapshot.rows.series(column_index)? })
        })
        .collect()
}

fn origin(
    baseline: &Snapshot,
    snapshot: &Snapshot,
    rules: RowRules,
    counters: &[CounterPair<'_>],
    matched: Option<usize>,
    new: usize,
) -> Origin {
    if rules.all_began_anew {
        return Origin::New;
    }
    match matched {
        None if rules.absent_rows_are_new => Origin::New,
        None => Origin::Unseen,
        Some(old) if began_anew(baseline, old, snapshot, new) || shrank(counters, old, new) => Origin::New,
        Some(old) => Origin::Continued(old),
    }
}

/// A row whose reset stamp moved began anew inside the window, whatever any clock says. A stamp that the baseline's
/// version did not have yet tells nothing.
fn began_anew(baseline: &Snapshot, old: usize, snapshot: &Snapshot, new: usize) -> bool {
    let Some(column) = snapshot.view.reset_column.and_then(|name| snapshot.view.column_index(name)) else {
        return false;
    };
    let both = baseline.rows.series(column).is_some() && snapshot.rows.series(column).is_some();
    both && baseline.rows.time(column, old) != snapshot.rows.time(column, new)
}

fn shrank(counters: &[CounterPair<'_>], old: usize, new: usize) -> bool {
    counters.iter().any(|pair| match (pair.before, pair.after) {
        (Series::Int(before), Series::Int(after)) => after[new] < before[old],
        (Series::Float(before), Series::Float(after)) => after[new] < before[old],
        _ => false,
    })
}

fn changed(counters: &[CounterPair<'_>], old: usize, new: usize) -> bool {
    counters.iter().any(|pair| match (pair.before, pair.after) {
        (Series::Int(before), Series::Int(after)) => after[new] != before[old],
        (Series::Float(before), Series::Float(after)) => after[new] != before[old],
        _ => false,
    })
}

fn differences(
    column_count: usize,
    counters: &[CounterPair<'_>],
    taken: &[(usize, Option<usize>)],
) -> Deltas {
    let mut series = vec![None; column_count];
    for pair in counters {
        series[pair.column_index] = match (pair.before, pair.after) {
            (Series::Int(before), Series::Int(after)) => Some(DeltaSeries::Int(
                taken
                    .iter()
                    .map(|(new, old)| minus(after[*new], old.map(|old| before[old]), i64::saturating_sub))
                    .collect(),
            )),
            (Series::Float(before), Series::Float(after)) => Some(DeltaSeries::Float(
                taken
                    .iter()
                    .map(|(new, old)| minus(after[*new], old.map(|old| before[old]), |a, b| a - b))
                    .collect(),
            )),
            _ => None,
        };
    }
    Deltas {
        row_indexes: taken.iter().map(|(new, _)| *new).collect(),
        baseline_indexes: taken.iter().map(|(_, old)| *old).collect(),
        series,
    }
}

/// A new row counts in full; a counter that was NULL at the baseline has no difference yet.
fn minus<T>(after: Option<T>, before: Option<Option<T>>, subtract: impl Fn(T, T) -> T) -> Option<T> {
    match before {
        None => after,
        Some(before) => Some(subtract(after?, before?)),
    }
}
