//! Result sets, column by column. A column that the version does not have is absent, never zero.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;
use crate::view::{Kind, View};

/// The rows of one view: one series per column of the view's table, in that order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    series: Vec<Option<Series>>,
    row_count: usize,
}

/// The values of one column. `None` inside is SQL's NULL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Series {
    /// Whole numbers: counters, gauges, oids, process ids.
    Int(Vec<Option<i64>>),
    /// Floats: milliseconds and ratios.
    Float(Vec<Option<f64>>),
    /// Yes or no.
    Flag(Vec<Option<bool>>),
    /// Names and states.
    Label(Vec<Option<Box<str>>>),
    /// Moments.
    Time(Vec<Option<Timestamp>>),
    /// Lists of numbers.
    IntList(Vec<Option<Box<[i64]>>>),
    /// Statement texts as the server gave them. They cannot be serialised: what leaves is normalised first.
    #[serde(skip)]
    Text(Vec<Option<RawText>>),
}

/// A statement's text as the server gave it, literals, damaged bytes and all. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RawText(Box<[u8]>);

impl RawText {
    /// Keeps the bytes.
    pub fn new(bytes: &[u8]) -> RawText {
        RawText(bytes.into())
    }

    /// Returns the bytes, for the normaliser alone.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for RawText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawText({} bytes)", self.0.len())
    }
}

impl Series {
    /// Returns an empty series for values of this kind.
    pub fn of(kind: Kind) -> Series {
        match kind {
            Kind::Counter | Kind::Gauge | Kind::LabelInt => Series::Int(Vec::new()),
            Kind::CounterFloat | Kind::GaugeFloat => Series::Float(Vec::new()),
            Kind::Label => Series::Label(Vec::new()),
            Kind::Flag => Series::Flag(Vec::new()),
            Kind::Time => Series::Time(Vec::new()),
            Kind::IntList => Series::IntList(Vec::new()),
            Kind::Text => Series::Text(Vec::new()),
        }
    }

    /// Returns how many values there are.
    pub fn len(&self) -> usize {
        match self {
            Series::Int(values) => values.len(),
            Series::Float(values) => values.len(),
            Series::Flag(values) => values.len(),
            Series::Label(values) => values.len(),
            Series::Time(values) => values.len(),
            Series::IntList(values) => values.len(),
            Series::Text(values) => values.len(),
        }
    }

    /// Tells whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the series with its rows in the order that `order` names.
    fn reordered(&self, order: &[usize]) -> Series {
        fn pick<T: Clone>(values: &[Option<T>], order: &[usize]) -> Vec<Option<T>> {
            order.iter().map(|row| values[*row].clone()).collect()
        }
        match self {
            Series::Int(values) => Series::Int(pick(values, order)),
            Series::Float(values) => Series::Float(pick(values, order)),
            Series::Flag(values) => Series::Flag(pick(values, order)),
            Series::Label(values) => Series::Label(pick(values, order)),
            Series::Time(values) => Series::Time(pick(values, order)),
            Series::IntList(values) => Series::IntList(pick(values, order)),
            Series::Text(values) => Series::Text(pick(values, order)),
        }
    }

    /// Returns one value per group: the sum where values are added, else the value of a group of one.
    fn folded(&self, groups: &[std::ops::Range<usize>], added: bool) -> Series {
        match self {
            Series::Int(values) if added => {
                let sum = |group: &std::ops::Range<usize>| {
                    values[group.clone()].iter().flatten().copied().reduce(i64::saturating_add)
                };
                Series::Int(groups.iter().map(sum).collect())
            }
            Series::Float(values) if added => {
                let sum = |group: &std::ops::Range<usize>| {
                    values[group.clone()].iter().flatten().copied().reduce(|a, b| a + b)
                };
                Series::Float(groups.iter().map(sum).collect())
            }
            other => other.reordered_or_null(groups),
        }
    }

    fn reordered_or_null(&self, groups: &[std::ops::Range<usize>]) -> Series {
        let mut series = self.reordered(&groups.iter().map(|group| group.start).collect::<Vec<_>>());
        for (place, _) in groups.iter().enumerate().filter(|(_, group)| group.len() > 1) {
            series.set_null(place);
        }
        series
    }

    fn followed_by(self, others: Series) -> Option<Series> {
        fn join<T>(mut mine: Vec<T>, theirs: Vec<T>) -> Vec<T> {
            mine.extend(theirs);
            mine
        }
        Some(match (self, others) {
            (Series::Int(a), Series::Int(b)) => Series::Int(join(a, b)),
            (Series::Float(a), Series::Float(b)) => Series::Float(join(a, b)),
            (Series::Flag(a), Series::Flag(b)) => Series::Flag(join(a, b)),
            (Series::Label(a), Series::Label(b)) => Series::Label(join(a, b)),
            (Series::Time(a), Series::Time(b)) => Series::Time(join(a, b)),
            (Series::IntList(a), Series::IntList(b)) => Series::IntList(join(a, b)),
            (Series::Text(a), Series::Text(b)) => Series::Text(join(a, b)),
            _ => return None,
        })
    }

    fn set_null(&mut self, row: usize) {
        match self {
            Series::Int(values) => values[row] = None,
            Series::Float(values) => values[row] = None,
            Series::Flag(values) => values[row] = None,
            Series::Label(values) => values[row] = None,
            Series::Time(values) => values[row] = None,
            Series::IntList(values) => values[row] = None,
            Series::Text(values) => values[row] = None,
        }
    }

    fn compare(&self, row: usize, other: &Series, other_row: usize) -> Ordering {
        match (self, other) {
            (Series::Int(a), Series::Int(b)) => a[row].cmp(&b[other_row]),
            (Series::Flag(a), Series::Flag(b)) => a[row].cmp(&b[other_row]),
            (Series::Label(a), Series::Label(b)) => a[row].cmp(&b[other_row]),
            (Series::Time(a), Series::Time(b)) => a[row].cmp(&b[other_row]),
            _ => Ordering::Equal,
        }
    }
}

impl Rows {
    /// Makes rows from series in the order of the view's columns, all of the same length.
    pub fn from_series(series: Vec<Option<Series>>, row_count: usize) -> Rows {
        Rows { series, row_count }
    }

    /// Returns rows without a row, in which every column of the view is absent.
    pub fn empty(view: &View) -> Rows {
        Rows { series: vec![None; view.columns.len()], row_count: 0 }
    }

    /// Returns how many rows there are.
    pub fn len(&self) -> usize {
        self.row_count
    }

    /// Tells whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.row_count == 0
    }

    /// Returns a column's series by its place in the view, or nothing if this version has no such column.
    pub fn series(&self, column_index: usize) -> Option<&Series> {
        self.series.get(column_index)?.as_ref()
    }

    /// Returns a column of whole numbers.
    pub fn ints(&self, column_index: usize) -> Option<&[Option<i64>]> {
        match self.series(column_index)? {
            Series::Int(values) => Some(values),
            _ => None,
        }
    }

    /// Returns a column of floats.
    pub fn floats(&self, column_index: usize) -> Option<&[Option<f64>]> {
        match self.series(column_index)? {
            Series::Float(values) => Some(values),
            _ => None,
        }
    }

    /// Returns the series of all columns, in the order of the view.
    pub fn into_series(self) -> Vec<Option<Series>> {
        self.series
    }

    /// Returns one whole number, if the column is there and the value is not NULL.
    pub fn int(&self, column_index: usize, row: usize) -> Option<i64> {
        self.ints(column_index)?.get(row).copied().flatten()
    }

    /// Returns one float.
    pub fn float(&self, column_index: usize, row: usize) -> Option<f64> {
        self.floats(column_index)?.get(row).copied().flatten()
    }

    /// Returns one yes or no.
    pub fn flag(&self, column_index: usize, row: usize) -> Option<bool> {
        match self.series(column_index)? {
            Series::Flag(values) => values.get(row).copied().flatten(),
            _ => None,
        }
    }

    /// Returns one moment.
    pub fn time(&self, column_index: usize, row: usize) -> Option<Timestamp> {
        match self.series(column_index)? {
            Series::Time(values) => values.get(row).copied().flatten(),
            _ => None,
        }
    }

    /// Returns one name or state.
    pub fn label(&self, column_index: usize, row: usize) -> Option<&str> {
        match self.series(column_index)? {
            Series::Label(values) => values.get(row)?.as_deref(),
            _ => None,
        }
    }

    /// Returns one list of numbers.
    pub fn int_list(&self, column_index: usize, row: usize) -> Option<&[i64]> {
        match self.series(column_index)? {
            Series::IntList(values) => values.get(row)?.as_deref(),
            _ => None,
        }
    }

    /// Returns one raw text.
    pub fn text(&self, column_index: usize, row: usize) -> Option<&RawText> {
        match self.series(column_index)? {
            Series::Text(values) => values.get(row)?.as_ref(),
            _ => None,
        }
    }

    /// Compares a row's key with that of a row elsewhere; `key` names the key columns.
    pub fn compare_keys(&self, row: usize, other: &Rows, other_row: usize, key: &[usize]) -> Ordering {
        for column in key {
            let ordering = match (self.series(*column), other.series(*column)) {
                (Some(mine), Some(theirs)) => mine.compare(row, theirs, other_row),
                _ => Ordering::Equal,
            };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        Ordering::Equal
    }

    /// Returns a row's key as one text, by which it is remembered where only few rows are.
    pub fn key_text(&self, row: usize, key: &[usize]) -> String {
        let part = |column: &usize| match self.series(*column) {
            Some(Series::Int(values)) => values[row].map(|value| value.to_string()),
            Some(Series::Label(values)) => values[row].as_ref().map(|value| format!("{value:?}")),
            Some(Series::Flag(values)) => values[row].map(|value| value.to_string()),
            Some(Series::Time(values)) => values[row].map(|value| value.0.to_string()),
            _ => None,
        };
        key.iter().map(|column| part(column).unwrap_or_default()).collect::<Vec<_>>().join(" ")
    }

    /// Returns the rows ordered by key: the form in which baselines are kept and merged.
    pub fn sorted_by_key(self, key: &[usize]) -> Rows {
        let mut order: Vec<usize> = (0..self.row_count).collect();
        let in_order = order.windows(2).all(|pair| self.compare_keys(pair[0], &self, pair[1], key).is_le());
        if in_order {
            return self;
        }
        order.sort_by(|a, b| self.compare_keys(*a, &self, *b, key));
        self.reordered(&order)
    }

    /// Returns rows ordered by key with each key once: series that `is_added` accepts are added up, key columns
    /// stay, and the others become NULL where rows were folded.
    pub fn folded(self, key: &[usize], is_added: impl Fn(usize) -> bool) -> Rows {
        let firsts: Vec<usize> = (0..self.row_count)
            .filter(|row| *row == 0 || self.compare_keys(*row - 1, &self, *row, key).is_ne())
            .collect();
        if firsts.len() == self.row_count {
            return self;
        }
        let ends = firsts.iter().skip(1).copied().chain([self.row_count]);
        let groups: Vec<std::ops::Range<usize>> =
            firsts.iter().copied().zip(ends).map(|(a, b)| a..b).collect();
        let fold = |(index, series): (usize, &Option<Series>)| {
            series.as_ref().map(|series| match key.contains(&index) {
                true => series.reordered(&firsts),
                false => series.folded(&groups, is_added(index)),
            })
        };
        Rows { series: self.series.iter().enumerate().map(fold).collect(), row_count: groups.len() }
    }

    /// Returns the rows that `order` names, in its order.
    pub fn reordered(&self, order: &[usize]) -> Rows {
        let series = self.series.iter().map(|series| series.as_ref().map(|s| s.reordered(order))).collect();
        Rows { series, row_count: order.len() }
    }

    /// Returns the rows with only the columns that `keep` accepts; the others become absent.
    pub fn only_columns(&self, keep: impl Fn(usize) -> bool) -> Rows {
        let kept = |index: usize| self.series[index].as_ref().filter(|_| keep(index)).cloned();
        let series = (0..self.series.len()).map(kept).collect();
        Rows { series, row_count: self.row_count }
    }

    /// Returns these rows followed by the others of the same view; a column that only one has becomes absent.
    pub fn followed_by(self, others: Rows) -> Rows {
        if self.row_count == 0 {
            return others;
        }
        if others.row_count == 0 {
            return self;
        }
        let row_count = self.row_count + others.row_count;
        let joined = |(mine, theirs): (Option<Series>, Option<Series>)| mine?.followed_by(theirs?);
        Rows { series: self.series.into_iter().zip(others.series).map(joined).collect(), row_count }
    }

    /// Puts another series in a column's place; it has as many values as there are rows.
    pub fn replace_column(&mut self, column_index: usize, series: Series) {
        if let Some(slot) = self.series.get_mut(column_index).filter(|_| series.len() == self.row_count) {
            *slot = Some(series);
        }
    }

    /// Takes a column away: what is not measured is absent, not zero.
    pub fn remove_column(&mut self, column_index: usize) {
        if let Some(slot) = self.series.get_mut(column_index) {
            *slot = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(values: &[i64]) -> Rows {
        let series = Series::Int(values.iter().copied().map(Some).collect());
        Rows::from_series(vec![Some(series), None], values.len())
    }

    #[test]
    fn sorts_by_key() {
        assert_eq!(numbers(&[3, 1, 2]).sorted_by_key(&[0]), numbers(&[1, 2, 3]));
    }

    #[test]
    fn an_absent_column_is_nothing_and_not_zero() {
        assert_eq!(numbers(&[7]).int(1, 0), None);
        assert_eq!(numbers(&[7]).int(0, 0), Some(7));
        assert_eq!(numbers(&[7]).int(0, 1), None);
    }

    #[test]
    fn a_raw_text_is_not_printed() {
        assert_eq!(format!("{:?}", RawText::new(b"select 'secret'")), "RawText(15 bytes)");
    }
}
