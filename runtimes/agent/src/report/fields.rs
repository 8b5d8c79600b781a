//! Fields of a view's rows by column name, and what happened to its counters.

use pgquerylens_model::report::ViewMetrics;
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::window::{Loss, Quality, Window};

/// One row of a view.
#[derive(Clone, Copy)]
pub(super) struct Row<'m> {
    metrics: &'m ViewMetrics,
    row: usize,
}

impl<'m> Row<'m> {
    /// Returns all rows of a view.
    pub(super) fn all(metrics: &'m ViewMetrics) -> impl Iterator<Item = Row<'m>> {
        (0..metrics.snapshot.rows.len()).map(move |row| Row { metrics, row })
    }

    pub(super) fn label(&self, name: &str) -> Option<&'m str> {
        self.metrics.snapshot.rows.label(self.metrics.view.column_index(name)?, self.row)
    }

    pub(super) fn int(&self, name: &str) -> Option<i64> {
        self.metrics.snapshot.rows.int(self.metrics.view.column_index(name)?, self.row)
    }

    pub(super) fn float(&self, name: &str) -> Option<f64> {
        self.metrics.snapshot.rows.float(self.metrics.view.column_index(name)?, self.row)
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.metrics.snapshot.rows.flag(self.metrics.view.column_index(name)?, self.row)
    }

    pub(super) fn time(&self, name: &str) -> Option<Timestamp> {
        self.metrics.snapshot.rows.time(self.metrics.view.column_index(name)?, self.row)
    }

    pub(super) fn int_list(&self, name: &str) -> Option<&'m [i64]> {
        self.metrics.snapshot.rows.int_list(self.metrics.view.column_index(name)?, self.row)
    }

    /// Returns the seconds from a moment to the reading.
    pub(super) fn seconds_since(&self, name: &str) -> Option<f64> {
        let now = self.time("read_at").unwrap_or(self.metrics.snapshot.taken_at);
        Some(now.seconds_since(self.time(name)?))
    }

    /// Returns what a counter gained in the window, or its total where there is no interval.
    pub(super) fn gained(&self, name: &str) -> Option<f64> {
        match self.metrics.window.as_ref().filter(|window| is_interval(window)) {
            Some(window) => self.difference(window, name),
            None => self.int(name).map(|value| value as f64).or_else(|| self.float(name)),
        }
    }

    fn difference(&self, window: &Window, name: &str) -> Option<f64> {
        let column = self.metrics.view.column_index(name)?;
        if let Some(changed) = window.deltas.row_indexes.iter().position(|row| *row == self.row) {
            return window.deltas.float(column, changed);
        }
        // A row that is not among the changed stood still, unless it was not seen before.
        let unseen = matches!(&window.quality, Quality::LowerBound(losses)
            if losses.iter().any(|loss| matches!(loss, Loss::EntriesUnseenBefore(_))));
        let is_null = self.int(name).is_none() && self.float(name).is_none();
        let is_there = window.deltas.series.get(column).is_some_and(Option::is_some);
        (is_there && !unseen && !is_null).then_some(0.0)
    }
}

/// Tells whether the window has differences.
pub(super) fn is_interval(window: &Window) -> bool {
    !matches!(window.quality, Quality::Gap(_))
}

/// Returns the length of a view's window, if it has differences.
pub(super) fn interval_seconds(metrics: &ViewMetrics) -> Option<f64> {
    metrics.window.as_ref().filter(|window| is_interval(window)).and_then(Window::seconds)
}
