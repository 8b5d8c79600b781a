//! Points in CloudWatch's Embedded Metric Format: lines of JSON in a log, from which CloudWatch makes metrics.
//!
//! CloudWatch knows no running sums. A counter is sent as what it grew by, so that a line that arrives twice counts
//! twice; a level is sent as it is. Every set of dimensions is a metric of its own that has its price, so that a short
//! list of metrics is sent unless others are asked for, and no series of statements ever.
//!
//! Source: "Specification: Embedded metric format" in the CloudWatch user guide; `MetricDatum` and `Dimension` in its API
//! reference.

mod dimensions;
mod line;
mod selection;
mod unit;

use std::collections::BTreeMap;

use pgquerylens_model::metric::MetricKind;
use pgquerylens_model::report::PollReport;
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::window::Sum;

use crate::metrics::{Point, down_points, points};
use crate::origin::Origin;
use crate::otlp::Counts;

pub use dimensions::MAX_DIMENSIONS;
pub use line::MAX_METRICS;
pub use selection::{DEFAULT, Selection, of_statements, sendable};

use dimensions::Dimensions;
use line::Figure;

/// How lines are made.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoding {
    /// What CloudWatch files the metrics under.
    pub namespace: String,
    /// Which metrics are sent.
    pub selection: Selection,
}

/// Lines, each with its end, and the points in them by family.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// The lines.
    pub bytes: Vec<u8>,
    /// The points.
    pub counts: Counts,
}

/// Returns the lines of a poll.
pub fn encode(report: &PollReport, origin: &Origin, encoding: &Encoding) -> Lines {
    lines(&points(report), origin, encoding)
}

/// Returns the lines that say that a server was not read. `now` is our own clock: the server's is out of reach.
pub fn encode_down(
    now: Timestamp,
    last_good: Option<Timestamp>,
    origin: &Origin,
    encoding: &Encoding,
) -> Lines {
    lines(&down_points(now, last_good), origin, encoding)
}

/// What is of one moment and one set of dimensions shares lines.
fn lines(points: &[Point<'static>], origin: &Origin, encoding: &Encoding) -> Lines {
    let mut lines = Lines::default();
    let mut groups: BTreeMap<(Dimensions, i64), Vec<Figure<'_>>> = BTreeMap::new();
    for point in points.iter().filter(|point| encoding.selection.takes(point)) {
        let Some(value) = value(point) else { continue };
        let Some(dimensions) = Dimensions::of(point, origin) else { continue };
        let figure = Figure { name: &point.metric.name, unit: unit::of(point.metric.unit), value };
        groups.entry((dimensions, milliseconds(point.time))).or_default().push(figure);
        *lines.counts.entry(point.metric.family.to_owned()).or_default() += 1;
    }
    for ((dimensions, time), figures) in &groups {
        for figures in figures.chunks(MAX_METRICS) {
            let line = line::line(&encoding.namespace, dimensions, *time, figures, &origin.labels);
            lines.bytes.extend(line.into_bytes());
            lines.bytes.push(b'\n');
        }
    }
    lines
}

/// Returns what CloudWatch is told: what a counter grew by, where that is known, or a level.
fn value(point: &Point<'_>) -> Option<Sum> {
    let value = match point.metric.kind {
        MetricKind::Counter => point.added?.1,
        MetricKind::UpDownCounter | MetricKind::Gauge => point.value,
    };
    value.as_f64().is_finite().then_some(value)
}

fn milliseconds(moment: Timestamp) -> i64 {
    const MICROSECONDS_PER_MILLISECOND: i64 = 1_000;
    moment.0.div_euclid(MICROSECONDS_PER_MILLISECOND)
}

#[cfg(test)]
mod tests;
