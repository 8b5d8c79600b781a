//! What statements do with the vectors of pgvector, under the names of OpenTelemetry's postgresqlreceiver. They are running
//! sums of ours, so that they do not fall with evictions as the receiver's do.

use std::borrow::Cow;

use pgquerylens_model::report::UnifiedMetrics;
use pgquerylens_model::running::{EXECUTION_TIME, Running};
use pgquerylens_model::vectors::VectorUse;
use pgquerylens_model::views::statements::VIEW;
use pgquerylens_model::window::Sum;

use super::catalogue::Made;
use super::statements::seconds;
use super::{Metric, MetricKind, Owner, Point, Value};

/// The distance that a search computes.
const DISTANCE: &str = "postgresql.distance.function.name";

const fn counter(name: &'static str, unit: &'static str, about: &'static str) -> Metric {
    Metric {
        name: Cow::Borrowed(name),
        unit,
        about: Cow::Borrowed(about),
        kind: MetricKind::Counter,
        family: VIEW.name,
    }
}

static SEARCH_CALLS: Metric = counter(
    "postgresql.vector.search.calls",
    "{search}",
    "Executions of statements that compute a distance of pgvector",
);
static SEARCH_DURATION: Metric =
    counter("postgresql.vector.search.duration", "s", "Execution time of these statements");
static SEARCH_ROWS: Metric =
    counter("postgresql.vector.search.rows_returned", "{rows}", "Rows that they returned");
static INSERT_ROWS: Metric =
    counter("postgresql.vector.insert.rows", "{vectors}", "Rows written to tables with vectors of pgvector");
static INSERT_DURATION: Metric =
    counter("postgresql.vector.insert.duration", "s", "Execution time of the statements that write them");

/// All of them, for the reference.
pub(super) static METRICS: [Made; 5] = [
    (&SEARCH_CALLS, &[DISTANCE]),
    (&SEARCH_DURATION, &[DISTANCE]),
    (&SEARCH_ROWS, &[DISTANCE]),
    (&INSERT_ROWS, &[]),
    (&INSERT_DURATION, &[]),
];

pub(super) fn points(metrics: &UnifiedMetrics) -> Vec<Point<'static>> {
    let Some(statements) = &metrics.statements else { return Vec::new() };
    let Some(running) = &statements.running else { return Vec::new() };
    let (from, to) = (statements.window.from, statements.window.to);
    let of_one = |(database, vector_use, sums): &(String, VectorUse, Running)| {
        let (made, attributes): (&[(&'static Metric, &str)], _) = match vector_use {
            VectorUse::Insert => (&[(&INSERT_ROWS, "rows"), (&INSERT_DURATION, EXECUTION_TIME)], Vec::new()),
            VectorUse::Search { distance } => (
                &[(&SEARCH_CALLS, "calls"), (&SEARCH_DURATION, EXECUTION_TIME), (&SEARCH_ROWS, "rows")],
                vec![(DISTANCE, Value::Text(distance.clone()))],
            ),
        };
        let point = |(metric, column): &(&'static Metric, &str)| {
            let (value, added) = values(sums, column)?;
            Some(Point {
                metric,
                owner: Owner::Database(database.clone()),
                attributes: attributes.clone(),
                start: Some(sums.start),
                time: to,
                value,
                added: from.zip(added),
            })
        };
        made.iter().filter_map(point).collect::<Vec<_>>()
    };
    running.vectors.iter().flat_map(of_one).collect()
}

/// Returns the sum of a column and what the last window added to it.
fn values(running: &Running, column: &str) -> Option<(Sum, Option<Sum>)> {
    let index = VIEW.column_index(column)?;
    match column {
        EXECUTION_TIME => Some((seconds(&running.sums, index)?, seconds(&running.added, index))),
        _ => Some((running.sums[index]?, running.added[index])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;

    /// So many calls, rows and milliseconds; half of each in the last window.
    fn running(calls: i64, rows: i64, time: f64) -> Running {
        let mut running = Running {
            start: example::NOW,
            sums: vec![None; VIEW.columns.len()],
            added: vec![None; VIEW.columns.len()],
        };
        for (name, sum, added) in [
            ("calls", Sum::Int(calls), Sum::Int(calls / 2)),
            ("rows", Sum::Int(rows), Sum::Int(rows / 2)),
            (EXECUTION_TIME, Sum::Float(time), Sum::Float(time / 2.0)),
        ] {
            let index = VIEW.column_index(name).unwrap();
            (running.sums[index], running.added[index]) = (Some(sum), Some(added));
        }
        running
    }

    #[test]
    fn they_have_the_receivers_names_units_and_attributes() {
        let mut report = example::report();
        let statements = report.metrics.as_mut().and_then(|metrics| metrics.statements.as_mut()).unwrap();
        statements.running.as_mut().unwrap().vectors = vec![
            ("shop".to_owned(), VectorUse::Search { distance: "l2".to_owned() }, running(8, 20, 3_000.0)),
            ("shop".to_owned(), VectorUse::Insert, running(2, 6, 500.0)),
        ];
        let shown = points(report.metrics.as_ref().unwrap()).into_iter().map(|point| {
            let Metric { name, unit, .. } = point.metric;
            let added = point.added.map_or(0.0, |(_, added)| added.as_f64());
            format!("{name} {unit} {:?} {} +{added}", point.attributes, point.value.as_f64())
        });
        let search = "[(\"postgresql.distance.function.name\", Text(\"l2\"))]";
        assert_eq!(
            shown.collect::<Vec<_>>(),
            [
                format!("postgresql.vector.search.calls {{search}} {search} 8 +4"),
                format!("postgresql.vector.search.duration s {search} 3 +1.5"),
                format!("postgresql.vector.search.rows_returned {{rows}} {search} 20 +10"),
                "postgresql.vector.insert.rows {vectors} [] 6 +3".to_owned(),
                "postgresql.vector.insert.duration s [] 0.5 +0.25".to_owned(),
            ]
        );
    }
}
