//! Every metric that is made of a column, built once from the tables: which metric a column feeds, and how.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use pgquerylens_model::view::{Column, View};
use pgquerylens_model::views::{self, statements};

use super::columns::{kind_of, name_of, shape_of, ucum};
use super::receiver::{self, Convert, ReceiverMetric};
use super::{Metric, left_out};

/// What becomes of one column.
#[derive(Debug)]
pub struct Feed {
    /// The view.
    pub view: &'static View,
    /// The column's place in it.
    pub column_index: usize,
    /// The metric.
    pub metric: Metric,
    /// The attribute that tells this column's value from others of the metric.
    pub attribute: Option<(&'static str, &'static str)>,
    /// What is done with a value.
    pub convert: Convert,
    /// Whether the name is the receiver's.
    pub is_receivers: bool,
}

impl Feed {
    /// Returns the column.
    pub fn column(&self) -> &'static Column {
        &self.view.columns[self.column_index]
    }
}

/// A metric that is made of no column, with the attributes that tell its series apart.
pub type Made = (&'static Metric, &'static [&'static str]);

/// Returns every metric that is made of no column: counts of rows, and our own figures.
pub fn made() -> Vec<Made> {
    use super::statements::{EXECUTION_TIME, INFO, INFO_ATTRIBUTES};
    let of_statements: [Made; 2] = [(&INFO, INFO_ATTRIBUTES), (&EXECUTION_TIME, &[])];
    let of_views = super::derived::METRICS.iter().chain(&super::health::METRICS);
    of_views.chain(&super::vectors::METRICS).copied().chain(of_statements).collect()
}

static FEEDS: LazyLock<Vec<Feed>> = LazyLock::new(build);
static BY_VIEW: LazyLock<HashMap<&'static str, Vec<&'static Feed>>> = LazyLock::new(|| {
    let mut by_view: HashMap<_, Vec<_>> = HashMap::new();
    for feed in feeds() {
        by_view.entry(feed.view.name).or_default().push(feed);
    }
    by_view
});

/// Returns what becomes of every column that is sent.
pub fn feeds() -> &'static [Feed] {
    &FEEDS
}

/// Returns what becomes of a view's columns.
pub fn feeds_of(view: &View) -> &'static [&'static Feed] {
    BY_VIEW.get(view.name).map(Vec::as_slice).unwrap_or_default()
}

fn build() -> Vec<Feed> {
    let named: Vec<Feed> = receiver::METRICS.iter().flat_map(of_receiver).collect();
    let is_named = |view: &View, index: usize| {
        named.iter().any(|feed| feed.view.name == view.name && feed.column_index == index)
    };
    let all = views::ALL.iter().flat_map(|view| (0..view.columns.len()).map(move |index| (*view, index)));
    let others: Vec<Feed> = all
        .filter(|(view, index)| !is_named(view, *index))
        .filter_map(|(view, index)| of_column(view, index))
        .collect();
    named.into_iter().chain(others).collect()
}

fn of_receiver(metric: &'static ReceiverMetric) -> impl Iterator<Item = Feed> {
    metric.sources.iter().filter_map(|source| {
        Some(Feed {
            view: source.view,
            column_index: source.view.column_index(source.column)?,
            metric: Metric {
                name: metric.name.into(),
                unit: metric.unit,
                about: metric.about.into(),
                kind: metric.kind,
                family: source.view.name,
            },
            attribute: source.attribute,
            convert: source.convert,
            is_receivers: true,
        })
    })
}

/// A column of a view that has a shape; the statements have their own.
fn of_column(view: &'static View, column_index: usize) -> Option<Feed> {
    let column = &view.columns[column_index];
    let has_shape = shape_of(view).is_some() || view.name == statements::VIEW.name;
    if !has_shape || left_out::reason(view.name, column.name).is_some() {
        return None;
    }
    let metric = Metric {
        name: name_of(view, column).into(),
        unit: ucum(column.unit),
        about: Cow::Owned(format!("{}.{}", view.name, column.name)),
        kind: kind_of(column)?,
        family: view.name,
    };
    Some(Feed { view, column_index, metric, attribute: None, convert: Convert::AsIs, is_receivers: false })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use pgquerylens_model::probe::PROBE;

    use super::*;

    #[test]
    fn every_figure_is_sent_or_left_out_with_a_reason() {
        for view in
            views::ALL.iter().copied().chain([&PROBE]).filter(|view| view.name != statements::INFO.name)
        {
            for (index, column) in
                view.columns.iter().enumerate().filter(|(_, column)| kind_of(column).is_some())
            {
                let sent = feeds_of(view).iter().any(|feed| feed.column_index == index);
                let left = left_out::reason(view.name, column.name).is_some();
                let told = view.name == PROBE.name && column.name == "max_connections";
                assert!(sent != left || told, "{}.{}: sent {sent}, left out {left}", view.name, column.name);
            }
        }
    }

    #[test]
    fn every_source_of_the_receivers_metrics_is_a_column() {
        for metric in receiver::METRICS {
            assert_eq!(of_receiver(metric).count(), metric.sources.len(), "{}", metric.name);
        }
    }

    #[test]
    fn a_name_of_ours_comes_from_one_column() {
        let ours: Vec<&str> =
            feeds().iter().filter(|feed| !feed.is_receivers).map(|feed| &*feed.metric.name).collect();
        assert_eq!(ours.iter().collect::<BTreeSet<_>>().len(), ours.len());
    }

    #[test]
    fn points_have_no_attributes_but_those_that_the_reference_says() {
        let points = crate::metrics::points(&crate::example::report());
        let mut looked_at = 0;
        for (metric, attributes) in made() {
            for point in points.iter().filter(|point| point.metric.name == metric.name) {
                looked_at += 1;
                for (key, _) in &point.attributes {
                    assert!(attributes.contains(key), "{} has {key}", metric.name);
                }
            }
        }
        assert!(looked_at > 10, "{looked_at}");
    }

    #[test]
    fn one_name_is_one_metric() {
        let mut known: BTreeMap<&str, &Metric> = BTreeMap::new();
        for feed in feeds() {
            let first = known.entry(&feed.metric.name).or_insert(&feed.metric);
            assert_eq!(
                (first.unit, first.kind),
                (feed.metric.unit, feed.metric.kind),
                "{}",
                feed.metric.name
            );
            assert_eq!(feed.is_receivers, receiver::METRICS.iter().any(|m| m.name == feed.metric.name));
        }
    }
}
