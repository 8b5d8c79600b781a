//! What a poll found as metrics: names, units, points with their starts. No wire format yet; [`crate::otlp`] makes one.
//!
//! Metrics of OpenTelemetry's postgresqlreceiver keep its names ([`receiver`]); every other column that can be
//! measured gets a name made of PostgreSQL's own ([`columns`]). A column is sent under one name or is listed as left
//! out, with the reason.

pub mod catalogue;
pub mod columns;
mod derived;
mod health;
pub mod left_out;
mod outside;
mod owner;
pub mod receiver;
mod rows;
pub mod statements;
mod vectors;

use pgquerylens_model::report::PollReport;
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::window::Sum;

pub use health::down_points;
pub use owner::Owner;
pub use pgquerylens_model::metric::{Attribute, Metric, MetricKind, Value};

use columns::Shared;

/// One value of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Point<'m> {
    /// The metric.
    pub metric: &'m Metric,
    /// Whose value it is.
    pub owner: Owner,
    /// What tells the series apart from others of the owner.
    pub attributes: Vec<Attribute>,
    /// When the value began at nothing; none for levels.
    pub start: Option<Timestamp>,
    /// When it was read, by the database's clock.
    pub time: Timestamp,
    /// The value since the start, or the level.
    pub value: Sum,
    /// What the last window added, and when it began; none where no difference is known.
    pub added: Option<(Timestamp, Sum)>,
}

/// Returns every point of a poll, ordered by owner, metric and attributes, each series once.
pub fn points(report: &PollReport) -> Vec<Point<'static>> {
    let Some(metrics) = &report.metrics else { return Vec::new() };
    let mut points = rows::points(metrics);
    points.extend(derived::points(metrics));
    points.extend(statements::points(metrics));
    points.extend(vectors::points(metrics));
    points.extend(health::points(report, metrics));
    points.extend(outside::points(metrics));
    points.sort_by(|a, b| identity(a).cmp(&identity(b)));
    points
}

/// Puts the points of one view's rows that are one series into one: two functions of a name, locks of two relations.
fn one_per_series(mut points: Vec<Point<'static>>, shared: Shared) -> Vec<Point<'static>> {
    points.sort_by(|a, b| identity(a).cmp(&identity(b)));
    points.dedup_by(|later, first| {
        let same = identity(later) == identity(first);
        if same {
            match shared {
                Shared::AddedUp => first.value = first.value.plus(later.value),
                Shared::Largest if later.value.as_f64() > first.value.as_f64() => first.value = later.value,
                Shared::Largest => {}
            }
            first.start = first.start.min(later.start);
            // A row that did not change has added nothing.
            first.added = match (first.added, later.added) {
                (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.plus(b.1))),
                (one, other) => one.or(other),
            };
        }
        same
    });
    points
}

fn identity<'p>(point: &'p Point<'_>) -> (&'p Owner, &'p str, &'p [Attribute]) {
    (&point.owner, &point.metric.name, &point.attributes)
}
