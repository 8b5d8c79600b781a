//! What happened between two readings, and how far it can be believed.
//!
//! A counter and a difference are different types: [`Rows`](crate::rows::Rows) hold counters, [`Deltas`] hold
//! differences, and nothing turns one into the other but the subtraction.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;
use crate::view::View;

/// The differences of one view between two readings.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// The view.
    pub view: &'static View,
    /// The database, for views of database scope.
    pub database: Option<u32>,
    /// Time of the earlier reading by the database's clock; none at first sight.
    pub from: Option<Timestamp>,
    /// Time of the later reading.
    pub to: Timestamp,
    /// How far the differences can be believed.
    pub quality: Quality,
    /// The differences of the rows that changed; empty over a gap.
    pub deltas: Deltas,
}

impl Window {
    /// Returns the length in seconds, or nothing at first sight or when the clock did not go forward.
    pub fn seconds(&self) -> Option<f64> {
        let seconds = self.to.seconds_since(self.from?);
        (seconds > 0.0).then_some(seconds)
    }
}

/// How far a window's differences can be believed. They are never above the truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quality {
    /// All that happened between the two readings, and nothing else.
    Exact,
    /// At least this much happened; why some of it may be missing.
    LowerBound(Vec<Loss>),
    /// The two readings cannot be compared; there are no differences.
    Gap(Gap),
}

impl Quality {
    /// Returns `exact`, `lower_bound` or `gap`.
    pub fn name(&self) -> &'static str {
        match self {
            Quality::Exact => "exact",
            Quality::LowerBound(_) => "lower_bound",
            Quality::Gap(_) => "gap",
        }
    }

    /// Returns the reasons as sentences; none for an exact window.
    pub fn reasons(&self) -> Vec<String> {
        match self {
            Quality::Exact => Vec::new(),
            Quality::LowerBound(losses) => losses.iter().map(ToString::to_string).collect(),
            Quality::Gap(gap) => vec![gap.to_string()],
        }
    }
}

/// Why some of the work of a window may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// All counters were reset, or lost in a crash, inside the window; what came before is gone.
    StatisticsReset,
    /// pg_stat_statements evicted entries, this many times.
    Evictions(i64),
    /// Entries were reset, or evicted and created again; their work before that is gone.
    EntriesRecreated(usize),
    /// Entries are gone, with what they counted since the last reading.
    EntriesVanished(usize),
    /// Entries are there that existed before but were not seen; nothing of them is counted.
    EntriesUnseenBefore(usize),
    /// So many entries that some may have been evicted, on a version that does not count evictions.
    NearEntryLimit,
    /// Our role sees more, or less, than at the last reading.
    RightsChanged,
    /// The database's clock did not go forward between the readings.
    ClockWentBack,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Loss::StatisticsReset => f.write_str("the statistics were reset inside the window"),
            Loss::Evictions(count) => write!(f, "pg_stat_statements evicted entries {count} times"),
            Loss::EntriesRecreated(count) => write!(f, "{count} entries were reset or created again"),
            Loss::EntriesVanished(count) => write!(f, "{count} entries are gone"),
            Loss::EntriesUnseenBefore(count) => write!(f, "{count} entries existed before but were not seen"),
            Loss::NearEntryLimit => f.write_str(
                "pg_stat_statements is near its entry limit and this version does not count evictions",
            ),
            Loss::RightsChanged => f.write_str("the role's rights changed"),
            Loss::ClockWentBack => f.write_str("the database's clock did not go forward"),
        }
    }
}

/// Why two readings cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// There is no earlier reading.
    FirstReading,
    /// The system identifier differs: another cluster, or a restored or upgraded one.
    OtherServer,
    /// The major version differs.
    OtherMajor,
    /// The columns that identify a row differ: the extension was updated to a version with `toplevel`.
    KeyChanged,
    /// The same cluster, but another instance's statistics: a failover, or a replica behind the same name.
    OtherInstance,
    /// The server was restarted and its statistics did not survive, or cannot be shown to have survived.
    Restarted,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Gap::FirstReading => "first reading, nothing to compare with",
            Gap::OtherServer => "another server than at the last reading (system identifier differs)",
            Gap::KeyChanged => "the view identifies its rows by other columns than at the last reading",
            Gap::OtherMajor => "another major version than at the last reading",
            Gap::OtherInstance => {
                "another instance's statistics than at the last reading (failover or replica)"
            }
            Gap::Restarted => "the server was restarted and its statistics did not survive",
        })
    }
}

/// The differences of the rows that changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deltas {
    /// For each changed row, its place in the rows of the later reading.
    pub row_indexes: Vec<usize>,
    /// For each changed row, its place in the baseline, if its counters went on from there.
    pub baseline_indexes: Vec<Option<usize>>,
    /// One series per column of the view; none for a column that is not subtracted or was absent at either end.
    pub series: Vec<Option<DeltaSeries>>,
}

/// Differences of one counter, one per changed row; `None` where the counter is NULL.
#[derive(Clone, Debug, PartialEq)]
pub enum DeltaSeries {
    /// Of a whole-number counter.
    Int(Vec<Option<i64>>),
    /// Of a float counter.
    Float(Vec<Option<f64>>),
}

impl Deltas {
    /// Returns how many rows changed.
    pub fn len(&self) -> usize {
        self.row_indexes.len()
    }

    /// Tells whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.row_indexes.is_empty()
    }

    /// Returns one difference of a whole-number counter.
    pub fn int(&self, column_index: usize, row: usize) -> Option<i64> {
        match self.series.get(column_index)?.as_ref()? {
            DeltaSeries::Int(values) => values.get(row).copied().flatten(),
            DeltaSeries::Float(_) => None,
        }
    }

    /// Returns one difference as a float, of either kind of counter.
    pub fn float(&self, column_index: usize, row: usize) -> Option<f64> {
        match self.series.get(column_index)?.as_ref()? {
            DeltaSeries::Int(values) => values.get(row).copied().flatten().map(|value| value as f64),
            DeltaSeries::Float(values) => values.get(row).copied().flatten(),
        }
    }

    /// Returns the sum of a column over the changed rows that `include` accepts, or nothing if it is absent.
    pub fn sum(&self, column_index: usize, include: impl Fn(usize) -> bool) -> Option<Sum> {
        let rows = (0..self.len()).filter(|row| include(*row));
        Some(match self.series.get(column_index)?.as_ref()? {
            DeltaSeries::Int(values) => {
                Sum::Int(rows.filter_map(|row| values[row]).fold(0i64, i64::saturating_add))
            }
            DeltaSeries::Float(values) => {
                // The sum of nothing would be -0.0.
                Sum::Float(rows.filter_map(|row| values[row]).fold(0.0, |sum, value| sum + value))
            }
        })
    }
}

/// A sum of differences.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Sum {
    /// Of a whole-number counter.
    Int(i64),
    /// Of a float counter.
    Float(f64),
}

impl Sum {
    /// Returns one difference of a column, if there is one.
    pub fn of(deltas: &Deltas, column_index: usize, row: usize) -> Option<Sum> {
        match deltas.series.get(column_index)?.as_ref()? {
            DeltaSeries::Int(values) => values.get(row).copied().flatten().map(Sum::Int),
            DeltaSeries::Float(values) => values.get(row).copied().flatten().map(Sum::Float),
        }
    }

    /// Returns this and another sum of the same counter together.
    pub fn plus(self, other: Sum) -> Sum {
        match (self, other) {
            (Sum::Int(a), Sum::Int(b)) => Sum::Int(a.saturating_add(b)),
            (a, b) => Sum::Float(a.as_f64() + b.as_f64()),
        }
    }

    /// Tells whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.as_f64() == 0.0
    }

    /// Returns the sum as a float.
    pub fn as_f64(self) -> f64 {
        match self {
            Sum::Int(value) => value as f64,
            Sum::Float(value) => value,
        }
    }
}
