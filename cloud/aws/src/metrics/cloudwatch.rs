//! Metrics of CloudWatch, by GetMetricData: a value for each minute, under the minute's own time. Each metric that is asked
//! for is paid for at every call, however many minutes are in the answer, so that it is called seldom and for several.

mod delivered;
mod table;

use std::ops::Range;
use std::time::Duration;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode,
};
use pgquerylens_model::outside::{Findings, Measure};
use pgquerylens_model::window::Sum;

use self::delivered::Delivered;
use self::table::{Row, Scope};
use super::{MINUTE_SECONDS, from_seconds, minute};
use crate::error::unheard::{self, Trouble};
use crate::outside::{Heard, Look};

pub use self::delivered::LONGEST_PAUSE;
pub(crate) use self::table::METRICS;

/// What the source is called.
pub(crate) const NAME: &str = "cloudwatch";

/// How many metrics a call can ask for.
const MAX_QUERIES: usize = 500;
/// How many pages are read of an answer; one has room for 100,800 values.
const MAX_PAGES: usize = 10;
const NAMESPACE: &str = "AWS/RDS";
/// RDS writes one value a minute, which is its own average.
const STATISTIC: &str = "Average";

/// The right that it takes.
const ACTION: &str = "cloudwatch:GetMetricData";

const _: () = assert!(METRICS.len() <= MAX_QUERIES, "one call asks for all");

/// Asks for the minutes that are over, as long after the last time as it pauses.
pub(crate) async fn look(look: Look<'_>, pause: Duration) -> Heard {
    let mut delivered = Delivered::kept(look.kept(NAME));
    let Some(minutes) = delivered.due(minute(look.ask.now), pause) else { return Ok(None) };
    let is_asked = |row: &&Row| row.scope.is_of(look.facts, look.ask.identity.in_recovery);
    let rows: Vec<&'static Row> = METRICS.iter().filter(is_asked).collect();
    let mut findings = Findings::default();
    for result in results(look, &rows, minutes).await? {
        if result.status_code() == Some(&StatusCode::Forbidden) {
            return Err(unheard::forbidden(ACTION));
        }
        if let Some(row) = result.id().and_then(place).and_then(|place| rows.get(place)) {
            findings.measures.extend(measures(row, &result, &mut delivered));
        }
    }
    findings.memory.keep(NAME, delivered.keep());
    Ok(Some(findings))
}

/// Reads an answer to its end; half an answer is none, and is asked for again.
async fn results(
    look: Look<'_>,
    rows: &[&'static Row],
    minutes: Range<i64>,
) -> Result<Vec<MetricDataResult>, Trouble> {
    let client = Client::new(look.session);
    let queries: Vec<_> = rows.iter().enumerate().map(|(place, row)| query(place, row, look)).collect();
    let moment = |minute: i64| DateTime::from_secs(minute * MINUTE_SECONDS);
    let mut results = Vec::new();
    let mut token = None;
    for _ in 0..MAX_PAGES {
        let call = client
            .get_metric_data()
            .set_metric_data_queries(Some(queries.clone()))
            .start_time(moment(minutes.start))
            .end_time(moment(minutes.end))
            .scan_by(ScanBy::TimestampAscending)
            .set_next_token(token);
        let answer = call.send().await.map_err(|failed| unheard::trouble(&failed, ACTION, "CloudWatch"))?;
        results.extend(answer.metric_data_results.unwrap_or_default());
        token = answer.next_token;
        if token.is_none() {
            return Ok(results);
        }
    }
    Err(unheard::endless(MAX_PAGES))
}

/// A query is called by its place in the table: names have letters that an id cannot.
fn query(place: usize, row: &Row, look: Look<'_>) -> MetricDataQuery {
    let (dimension, value) = match row.scope {
        Scope::Volume => ("DBClusterIdentifier", look.facts.cluster.as_deref().unwrap_or_default()),
        _ => ("DBInstanceIdentifier", look.identifier),
    };
    let dimension = Dimension::builder().name(dimension).value(value).build();
    let metric = Metric::builder().namespace(NAMESPACE).metric_name(row.name).dimensions(dimension).build();
    let seconds = i32::try_from(MINUTE_SECONDS).unwrap_or_default();
    let stat = MetricStat::builder().metric(metric).period(seconds).stat(STATISTIC).build();
    MetricDataQuery::builder().id(format!("m{place}")).metric_stat(stat).build()
}

fn place(id: &str) -> Option<usize> {
    id.strip_prefix('m')?.parse().ok()
}

/// Returns the values that are new. No metric here can be negative: one that is says that there is nothing, as of a lag
/// without a replica.
fn measures(row: &'static Row, result: &MetricDataResult, delivered: &mut Delivered) -> Vec<Measure> {
    let values = result.timestamps().iter().zip(result.values()).filter(|(_, value)| **value >= 0.0);
    let new = values.filter_map(|(time, value)| {
        let time = from_seconds(time.secs());
        delivered.note(row.name, minute(time)).then_some(Measure {
            metric: &row.metric,
            attributes: Vec::new(),
            start: None,
            time,
            value: Sum::Float(*value),
        })
    });
    new.collect()
}
