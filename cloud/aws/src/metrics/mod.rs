//! Figures that AWS has of a server: of the machine beneath it and of the storage behind it, which PostgreSQL cannot tell.
//! Under which names they are sent is in docs/adr/0015-metrics-of-aws.md.

pub(crate) mod cloudwatch;
pub(crate) mod enhanced;
pub(crate) mod insights;

use std::borrow::Cow;

use pgquerylens_model::metric::{Metric, MetricKind};
use pgquerylens_model::time::Timestamp;

pub use self::cloudwatch::LONGEST_PAUSE;

/// Microseconds of a second, and of a millisecond.
const SECOND: i64 = 1_000_000;
const MILLISECOND: i64 = 1_000;
/// What metrics of one-minute periods stand on.
const MINUTE_SECONDS: i64 = 60;

/// Returns every metric with the attributes that its points have, for the reference.
pub fn all() -> impl Iterator<Item = (&'static Metric, Vec<&'static str>)> {
    let of_cloudwatch = cloudwatch::METRICS.iter().map(|row| (&row.metric, Vec::new()));
    of_cloudwatch.chain(enhanced::metrics()).chain(insights::metrics())
}

/// A level, with a unit as UCUM writes it.
const fn level(name: &'static str, unit: &'static str, about: &'static str, family: &'static str) -> Metric {
    Metric { name: Cow::Borrowed(name), unit, about: Cow::Borrowed(about), kind: MetricKind::Gauge, family }
}

const fn from_seconds(seconds: i64) -> Timestamp {
    Timestamp(seconds.saturating_mul(SECOND))
}

/// Returns the minute that a moment is in, counted from 1970.
const fn minute(moment: Timestamp) -> i64 {
    moment.0.div_euclid(SECOND * MINUTE_SECONDS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_name_is_ours_or_of_the_conventions_and_there_once() {
        let names: Vec<&str> = all().map(|(metric, _)| &*metric.name).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        for (metric, _) in all() {
            let prefix = if metric.family == enhanced::NAME { "aws.rds.os." } else { "aws.rds." };
            let of_conventions = metric.family == enhanced::NAME && metric.name.starts_with("system.");
            assert!(metric.name.starts_with(prefix) || of_conventions, "{}", metric.name);
            assert!(!metric.about.is_empty() && !metric.unit.is_empty(), "{}", metric.name);
        }
    }
}
