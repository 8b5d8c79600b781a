//! Load by Performance Insights, by GetResourceMetrics: how many sessions were active on average in each minute, by what they
//! waited for and by which statement they ran. A statement is named by its ids alone. Its text, which the service would tell,
//! is cut there at 500 bytes and may have literals; ours comes from the server itself, under the same query id.

use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;

use aws_sdk_pi::Client;
use aws_sdk_pi::primitives::DateTime;
use aws_sdk_pi::types::{DimensionGroup, MetricKeyDataPoints, MetricQuery, ServiceType};
use pgquerylens_model::metric::{Attribute, Metric, Value};
use pgquerylens_model::outside::{Findings, Measure};
use pgquerylens_model::window::Sum;

use super::{MINUTE_SECONDS, from_seconds, level, minute};
use crate::error::unheard::{self, Trouble};
use crate::outside::{Heard, Look};

/// What the source is called.
pub(crate) const NAME: &str = "performance-insights";

const LOAD: &str = "db.load.avg";
/// How many waits and how many statements are told apart in each look.
const GROUPS: i32 = 10;
/// How many series a page has: the most that the service gives.
const PAGE: i32 = 25;
const MAX_PAGES: usize = 10;
/// How far back the first look goes, and how far the longest after a pause.
const FIRST_SECONDS: i64 = 5 * MINUTE_SECONDS;
const LONGEST_SECONDS: i64 = 60 * MINUTE_SECONDS;

/// How old a minute is before it is asked for. One that is not told yet comes without a value, which the SDK takes for 0.
const SETTLING_SECONDS: i64 = MINUTE_SECONDS;

/// The right that it takes.
const ACTION: &str = "pi:GetResourceMetrics";

static TOTAL: Metric =
    level("aws.rds.db_load", "{session}", "Sessions that were active, on average over a minute", NAME);
static BY_WAIT: Metric = level(
    "aws.rds.db_load.by_wait_event",
    "{session}",
    "The same by what they waited for, `CPU` for nothing; the first ten",
    NAME,
);
static BY_STATEMENT: Metric = level(
    "aws.rds.db_load.by_statement",
    "{session}",
    "The same by the statement that they ran; the first ten",
    NAME,
);

/// Returns all metrics with their attributes, for the reference.
pub(crate) fn metrics() -> impl Iterator<Item = (&'static Metric, Vec<&'static str>)> {
    let apart = GROUPINGS.iter().map(|grouping| {
        (grouping.metric, grouping.dimensions.iter().map(|(_, attribute)| *attribute).collect())
    });
    std::iter::once((&TOTAL, Vec::new())).chain(apart)
}

/// What load is told apart by: a group of dimensions, the ones of these that we ask for, and what they are called here.
struct Grouping {
    group: &'static str,
    dimensions: [(&'static str, &'static str); 2],
    metric: &'static Metric,
}

static GROUPINGS: [Grouping; 2] = [
    Grouping {
        group: "db.wait_event",
        dimensions: [("db.wait_event.type", "wait_event_type"), ("db.wait_event.name", "wait_event")],
        metric: &BY_WAIT,
    },
    Grouping {
        group: "db.sql_tokenized",
        // PostgreSQL's query id is the join with what the server itself tells of the statement.
        dimensions: [
            ("db.sql_tokenized.id", "aws.rds.sql_tokenized.id"),
            ("db.sql_tokenized.db_id", "postgresql.queryid"),
        ],
        metric: &BY_STATEMENT,
    },
];

/// Asks for the minutes since the last one that was told.
pub(crate) async fn look(look: Look<'_>) -> Heard {
    if !look.facts.has_insights {
        return Err(unheard::insights_off(look.identifier));
    }
    let end = minute(look.ask.now) * MINUTE_SECONDS - SETTLING_SECONDS;
    let told = told(look.kept(NAME), end);
    let start = told.map_or(end - FIRST_SECONDS, |told| told.max(end - LONGEST_SECONDS));
    if start >= end {
        return Ok(None);
    }
    let series = series(look, start, end).await?;
    let told = told.unwrap_or(i64::MIN);
    let totals = series.iter().filter(|one| dimensions(one).is_none()).flat_map(values);
    let mut findings = Findings::default();
    // A minute that has a total is told whole, and the next look goes on behind it.
    if let Some(last) = totals.map(|(seconds, _)| seconds).max().filter(|last| *last > told) {
        findings.measures = measures(&series, told + 1..=last);
        findings.memory.keep(NAME, last.to_string());
    }
    Ok(Some(findings))
}

/// Returns the last minute that was told, in seconds since 1970. A clock that went far back begins anew, since nothing
/// would be due for as long.
fn told(kept: Option<&str>, end: i64) -> Option<i64> {
    kept?.parse().ok().filter(|told| told - end <= LONGEST_SECONDS)
}

/// Reads an answer to its end; half an answer is none, and is asked for again.
async fn series(look: Look<'_>, start: i64, end: i64) -> Result<Vec<MetricKeyDataPoints>, Trouble> {
    let client = Client::new(look.session);
    let queries: Vec<MetricQuery> = GROUPINGS.iter().map(query).collect();
    let mut series = Vec::new();
    let mut token = None;
    for _ in 0..MAX_PAGES {
        let call = client
            .get_resource_metrics()
            .service_type(ServiceType::Rds)
            .identifier(&look.facts.resource_id)
            .set_metric_queries(Some(queries.clone()))
            .start_time(DateTime::from_secs(start))
            .end_time(DateTime::from_secs(end))
            .period_in_seconds(i32::try_from(MINUTE_SECONDS).unwrap_or_default())
            .max_results(PAGE)
            .set_next_token(token);
        let answer =
            call.send().await.map_err(|failed| unheard::trouble(&failed, ACTION, "Performance Insights"))?;
        series.extend(answer.metric_list.unwrap_or_default());
        token = answer.next_token;
        if token.is_none() {
            return Ok(series);
        }
    }
    Err(unheard::endless(MAX_PAGES))
}

fn query(grouping: &Grouping) -> MetricQuery {
    let dimensions = grouping.dimensions.iter().map(|(name, _)| (*name).to_owned()).collect();
    let group =
        DimensionGroup::builder().group(grouping.group).set_dimensions(Some(dimensions)).limit(GROUPS);
    let group = group.build().expect("a group has a name");
    MetricQuery::builder().metric(LOAD).group_by(group).build().expect("a query has a metric")
}

/// Returns the values of these moments, each of a series once: the total is in the answer to every query.
fn measures(series: &[MetricKeyDataPoints], moments: RangeInclusive<i64>) -> Vec<Measure> {
    let mut seen = BTreeSet::new();
    let mut measures = Vec::new();
    for one in series {
        let Some((metric, attributes)) = named(one) else { continue };
        for (seconds, value) in values(one).filter(|(seconds, _)| moments.contains(seconds)) {
            if seen.insert((&metric.name, attributes.clone(), seconds)) {
                let time = from_seconds(seconds);
                let value = Sum::Float(value);
                measures.push(Measure { metric, attributes: attributes.clone(), start: None, time, value });
            }
        }
    }
    measures
}

/// Returns moments with values, of those that are numbers.
fn values(series: &MetricKeyDataPoints) -> impl Iterator<Item = (i64, f64)> {
    let points = series.data_points().iter().map(|point| (point.timestamp().secs(), point.value()));
    points.filter(|(_, value)| value.is_finite())
}

/// Returns what tells a series apart; nothing for the total.
fn dimensions(series: &MetricKeyDataPoints) -> Option<&HashMap<String, String>> {
    series.key()?.dimensions().filter(|said| !said.is_empty())
}

/// Returns the metric of a series and what tells it apart; nothing of a series that nobody asked for.
fn named(series: &MetricKeyDataPoints) -> Option<(&'static Metric, Vec<Attribute>)> {
    let Some(said) = dimensions(series) else { return Some((&TOTAL, Vec::new())) };
    let grouping = GROUPINGS.iter().find(|grouping| said.contains_key(grouping.dimensions[0].0))?;
    let attribute =
        |(name, ours): &(&str, &'static str)| Some((*ours, Value::Text(said.get(*name)?.clone())));
    Some((grouping.metric, grouping.dimensions.iter().filter_map(attribute).collect()))
}
