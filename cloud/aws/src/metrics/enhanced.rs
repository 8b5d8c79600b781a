//! What Enhanced Monitoring writes of an instance's machine, from inside it: a log event every few seconds, in the stream of
//! the instance's resource id in the group `RDSOSMetrics`. Its list of processes is never looked at.

mod reading;
mod table;

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::OutputLogEvent;
use pgquerylens_model::metric::Metric;
use pgquerylens_model::outside::{Findings, Measure};
use pgquerylens_model::time::Timestamp;

use self::reading::Reading;
use super::MILLISECOND;
use crate::error::unheard::{self, Trouble};
use crate::outside::{Heard, Look};

/// What the source is called.
pub(crate) const NAME: &str = "enhanced-monitoring";

const GROUP: &str = "RDSOSMetrics";
/// The least time between two events that are told, in milliseconds: what is written each second would be sixty times the
/// series at every poll.
const LEAST_BETWEEN: i64 = 10_000;
/// How far back the first look goes, and how far the longest after a pause.
const FIRST: i64 = 2 * 60_000;
const LONGEST: i64 = 10 * 60_000;
/// An event that is no older ends a look: what lies behind it comes with the next one.
const FRESH: i64 = 2 * 60_000;
/// How many pages are read in a look, each of up to a megabyte.
const MAX_PAGES: usize = 10;

/// The right that it takes.
const ACTION: &str = "logs:GetLogEvents on the log group RDSOSMetrics";

/// Returns all metrics with their attributes, for the reference.
pub(crate) fn metrics() -> impl Iterator<Item = (&'static Metric, Vec<&'static str>)> {
    table::METRICS.iter().map(|row| (&row.metric, row.attributes()))
}

/// Reads the events since the last one that was told.
pub(crate) async fn look(look: Look<'_>) -> Heard {
    if look.facts.monitoring_interval_seconds.is_none() {
        return Err(unheard::enhanced_off(look.identifier));
    }
    let now = look.ask.now.0 / MILLISECOND;
    // A clock that went far back begins anew, since nothing would be due for as long.
    let told = look.kept(NAME).and_then(|kept| kept.parse().ok()).filter(|told| told - now <= LONGEST);
    let from = told.map_or(now - FIRST, |told: i64| (told + LEAST_BETWEEN).max(now - LONGEST));
    if from > now {
        return Ok(None);
    }
    let mut findings = Findings::default();
    let (mut next, mut unread) = (from, None);
    for event in events(look, from, now).await? {
        let (Some(at), Some(text)) = (event.timestamp(), event.message()) else { continue };
        if at < next {
            continue;
        }
        match measures(text, Timestamp(at.saturating_mul(MILLISECOND))) {
            Ok(measures) => {
                findings.measures.extend(measures);
                findings.memory.keep(NAME, at.to_string());
                next = at + LEAST_BETWEEN;
            }
            Err(trouble) => unread = Some(trouble),
        }
    }
    // One event that nobody can read is passed over; a stream of them is told.
    match unread.filter(|_| findings.measures.is_empty()) {
        Some(trouble) => Err(trouble),
        None => Ok(Some(findings)),
    }
}

/// Reads the stream from a moment on, until there is no more or what there is is fresh.
async fn events(look: Look<'_>, from: i64, now: i64) -> Result<Vec<OutputLogEvent>, Trouble> {
    let client = Client::new(look.session);
    let stream = &look.facts.resource_id;
    let mut events: Vec<OutputLogEvent> = Vec::new();
    let mut token: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let call = client
            .get_log_events()
            .log_group_name(GROUP)
            .log_stream_name(stream)
            .start_time(from)
            .start_from_head(true)
            .set_next_token(token.clone());
        let answer =
            call.send().await.map_err(|failed| unheard::no_stream(look.identifier, &failed, ACTION))?;
        let is_end = answer.next_forward_token() == token.as_deref();
        token = answer.next_forward_token;
        events.extend(answer.events.unwrap_or_default());
        let is_fresh = |event: &OutputLogEvent| event.timestamp().is_some_and(|at| at > now - FRESH);
        if is_end || token.is_none() || events.last().is_some_and(is_fresh) {
            break;
        }
    }
    Ok(events)
}

/// Returns what one event tells.
fn measures(text: &str, time: Timestamp) -> Result<Vec<Measure>, Trouble> {
    let reading: Reading = serde_json::from_str(text).map_err(|failed| unheard::unlike_enhanced(&failed))?;
    Ok(table::measures(&reading, time))
}
