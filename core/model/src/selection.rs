//! Which statements are named one by one, and the remainder that keeps the sums whole.
//!
//! Every figure of the window is either in a selected row, in our own cost, or in `other`: the three add up.

use crate::view::View;
use crate::views::statements::VIEW;
use crate::window::{Deltas, Sum, Window};

/// By what statements are ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Execution and planning time: mean time calls, the statement's impact.
    Time,
    /// Time spent on reading and writing blocks, or blocks where that time is not measured.
    Io,
    /// Bytes of WAL.
    Wal,
    /// Temporary blocks read and written.
    Temp,
    /// Executions.
    Calls,
}

impl Order {
    /// All of them, the most telling first.
    pub const ALL: [Order; 5] = [Order::Time, Order::Io, Order::Wal, Order::Temp, Order::Calls];

    /// Returns the name that options and documents use.
    pub const fn name(self) -> &'static str {
        match self {
            Order::Time => "time",
            Order::Io => "io",
            Order::Wal => "wal",
            Order::Temp => "temp",
            Order::Calls => "calls",
        }
    }

    fn columns(self) -> &'static [&'static str] {
        match self {
            Order::Time => &["total_exec_time", "total_plan_time"],
            Order::Io => &[
                "shared_blk_read_time",
                "shared_blk_write_time",
                "local_blk_read_time",
                "local_blk_write_time",
                "temp_blk_read_time",
                "temp_blk_write_time",
            ],
            Order::Wal => &["wal_bytes"],
            Order::Temp => &["temp_blks_read", "temp_blks_written"],
            Order::Calls => &["calls"],
        }
    }

    /// What stands in where the first choice is not measured.
    fn fallback_columns(self) -> &'static [&'static str] {
        match self {
            Order::Io => &["shared_blks_read", "shared_blks_written", "temp_blks_read", "temp_blks_written"],
            _ => &[],
        }
    }

    /// Returns the rank of a row: the sum of the columns that are there.
    pub fn weight(self, deltas: &Deltas, row: usize) -> f64 {
        let sum = |names: &[&str]| -> Option<f64> {
            names
                .iter()
                .filter_map(|name| deltas.float(VIEW.column_index(name)?, row))
                .reduce(|total, value| total + value)
        };
        sum(self.columns()).or_else(|| sum(self.fallback_columns())).unwrap_or(0.0)
    }
}

/// One statement that is named.
#[derive(Clone, Debug, PartialEq)]
pub struct Selected {
    /// Its place in the window's deltas.
    pub row: usize,
    /// The orders in which it is among the first.
    pub ranked_by: Vec<Order>,
}

/// The named statements and what remains.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Named statements, by descending time.
    pub selected: Vec<Selected>,
    /// How many statements `other` stands for.
    pub other_count: usize,
    /// Sums of the statements that are not named, one per column of the view.
    pub other: Vec<Option<Sum>>,
    /// Sums of our own statements.
    pub own: Vec<Option<Sum>>,
    /// Sums of all.
    pub total: Vec<Option<Sum>>,
}

/// Selects the first `top` statements in each order. `is_own` tells our own, which are never named; of the others
/// only those that `may_be_named` accepts are.
pub fn select(
    window: &Window,
    top: usize,
    orders: &[Order],
    is_own: impl Fn(usize) -> bool,
    may_be_named: impl Fn(usize) -> bool,
) -> Selection {
    let deltas = &window.deltas;
    let own: Vec<bool> = (0..deltas.len()).map(is_own).collect();
    let candidates: Vec<usize> = (0..deltas.len()).filter(|row| !own[*row] && may_be_named(*row)).collect();
    let ranked = ranked(deltas, top, orders, &candidates);
    let named = |row: usize| !ranked[row].is_empty();
    let sums = |include: &dyn Fn(usize) -> bool| sums(window.view, deltas, include);
    let other = |row: usize| !named(row) && !own[row];
    let mut selected: Vec<Selected> = (0..deltas.len())
        .filter(|row| named(*row))
        .map(|row| Selected { row, ranked_by: ranked[row].clone() })
        .collect();
    selected.sort_by(|a, b| Order::Time.weight(deltas, b.row).total_cmp(&Order::Time.weight(deltas, a.row)));
    Selection {
        selected,
        other_count: (0..deltas.len()).filter(|row| other(*row)).count(),
        other: sums(&other),
        own: sums(&|row| own[row]),
        total: sums(&|_| true),
    }
}

/// Returns for every row the orders in which it is among the first `top` of the candidates.
pub fn ranked(deltas: &Deltas, top: usize, orders: &[Order], candidates: &[usize]) -> Vec<Vec<Order>> {
    let mut ranked: Vec<Vec<Order>> = vec![Vec::new(); deltas.len()];
    for order in orders {
        for row in first(deltas, *order, top, candidates) {
            ranked[row].push(*order);
        }
    }
    ranked
}

fn first(deltas: &Deltas, order: Order, top: usize, candidates: &[usize]) -> Vec<usize> {
    let mut rows: Vec<(usize, f64)> = candidates
        .iter()
        .map(|row| (*row, order.weight(deltas, *row)))
        .filter(|(_, weight)| *weight > 0.0)
        .collect();
    rows.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    rows.into_iter().take(top).map(|(row, _)| row).collect()
}

fn sums(view: &View, deltas: &Deltas, include: &dyn Fn(usize) -> bool) -> Vec<Option<Sum>> {
    (0..view.columns.len()).map(|column| deltas.sum(column, include)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use crate::window::{DeltaSeries, Quality};
    use proptest::prelude::*;

    fn window(calls: &[i64], times: &[f64]) -> Window {
        let mut series = vec![None; VIEW.columns.len()];
        series[VIEW.column_index("calls").unwrap()] =
            Some(DeltaSeries::Int(calls.iter().copied().map(Some).collect()));
        series[VIEW.column_index("total_exec_time").unwrap()] =
            Some(DeltaSeries::Float(times.iter().copied().map(Some).collect()));
        let rows = calls.len();
        Window {
            view: &VIEW,
            database: None,
            from: Some(Timestamp(0)),
            to: Timestamp(1),
            quality: Quality::Exact,
            deltas: Deltas { row_indexes: (0..rows).collect(), baseline_indexes: vec![None; rows], series },
        }
    }

    #[test]
    fn names_the_first_of_each_order_and_never_our_own() {
        let window = window(&[1, 100, 5, 900], &[50.0, 1.0, 20.0, 70.0]);
        let selection = select(&window, 1, &[Order::Time, Order::Calls], |row| row == 3, |_| true);
        let rows: Vec<usize> = selection.selected.iter().map(|selected| selected.row).collect();
        assert_eq!(rows, [0, 1]);
        assert_eq!(selection.other_count, 1);
        let calls = VIEW.column_index("calls").unwrap();
        assert_eq!(selection.other[calls], Some(Sum::Int(5)));
        assert_eq!(selection.own[calls], Some(Sum::Int(900)));
        assert_eq!(selection.other[VIEW.column_index("wal_bytes").unwrap()], None);
    }

    proptest! {
        #[test]
        fn the_parts_add_up_to_the_whole(calls in prop::collection::vec(0i64..1_000, 0..60), top in 0usize..20) {
            let times: Vec<f64> = calls.iter().map(|calls| *calls as f64).collect();
            let window = window(&calls, &times);
            let selection = select(&window, top, &Order::ALL, |row| row % 7 == 3, |row| row % 5 != 0);
            let column = VIEW.column_index("calls").unwrap();
            let named: i64 = selection.selected.iter().filter_map(|s| window.deltas.int(column, s.row)).sum();
            let sum = |sums: &[Option<Sum>]| sums[column].map_or(0.0, Sum::as_f64);
            prop_assert_eq!(named as f64 + sum(&selection.other) + sum(&selection.own), sum(&selection.total));
            prop_assert_eq!(sum(&selection.total), calls.iter().sum::<i64>() as f64);
        }
    }
}
