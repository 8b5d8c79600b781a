//! The counts of a log as measures, under names of our own with OpenTelemetry's attributes.

use std::borrow::Cow;

use super::counts::Counts;
use super::{Severity, Sqlstate};
use crate::metric::{Attribute, Metric, MetricKind, Value};
use crate::outside::Measure;
use crate::time::Timestamp;
use crate::window::Sum;

/// The family of what a log tells.
const FAMILY: &str = "postgresql_log";
/// How grave entries are.
const SEVERITY: &str = "postgresql.log.severity";
/// OpenTelemetry's name of a database's own code of an error: the SQLSTATE.
const SQLSTATE: &str = "db.response.status_code";
/// Its first two letters.
const CLASS: &str = "postgresql.sqlstate.class";
/// The database.
const DATABASE: &str = "db.namespace";
/// On what is left after all series that there may be: `other`.
const PART: &str = "pgquerylens.part";

static ENTRIES: Metric = Metric {
    name: Cow::Borrowed("postgresql.log.entries"),
    unit: "{entry}",
    about: Cow::Borrowed("Entries of the server's log from WARNING on"),
    kind: MetricKind::Counter,
    family: FAMILY,
};
static PLANS: Metric = Metric {
    name: Cow::Borrowed("postgresql.log.plans"),
    unit: "{plan}",
    about: Cow::Borrowed("Plans that auto_explain wrote to the server's log"),
    kind: MetricKind::Counter,
    family: FAMILY,
};
static UNREAD: Metric = Metric {
    name: Cow::Borrowed("postgresql.log.unread"),
    unit: "By",
    about: Cow::Borrowed("What of the server's log the last look did not come to"),
    kind: MetricKind::Gauge,
    family: FAMILY,
};

/// All of them, with the attributes that their points can have.
pub static METRICS: [(&Metric, &[&str]); 3] =
    [(&ENTRIES, &[SEVERITY, SQLSTATE, CLASS, DATABASE, PART]), (&PLANS, &[]), (&UNREAD, &[])];

/// Returns the sums as they are at a moment, and how many bytes are still to be read.
pub fn measures(counts: &Counts, unread_bytes: u64, now: Timestamp) -> Vec<Measure> {
    let sum = |metric, attributes, count| Measure {
        metric,
        attributes,
        start: Some(counts.start),
        time: now,
        value: Sum::Int(i64::try_from(count).unwrap_or(i64::MAX)),
    };
    let series = counts.series().map(|(series, count)| {
        let database = series.database.as_ref().map(|name| (DATABASE, Value::Text(name.clone())));
        let attributes =
            [severity(series.severity)].into_iter().chain(code(series.sqlstate.as_ref())).chain(database);
        sum(&ENTRIES, attributes.collect(), count)
    });
    let others = counts
        .others()
        .map(|(of, count)| sum(&ENTRIES, vec![severity(of), (PART, Value::Text("other".to_owned()))], count));
    let unread = Sum::Int(i64::try_from(unread_bytes).unwrap_or(i64::MAX));
    let unread = Measure { metric: &UNREAD, attributes: Vec::new(), start: None, time: now, value: unread };
    series.chain(others).chain([sum(&PLANS, Vec::new(), counts.plans), unread]).collect()
}

fn severity(severity: Severity) -> Attribute {
    (SEVERITY, Value::Text(severity.name().to_owned()))
}

fn code(code: Option<&Sqlstate>) -> impl Iterator<Item = Attribute> {
    let text = |text: &str| Value::Text(text.to_owned());
    code.map(|code| [(SQLSTATE, text(code.as_str())), (CLASS, text(code.class()))]).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Entry;

    #[test]
    fn every_series_has_its_start_and_its_attributes() {
        let mut counts = Counts::begun(Timestamp(5));
        let entry = Entry {
            time: None,
            user: Some("app"),
            database: Some("shop"),
            sqlstate: Sqlstate::of("23505"),
            severity: Severity::Error,
            message: "",
        };
        counts.add(&entry);
        counts.add(&Entry { sqlstate: None, database: None, ..entry });
        counts.plans = 3;
        let measures = measures(&counts, 7, Timestamp(9));
        let told: Vec<String> = measures
            .iter()
            .map(|measure| {
                let attributes = measure.attributes.iter().map(|(name, value)| match value {
                    Value::Text(text) => format!(" {name}={text}"),
                    other => format!(" {name}={other:?}"),
                });
                let start = measure.start.map(|start| start.0);
                format!(
                    "{} {:?} {start:?}{}",
                    measure.metric.name,
                    measure.value,
                    attributes.collect::<String>()
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "postgresql.log.entries Int(1) Some(5) postgresql.log.severity=ERROR",
                "postgresql.log.entries Int(1) Some(5) postgresql.log.severity=ERROR db.response.status_code=23505 \
                 postgresql.sqlstate.class=23 db.namespace=shop",
                "postgresql.log.plans Int(3) Some(5)",
                "postgresql.log.unread Int(7) None",
            ]
        );
    }
}
