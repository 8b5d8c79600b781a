//! How the double answers.

use std::convert::Infallible;
use std::sync::Arc;

use ciborium::Value;
use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::ask::{self, Ask, Query};
use super::{Dimensions, Fault, Kept, Shared};
use crate::rpc_v2::{self, Refusal, Service, moment, structure};
use crate::serving::Answer;

const SERVICE: Service = Service {
    shape: "PerformanceInsightsv20180227",
    namespace: "com.amazonaws.pi",
    scope: "pi",
    operation: "GetResourceMetrics",
};
const METRIC: &str = "db.load.avg";
/// The group whose series make the load together.
const WAITS: &str = "db.wait_event";
/// What a token begins with.
const TOKEN: &str = "page-";

pub(super) async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Answer, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let mut kept = shared.kept();
    let done = match kept.faults.pop_front() {
        Some(fault) => Err(refusal(fault)),
        None => SERVICE.check(&head).and_then(|()| done(&body, &shared.resource_id, &mut kept)),
    };
    if let Err(Refusal { code, reason, .. }) = &done {
        kept.refused.push(format!("{code}: {reason}"));
    }
    Ok(SERVICE.answer(&done))
}

fn refusal(fault: Fault) -> Refusal {
    match fault {
        Fault::Denied => {
            Refusal::new(400, "NotAuthorizedException", "The user is not authorized to perform this request.")
        }
        Fault::Throttled => Refusal::new(400, "ThrottlingException", "Rate exceeded"),
        Fault::Broken => {
            Refusal::new(500, "InternalServiceError", "The request failed due to an unknown error.")
        }
    }
}

fn done(body: &[u8], resource_id: &str, kept: &mut Kept) -> Result<Value, Refusal> {
    let wrong = |reason: String| Refusal::new(400, "InvalidArgumentException", reason);
    let ask = rpc_v2::body(body).and_then(|said| ask::read(said, resource_id)).map_err(wrong)?;
    let list: Vec<Value> = ask.queries.iter().flat_map(|query| series(query, &ask, kept)).collect();
    let from = ask.token.as_ref().map_or(Some(0), |token| token.strip_prefix(TOKEN)?.parse::<usize>().ok());
    let from = from.filter(|from| *from < list.len());
    let from = from.ok_or_else(|| wrong("the NextToken is none".to_owned()))?;
    let to = list.len().min(from + kept.page.unwrap_or(ask.page).min(ask.page));
    kept.asked.push((ask.start, ask.end));
    let (start, end) = aligned(&ask);
    let said = [
        ("Identifier", resource_id.into()),
        ("AlignedStartTime", moment(start)),
        ("AlignedEndTime", moment(end)),
        ("MetricList", Value::Array(list[from..to].to_vec())),
    ];
    let token = (to < list.len()).then(|| ("NextToken", format!("{TOKEN}{to}").into()));
    Ok(structure(said.into_iter().chain(token)))
}

/// The start goes down and the end up to a period's.
fn aligned(ask: &Ask) -> (i64, i64) {
    let down = |seconds: i64| seconds.div_euclid(ask.period) * ask.period;
    (down(ask.start), down(ask.end + ask.period - 1))
}

/// Returns the total, then the first of the group, as they are told.
fn series(query: &Query, ask: &Ask, kept: &Kept) -> Vec<Value> {
    let of_group = |group: &str| {
        let prefix = format!("{group}.");
        move |dimensions: &Dimensions| dimensions.keys().all(|name| name.starts_with(&prefix))
    };
    let (start, end) = aligned(ask);
    // A moment is the end of its period.
    let moments: Vec<i64> = (start..end).step_by(ask.period as usize).map(|from| from + ask.period).collect();
    let load = |is_in: &dyn Fn(&Dimensions) -> bool, moment: i64| -> f64 {
        let found = kept.series.iter().filter(|(dimensions, _)| is_in(dimensions));
        found.filter_map(|(_, values)| values.get(&moment)).fold(0.0, |sum, load| sum + load)
    };
    let points = |is_in: &dyn Fn(&Dimensions) -> bool| -> Value {
        let point = |at: &i64| structure([("Timestamp", moment(*at)), ("Value", load(is_in, *at).into())]);
        Value::Array(moments.iter().map(point).collect())
    };
    let is_in_group = of_group(query.group);
    let mut groups: Vec<(&Dimensions, f64)> = kept
        .series
        .keys()
        .filter(|dimensions| is_in_group(dimensions))
        .map(|of| (of, moments.iter().map(|moment| load(&|other| other == of, *moment)).sum()))
        .filter(|(_, load)| *load > 0.0)
        .collect();
    groups.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let key = structure([("Metric", METRIC.into())]);
    let total = structure([("Key", key), ("DataPoints", points(&of_group(WAITS)))]);
    let told = groups.into_iter().take(query.limit).map(|(of, _)| {
        let dimensions = of.iter().filter(|(name, _)| query.dimensions.contains(name));
        let dimensions =
            dimensions.map(|(name, value)| (name.as_str().into(), value.as_str().into())).collect();
        let key = structure([("Metric", METRIC.into()), ("Dimensions", Value::Map(dimensions))]);
        structure([("Key", key), ("DataPoints", points(&|other| other == of))])
    });
    std::iter::once(total).chain(told).collect()
}
