//! What others tell of the server, under the names that they brought.

use pgquerylens_model::outside::Measure;
use pgquerylens_model::report::UnifiedMetrics;

use super::{Owner, Point};

pub(super) fn points(metrics: &UnifiedMetrics) -> impl Iterator<Item = Point<'static>> {
    metrics.measures.iter().map(point)
}

/// A source that counts keeps its own sums: what the last look added is not known apart.
fn point(measure: &Measure) -> Point<'static> {
    let Measure { metric, attributes, start, time, value } = measure.clone();
    Point { metric, owner: Owner::Server, attributes, start, time, value, added: None }
}
