//! How the double answers.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use ciborium::Value;
use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::ask::{self, Ask};
use super::{Asked, Fault, Kept, Shared};
use crate::rpc_v2::{self, Refusal, Service, moment, structure};
use crate::serving::Answer;

const SERVICE: Service = Service {
    shape: "GraniteServiceVersion20100801",
    namespace: "com.amazonaws.cloudwatch",
    scope: "monitoring",
    operation: "GetMetricData",
};

pub(super) async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Answer, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let mut kept = shared.kept();
    let done = match kept.faults.pop_front() {
        Some(fault) => Err(refusal(fault)),
        None => SERVICE.check(&head).and_then(|()| done(&body, &mut kept)),
    };
    if let Err(Refusal { code, reason, .. }) = &done {
        kept.refused.push(format!("{code}: {reason}"));
    }
    Ok(SERVICE.answer(&done))
}

fn refusal(fault: Fault) -> Refusal {
    match fault {
        Fault::Throttled => Refusal::new(400, "Throttling", "Rate exceeded"),
        Fault::Denied => Refusal::new(403, "AccessDenied", "User is not authorized to perform this action"),
    }
}

fn done(body: &[u8], kept: &mut Kept) -> Result<Value, Refusal> {
    let wrong = |reason: String| Refusal::new(400, "ValidationError", reason);
    let ask = rpc_v2::body(body).and_then(|said| ask::read(said, kept.page)).map_err(wrong)?;
    let points = points(&ask, kept);
    let from = ask.token.as_ref().map_or(Some(0), |token| place(token, &ask));
    let from = from.filter(|from| *from < points.len().max(1));
    let from =
        from.ok_or_else(|| Refusal::new(400, "InvalidNextToken", "The next token specified is invalid."))?;
    let to = points.len().min(from + ask.page);
    kept.asked.push(Asked {
        metrics: ask.queries.iter().map(|(_, series)| series.metric.clone()).collect(),
        start: ask.start,
        end: ask.end,
        is_next_page: ask.token.is_some(),
    });
    let results = results(&ask, &points[from..to], kept, to == points.len());
    let said = [("MetricDataResults", Value::Array(results)), ("Messages", Value::Array(Vec::new()))];
    let token = (to < points.len()).then(|| ("NextToken", token(to, &ask).into()));
    Ok(structure(said.into_iter().chain(token)))
}

/// Returns all values by query, moment and value, as they are asked for; a metric that is not known has none.
fn points(ask: &Ask, kept: &Kept) -> Vec<(usize, i64, f64)> {
    let mut points = Vec::new();
    for (at, (_, series)) in ask.queries.iter().enumerate() {
        if kept.forbidden.contains(&series.metric) {
            continue;
        }
        let values = kept.series.get(series).into_iter().flat_map(|values| values.range(ask.start..ask.end));
        points.extend(values.map(|(seconds, value)| (at, *seconds, *value)));
    }
    points.sort_by_key(|(at, seconds, _)| (if ask.is_ascending { *seconds } else { -*seconds }, *at));
    points
}

/// Every query has a result on the first page; on others those that have values there.
fn results(ask: &Ask, page: &[(usize, i64, f64)], kept: &Kept, is_last: bool) -> Vec<Value> {
    let mut by_query: BTreeMap<usize, Vec<(i64, f64)>> = BTreeMap::new();
    if ask.token.is_none() {
        by_query.extend((0..ask.queries.len()).map(|at| (at, Vec::new())));
    }
    for (at, seconds, value) in page {
        by_query.entry(*at).or_default().push((*seconds, *value));
    }
    let result = |(at, values): (usize, Vec<(i64, f64)>)| {
        let (id, series) = &ask.queries[at];
        let status = match (kept.forbidden.contains(&series.metric), is_last) {
            (true, _) => "Forbidden",
            (false, true) => "Complete",
            (false, false) => "PartialData",
        };
        structure([
            ("Id", id.as_str().into()),
            ("Label", series.metric.as_str().into()),
            ("Timestamps", Value::Array(values.iter().map(|(seconds, _)| moment(*seconds)).collect())),
            ("Values", Value::Array(values.iter().map(|(_, value)| (*value).into()).collect())),
            ("StatusCode", status.into()),
        ])
    };
    by_query.into_iter().map(result).collect()
}

/// A token is good for the very request that it came from.
fn token(to: usize, ask: &Ask) -> String {
    format!("{to}.{}.{}.{}", ask.start, ask.end, ask.queries.len())
}

fn place(said: &str, ask: &Ask) -> Option<usize> {
    let to = said.split('.').next()?.parse().ok()?;
    (token(to, ask) == said).then_some(to)
}
