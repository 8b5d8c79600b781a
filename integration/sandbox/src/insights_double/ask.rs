//! What is asked for, read and checked as the reference says.

use ciborium::Value;

use crate::rpc_v2::{Members, list, members, none_left, seconds, take, text, whole};

const MAX_QUERIES: usize = 15;
const MAX_GROUPS: i64 = 25;
const MAX_RESULTS: i64 = 25;
const MAX_DIMENSIONS: usize = 10;
const PERIODS: [i64; 5] = [1, 60, 300, 3_600, 86_400];
const METRIC: &str = "db.load.avg";
/// The groups with their dimensions, of those of PostgreSQL that are asked for here.
const GROUPS: [(&str, &[&str]); 2] = [
    ("db.wait_event", &["db.wait_event.name", "db.wait_event.type"]),
    ("db.sql_tokenized", &["db.sql_tokenized.id", "db.sql_tokenized.db_id", "db.sql_tokenized.statement"]),
];

/// What one call asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) queries: Vec<Query>,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) period: i64,
    pub(super) page: usize,
    pub(super) token: Option<String>,
}

/// One query: load, by a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    /// What every series of the group has.
    pub(super) group: &'static str,
    /// The dimensions that are told.
    pub(super) dimensions: Vec<String>,
    pub(super) limit: usize,
}

/// Reads what a body says; what is wrong with it otherwise.
pub(super) fn read(mut said: Members, resource_id: &str) -> Result<Ask, String> {
    if text(take(&mut said, "ServiceType")?)? != "RDS" {
        return Err("the ServiceType is not RDS".to_owned());
    }
    if text(take(&mut said, "Identifier")?)? != resource_id {
        return Err("the Identifier is not known".to_owned());
    }
    let queries = within(list(take(&mut said, "MetricQueries")?)?, MAX_QUERIES)?;
    let queries = queries.into_iter().map(query).collect::<Result<Vec<_>, String>>()?;
    let (start, end) = (seconds(&take(&mut said, "StartTime")?)?, seconds(&take(&mut said, "EndTime")?)?);
    if start >= end {
        return Err("StartTime must be earlier than EndTime".to_owned());
    }
    let period = whole(&take(&mut said, "PeriodInSeconds")?)?;
    if !PERIODS.contains(&period) {
        return Err(format!("the PeriodInSeconds is {period}"));
    }
    let page = at_most(&mut said, "MaxResults", MAX_RESULTS)?;
    let token = said.remove("NextToken").map(text).transpose()?;
    none_left(&said)?;
    Ok(Ask { queries, start, end, period, page, token })
}

fn query(value: Value) -> Result<Query, String> {
    let mut said = members(value)?;
    if text(take(&mut said, "Metric")?)? != METRIC {
        return Err("the Metric is not known here".to_owned());
    }
    let group = take(&mut said, "GroupBy")?;
    none_left(&said)?;
    let mut said = members(group)?;
    let name = text(take(&mut said, "Group")?)?;
    let known = GROUPS.into_iter().find(|(group, _)| *group == name);
    let (group, known) = known.ok_or("the Group is not known here")?;
    let dimensions = match said.remove("Dimensions") {
        None => known.iter().map(|dimension| (*dimension).to_owned()).collect(),
        Some(listed) => within(list(listed)?, MAX_DIMENSIONS)?
            .into_iter()
            .map(|dimension| {
                let name = text(dimension)?;
                let is_known = known.contains(&name.as_str());
                if is_known { Ok(name) } else { Err(format!("{name} is no dimension of the group")) }
            })
            .collect::<Result<_, String>>()?,
    };
    let limit = at_most(&mut said, "Limit", MAX_GROUPS)?;
    none_left(&said)?;
    Ok(Query { group, dimensions, limit })
}

/// Holds a list against the most that it may have; none is empty.
fn within(list: Vec<Value>, most: usize) -> Result<Vec<Value>, String> {
    let fits = (1..=most).contains(&list.len());
    if fits { Ok(list) } else { Err(format!("{} in a list of 1 to {most}", list.len())) }
}

/// Reads a number that has to be within its bounds; the most where it is not said.
fn at_most(said: &mut Members, name: &str, most: i64) -> Result<usize, String> {
    let number = said.remove(name).map_or(Ok(most), |number| whole(&number))?;
    let fits = (1..=most).contains(&number).then(|| usize::try_from(number).ok()).flatten();
    fits.ok_or(format!("{name} is {number}: it is 1 to {most}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc_v2::{moment, structure};

    const DIMENSION: &str = "db.sql_tokenized.id";

    /// A query, and what is around it, of which one thing is another.
    fn said(other: &str, value: &Value) -> Members {
        let is_other = |name: &str, usual: Value| if name == other { value.clone() } else { usual };
        let one = |name: &'static str, usual: Value| (name, is_other(name, usual));
        let group = structure([
            one("Group", "db.sql_tokenized".into()),
            one("Dimensions", Value::Array(vec![DIMENSION.into()])),
            one("Limit", 10.into()),
        ]);
        let query = structure([one("Metric", "db.load.avg".into()), ("GroupBy", group)]);
        let all = structure([
            one("ServiceType", "RDS".into()),
            one("Identifier", "db-ABC".into()),
            one("MetricQueries", Value::Array(vec![query])),
            one("StartTime", moment(60)),
            one("EndTime", moment(120)),
            one("PeriodInSeconds", 60.into()),
        ]);
        members(all).unwrap()
    }

    #[test]
    fn what_the_reference_asks_for_is_asked_for() {
        let query = Query { group: "db.sql_tokenized", dimensions: vec![DIMENSION.to_owned()], limit: 10 };
        let ask = Ask { queries: vec![query], start: 60, end: 120, period: 60, page: 25, token: None };
        assert_eq!(read(said("", &Value::Null), "db-ABC"), Ok(ask));
        for (other, value, why) in [
            ("ServiceType", "EC2".into(), "ServiceType"),
            ("Identifier", "db-XYZ".into(), "Identifier"),
            ("EndTime", moment(60), "earlier"),
            ("EndTime", 120.into(), "moment"),
            ("PeriodInSeconds", 61.into(), "PeriodInSeconds is 61"),
            ("MetricQueries", Value::Array(Vec::new()), "0 in a list of 1 to 15"),
            ("Metric", "db.load".into(), "Metric"),
            ("Group", "db.sql".into(), "Group"),
            ("Limit", 26.into(), "Limit is 26"),
            ("Dimensions", Value::Array(vec!["db.wait_event.name".into()]), "no dimension of the group"),
        ] {
            let refused = read(said(other, &value), "db-ABC").unwrap_err();
            assert!(refused.contains(why), "{other}: {refused}");
        }
        let mut stranger = said("", &Value::Null);
        stranger.insert("MaxRecords".to_owned(), 7.into());
        assert_eq!(read(stranger, "db-ABC").unwrap_err(), "not known here: MaxRecords");
    }
}
