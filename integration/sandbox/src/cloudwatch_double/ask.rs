//! What is asked for, read and checked as the reference says.

use std::collections::BTreeSet;

use ciborium::Value;

use crate::rpc_v2::{Members, list, members, none_left, seconds, take, text, whole};

const MAX_QUERIES: usize = 500;
const MAX_NAME: usize = 255;
const MAX_DIMENSIONS: usize = 30;
const MAX_DATAPOINTS: i64 = 100_800;
/// Periods of high resolution; all others are whole minutes.
const SHORT_PERIODS: [i64; 5] = [1, 5, 10, 20, 30];
const STATISTICS: [&str; 5] = ["Average", "Sum", "Minimum", "Maximum", "SampleCount"];
const ORDERS: [&str; 2] = ["TimestampAscending", "TimestampDescending"];

/// A metric with its dimensions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series {
    namespace: String,
    pub(super) metric: String,
    /// Names and values, sorted.
    dimensions: Vec<(String, String)>,
}

impl Series {
    /// Returns a metric of RDS with one dimension.
    pub fn of_rds(metric: &str, dimension: (&str, &str)) -> Series {
        let (name, value) = dimension;
        Series {
            namespace: "AWS/RDS".to_owned(),
            metric: metric.to_owned(),
            dimensions: vec![(name.to_owned(), value.to_owned())],
        }
    }
}

/// What one call asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) queries: Vec<(String, Series)>,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) is_ascending: bool,
    pub(super) page: usize,
    pub(super) token: Option<String>,
}

/// Reads what a body says; what is wrong with it otherwise.
pub(super) fn read(mut said: Members, page: usize) -> Result<Ask, String> {
    let queries = list(take(&mut said, "MetricDataQueries")?)?;
    if !(1..=MAX_QUERIES).contains(&queries.len()) {
        return Err(format!("{} MetricDataQueries: there are 1 to {MAX_QUERIES}", queries.len()));
    }
    let queries = queries.into_iter().map(query).collect::<Result<Vec<_>, String>>()?;
    let ids: BTreeSet<&str> = queries.iter().map(|(id, _)| id.as_str()).collect();
    if ids.len() != queries.len() {
        return Err("two MetricDataQueries have one Id".to_owned());
    }
    let start = seconds(&take(&mut said, "StartTime")?)?;
    let end = seconds(&take(&mut said, "EndTime")?)?;
    if start >= end {
        return Err("StartTime must be less than EndTime".to_owned());
    }
    let order = said.remove("ScanBy").map(text).transpose()?.unwrap_or_else(|| ORDERS[1].to_owned());
    if !ORDERS.contains(&order.as_str()) {
        return Err(format!("ScanBy is {order}"));
    }
    let most = said.remove("MaxDatapoints").map_or(Ok(MAX_DATAPOINTS), |most| whole(&most))?;
    if !(1..=MAX_DATAPOINTS).contains(&most) {
        return Err(format!("MaxDatapoints is {most}"));
    }
    let token = said.remove("NextToken").map(text).transpose()?;
    none_left(&said)?;
    let page = page.min(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(Ask { queries, start, end, is_ascending: order == ORDERS[0], page, token })
}

fn query(value: Value) -> Result<(String, Series), String> {
    let mut said = members(value)?;
    let id = text(take(&mut said, "Id")?)?;
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if !id.starts_with(|first: char| first.is_ascii_lowercase())
        || !id.chars().all(is_word)
        || id.len() > MAX_NAME
    {
        return Err(format!("{id} is no Id: a lowercase letter, then letters, numbers and underscores"));
    }
    let stat = said
        .remove("MetricStat")
        .ok_or(format!("{id} has no MetricStat, and expressions are not known here"))?;
    none_left(&said)?;
    Ok((id, metric_stat(stat)?))
}

fn metric_stat(value: Value) -> Result<Series, String> {
    let mut said = members(value)?;
    let metric = take(&mut said, "Metric")?;
    let period = whole(&take(&mut said, "Period")?)?;
    if !SHORT_PERIODS.contains(&period) && (period <= 0 || period % 60 != 0) {
        return Err(format!("a Period of {period}"));
    }
    let statistic = text(take(&mut said, "Stat")?)?;
    if !STATISTICS.contains(&statistic.as_str()) {
        return Err(format!("the Stat {statistic} is not known here"));
    }
    none_left(&said)?;
    series(metric)
}

fn series(value: Value) -> Result<Series, String> {
    let mut said = members(value)?;
    let namespace = name(take(&mut said, "Namespace")?)?;
    if namespace.starts_with(':') {
        return Err(format!("{namespace} is no Namespace"));
    }
    let metric = name(take(&mut said, "MetricName")?)?;
    let listed = said.remove("Dimensions").map_or(Ok(Vec::new()), list)?;
    if listed.len() > MAX_DIMENSIONS {
        return Err(format!("{} Dimensions: there are at most {MAX_DIMENSIONS}", listed.len()));
    }
    none_left(&said)?;
    let mut dimensions = listed.into_iter().map(dimension).collect::<Result<Vec<_>, String>>()?;
    dimensions.sort();
    Ok(Series { namespace, metric, dimensions })
}

fn dimension(value: Value) -> Result<(String, String), String> {
    let mut said = members(value)?;
    let (key, value) = (name(take(&mut said, "Name")?)?, name(take(&mut said, "Value")?)?);
    none_left(&said)?;
    Ok((key, value))
}

fn name(value: Value) -> Result<String, String> {
    let name = text(value)?;
    let fits = (1..=MAX_NAME).contains(&name.len()) && name.is_ascii() && !name.trim().is_empty();
    if fits { Ok(name) } else { Err(format!("{name:?} is no name")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc_v2::{moment, structure};

    fn said(queries: Vec<Value>, start: i64, end: i64) -> Members {
        let value = structure([
            ("MetricDataQueries", Value::Array(queries)),
            ("StartTime", moment(start)),
            ("EndTime", moment(end)),
        ]);
        members(value).unwrap()
    }

    fn one(id: &str, period: i64, stat: &str) -> Value {
        let dimension = structure([("Name", "DBInstanceIdentifier".into()), ("Value", "shop".into())]);
        let metric = structure([
            ("Namespace", "AWS/RDS".into()),
            ("MetricName", "ReadIOPS".into()),
            ("Dimensions", Value::Array(vec![dimension])),
        ]);
        let stat = structure([("Metric", metric), ("Period", period.into()), ("Stat", stat.into())]);
        structure([("Id", id.into()), ("MetricStat", stat)])
    }

    #[test]
    fn what_the_reference_asks_for_is_asked_for() {
        let ask = read(said(vec![one("m0", 60, "Average")], 0, 60), 7).unwrap();
        let series = Series::of_rds("ReadIOPS", ("DBInstanceIdentifier", "shop"));
        assert_eq!(ask.queries, [("m0".to_owned(), series)]);
        assert_eq!((ask.start, ask.end, ask.is_ascending, ask.page), (0, 60, false, 7));
        let without = |name: &str| {
            let mut said = said(vec![one("m0", 60, "Average")], 0, 60);
            said.remove(name);
            said
        };
        let twice = vec![one("m0", 60, "Average"), one("m0", 60, "Average")];
        let many = (0..501).map(|at| one(&format!("m{at}"), 60, "Average")).collect();
        let mut stranger = without("");
        stranger.insert("Namespace".to_owned(), "AWS/RDS".into());
        for (said, why) in [
            (without("StartTime"), "StartTime is missing"),
            (without("MetricDataQueries"), "MetricDataQueries is missing"),
            (said(Vec::new(), 0, 60), "0 MetricDataQueries"),
            (said(many, 0, 60), "501 MetricDataQueries"),
            (said(twice, 0, 60), "one Id"),
            (said(vec![one("M0", 60, "Average")], 0, 60), "M0 is no Id"),
            (said(vec![one("m-0", 60, "Average")], 0, 60), "m-0 is no Id"),
            (said(vec![one("m0", 90, "Average")], 0, 60), "a Period of 90"),
            (said(vec![one("m0", 60, "Mean")], 0, 60), "the Stat Mean"),
            (said(vec![one("m0", 60, "Average")], 60, 60), "StartTime must be less"),
            (stranger, "not known here: Namespace"),
        ] {
            let refused = read(said, 7).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
