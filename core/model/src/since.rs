//! Since when the counters of a view have been growing: the start that a cumulative exporter sends with them.
//!
//! A start may only move when the counter began anew: a receiver that sees a later start takes the whole value for
//! new. So it is remembered with the baseline, and moves with a gap, a reset stamp, or a row that began anew.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::baseline::Snapshot;
use crate::time::Timestamp;
use crate::window::{Quality, Window};

/// Rows of one view whose own start is remembered; of more than these the oldest fall back to the view's.
pub const MAX_ROW_STARTS: usize = 2_000;

/// The starts of one view's counters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// When the statistics began, as far as the server tells.
    pub base: Timestamp,
    /// Rows that began later, by their key's text, the oldest first.
    pub rows: Vec<(String, Timestamp)>,
}

/// The starts of a snapshot's rows.
#[derive(Debug)]
pub struct RowStarts<'s> {
    snapshot: &'s Snapshot,
    base: Timestamp,
    reset_column: Option<usize>,
    key: Vec<usize>,
    remembered: HashMap<&'s str, Timestamp>,
}

impl Since {
    /// Returns the starts of the rows of a snapshot of the same view.
    pub fn of_rows<'s>(&'s self, snapshot: &'s Snapshot) -> RowStarts<'s> {
        RowStarts {
            snapshot,
            base: self.base,
            reset_column: snapshot.view.reset_column.and_then(|name| snapshot.view.column_index(name)),
            key: snapshot.view.key_indexes(),
            remembered: self.rows.iter().map(|(key, start)| (key.as_str(), *start)).collect(),
        }
    }
}

impl RowStarts<'_> {
    /// Returns the start of one row's counters: its own reset stamp, or what is remembered of it.
    pub fn of(&self, row: usize) -> Timestamp {
        let rows = &self.snapshot.rows;
        let stamp = self.reset_column.and_then(|column| rows.time(column, row)).unwrap_or(self.base);
        if self.remembered.is_empty() {
            return stamp;
        }
        let remembered = self.remembered.get(rows.key_text(row, &self.key).as_str());
        remembered.map_or(stamp, |start| stamp.max(*start))
    }
}

/// Returns the starts after a window, from those before it.
pub fn since(before: Option<Since>, window: &Window, snapshot: &Snapshot) -> Since {
    let kept = before.filter(|_| !matches!(window.quality, Quality::Gap(_)));
    let (Some(mut since), Some(from)) = (kept, window.from) else {
        let identity = &snapshot.identity;
        let base = identity.statistics_since.unwrap_or(identity.postmaster_start);
        return Since { base, rows: Vec::new() };
    };
    let key = snapshot.view.key_indexes();
    let changed = window.deltas.row_indexes.iter().zip(&window.deltas.baseline_indexes);
    let began = changed.filter(|(_, baseline)| baseline.is_none());
    let began: Vec<String> = began.map(|(row, _)| snapshot.rows.key_text(*row, &key)).collect();
    let anew: HashSet<&str> = began.iter().map(String::as_str).collect();
    since.rows.retain(|(known, _)| !anew.contains(known.as_str()));
    since.rows.extend(began.into_iter().map(|text| (text, from)));
    let excess = since.rows.len().saturating_sub(MAX_ROW_STARTS);
    since.rows.drain(..excess);
    since
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::Baseline;
    use crate::delta::subtract;
    use crate::identity::{Identity, Visibility};
    use crate::rows::{Rows, Series};
    use crate::version::ServerVersion;
    use crate::views::functions::VIEW;

    const BEGAN: Timestamp = Timestamp(1_000_000);

    /// Functions by oid with their calls, read at a second.
    fn snapshot(second: i64, calls: &[(i64, i64)]) -> Snapshot {
        let ints = |values: Vec<i64>| Some(Series::Int(values.into_iter().map(Some).collect()));
        let mut series = vec![None; VIEW.columns.len()];
        series[VIEW.column_index("funcid").unwrap()] = ints(calls.iter().map(|(oid, _)| *oid).collect());
        series[VIEW.column_index("calls").unwrap()] = ints(calls.iter().map(|(_, calls)| *calls).collect());
        Snapshot {
            view: &VIEW,
            database: Some(1),
            taken_at: Timestamp(second * 1_000_000),
            identity: Identity {
                system_identifier: Some(1),
                timeline: Some(1),
                version: ServerVersion(180_000),
                postmaster_start: BEGAN,
                statistics_since: Some(BEGAN),
                in_recovery: false,
            },
            visibility: Visibility::default(),
            statements: None,
            rows: Rows::from_series(series, calls.len()),
        }
    }

    fn carried(readings: &[Snapshot]) -> Since {
        let mut kept: Option<(Since, Baseline)> = None;
        for reading in readings {
            let window = subtract(kept.as_ref().map(|(_, baseline)| baseline), reading);
            let after = since(kept.map(|(since, _)| since), &window, reading);
            kept = Some((after, Baseline::of(reading)));
        }
        kept.unwrap().0
    }

    #[test]
    fn a_counter_that_goes_on_keeps_its_start() {
        let readings = [snapshot(10, &[(1, 5)]), snapshot(20, &[(1, 9)])];
        assert_eq!(carried(&readings).of_rows(&readings[1]).of(0), BEGAN);
    }

    #[test]
    fn a_row_that_began_anew_starts_at_the_reading_before_and_keeps_that() {
        let readings = [
            snapshot(10, &[(1, 5), (2, 7)]),
            snapshot(20, &[(1, 2), (2, 8)]),
            snapshot(30, &[(1, 4), (2, 8)]),
        ];
        let since = carried(&readings);
        assert_eq!(since.of_rows(&readings[2]).of(0), Timestamp(10_000_000));
        assert_eq!(since.of_rows(&readings[2]).of(1), BEGAN);
    }

    #[test]
    fn statistics_that_did_not_survive_give_a_new_start() {
        let mut after = snapshot(20, &[(1, 2)]);
        after.identity.statistics_since = Some(Timestamp(15_000_000));
        after.identity.postmaster_start = Timestamp(15_000_000);
        let since = carried(&[snapshot(10, &[(1, 5)]), after.clone()]);
        assert_eq!(since.of_rows(&after).of(0), Timestamp(15_000_000));
    }
}
