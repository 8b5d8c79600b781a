//! A poll as spans: one for the poll, and below it one for each view that was read or should have been, and for what was
//! done besides. Names and words are those of the log lines, so that nothing leaves that they do not show.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SpanData, SpanEvents, SpanLinks};
use pgquerylens_model::report::{CollectorReport, Outcome, PollReport, Step};
use pgquerylens_model::time::Timestamp;

use super::Polled;

/// A span's time, kind, name and outcome, before it has a place in a trace.
struct Part {
    name: String,
    kind: SpanKind,
    start: SystemTime,
    duration: Duration,
    attributes: Vec<KeyValue>,
    status: Status,
}

/// The trace of one poll.
struct Trace<'t> {
    id: TraceId,
    ids: &'t RandomIdGenerator,
    scope: InstrumentationScope,
}

/// Returns the spans of a poll, the poll's own first.
pub(super) fn spans(polled: &Polled<'_>, ids: &RandomIdGenerator) -> Vec<SpanData> {
    let scope = InstrumentationScope::builder("pgquerylens").with_version(env!("CARGO_PKG_VERSION")).build();
    let trace = Trace { id: ids.new_trace_id(), ids, scope };
    let root = trace.span(poll(polled), SpanId::INVALID);
    let parent = root.span_context.span_id();
    let parts = polled.outcome.into_iter().flat_map(|report| parts(polled, report));
    let parts = parts.map(|part| trace.span(part, parent)).collect::<Vec<_>>();
    [root].into_iter().chain(parts).collect()
}

impl Trace<'_> {
    fn span(&self, part: Part, parent_span_id: SpanId) -> SpanData {
        let id = self.ids.new_span_id();
        SpanData {
            span_context: SpanContext::new(self.id, id, TraceFlags::SAMPLED, false, TraceState::NONE),
            parent_span_id,
            parent_span_is_remote: false,
            span_kind: part.kind,
            name: part.name.into(),
            start_time: part.start,
            end_time: part.start + part.duration,
            attributes: part.attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: part.status,
            instrumentation_scope: self.scope.clone(),
        }
    }
}

fn poll(polled: &Polled<'_>) -> Part {
    let mut attributes = vec![server(polled)];
    let (word, status) = match &polled.outcome {
        Ok(report) => (report.status.name(), Status::Unset),
        Err(failed) => {
            attributes.push(KeyValue::new("error.type", failed.class.to_owned()));
            ("failed", Status::error(failed.error.to_owned()))
        }
    };
    attributes.push(KeyValue::new("pgquerylens.status", word));
    let (start, duration) = (time(polled.began), polled.took);
    Part { name: "poll".to_owned(), kind: SpanKind::Internal, start, duration, attributes, status }
}

fn parts(polled: &Polled<'_>, report: &PollReport) -> Vec<Part> {
    let views = report.collectors.iter().filter_map(|collector| view(polled, collector));
    views.chain(report.steps.iter().map(|done| step(polled, done))).collect()
}

/// What was not due, is not offered or rests took no time: it is no span.
fn view(polled: &Polled<'_>, collector: &CollectorReport) -> Option<Part> {
    let mut attributes = vec![
        server(polled),
        KeyValue::new("pgquerylens.view", collector.view),
        KeyValue::new("db.system.name", "postgresql"),
    ];
    attributes.extend(collector.database.clone().map(|name| KeyValue::new("db.namespace", name)));
    let status = match &collector.outcome {
        Outcome::Read { row_count } => {
            let rows = i64::try_from(*row_count).unwrap_or(i64::MAX);
            attributes.push(KeyValue::new("db.response.returned_rows", rows));
            Status::Unset
        }
        Outcome::Failed { error, class } => {
            attributes.push(KeyValue::new("error.type", class.clone()));
            Status::error(error.clone())
        }
        Outcome::NotOffered(_) | Outcome::NotDue | Outcome::Resting { .. } => return None,
    };
    Some(Part {
        name: format!("read {}", collector.view),
        kind: SpanKind::Client,
        start: time(polled.read_from) + milliseconds(collector.after_ms),
        duration: milliseconds(collector.duration_ms),
        attributes,
        status,
    })
}

fn step(polled: &Polled<'_>, step: &Step) -> Part {
    Part {
        name: step.name.to_owned(),
        kind: SpanKind::Internal,
        start: time(polled.read_from) + milliseconds(step.after_ms),
        duration: milliseconds(step.duration_ms),
        attributes: vec![server(polled)],
        status: Status::Unset,
    }
}

fn server(polled: &Polled<'_>) -> KeyValue {
    KeyValue::new("pgquerylens.server", polled.server.to_owned())
}

fn time(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(u64::try_from(at.0).unwrap_or(0))
}

fn milliseconds(milliseconds: f64) -> Duration {
    Duration::try_from_secs_f64(milliseconds / 1e3).unwrap_or_default()
}

/// Returns so many spans that say nothing.
#[cfg(test)]
pub(super) fn example(count: usize) -> Vec<SpanData> {
    let failed = Err(super::Failed { error: "", class: "" });
    let (at, took) = (Timestamp(0), Duration::ZERO);
    let polled = Polled { server: "a", began: at, took, read_from: at, outcome: failed };
    (0..count).flat_map(|_| spans(&polled, &RandomIdGenerator::default())).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use pgquerylens_model::report::{Cost, Status as PollStatus};

    use super::super::Failed;
    use super::*;

    fn collector(view: &'static str, database: Option<&str>, outcome: Outcome) -> CollectorReport {
        let database = database.map(str::to_owned);
        CollectorReport { view, database, outcome, after_ms: 10.0, duration_ms: 2.5 }
    }

    fn report(collectors: Vec<CollectorReport>) -> PollReport {
        PollReport {
            target: String::new(),
            window_id: String::new(),
            status: PollStatus::Degraded,
            collectors,
            steps: vec![Step { name: "commit", after_ms: 30.0, duration_ms: 4.0 }],
            notices: Vec::new(),
            cost: Cost::default(),
            walk: None,
            metrics: None,
            deliveries: Vec::new(),
        }
    }

    /// Shows spans as name, start and duration in milliseconds, attributes and error.
    fn check(outcome: Result<&PollReport, Failed<'_>>, expected: &Expect) {
        let took = Duration::from_millis(40);
        let polled =
            Polled { server: "shop", began: Timestamp(0), took, read_from: Timestamp(2_000), outcome };
        let spans = spans(&polled, &RandomIdGenerator::default());
        let root = spans[0].span_context.clone();
        let shown = spans.iter().enumerate().map(|(index, span)| {
            let parent = if index == 0 { SpanId::INVALID } else { root.span_id() };
            assert_eq!((span.parent_span_id, span.span_context.trace_id()), (parent, root.trace_id()));
            let start = span.start_time.duration_since(UNIX_EPOCH).unwrap();
            let took = span.end_time.duration_since(span.start_time).unwrap();
            let pairs = span.attributes.iter().map(|pair| format!(" {}={}", pair.key, pair.value));
            let error = match &span.status {
                Status::Error { description } => format!(" · {description}"),
                _ => String::new(),
            };
            let pairs = pairs.collect::<String>();
            format!("{} {start:?} {took:?} {:?}{pairs}{error}\n", span.name, span.span_kind)
        });
        expected.assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn what_was_read_or_should_have_been_is_below_its_poll() {
        let failed = Outcome::Failed { error: "permission denied".to_owned(), class: "42501".to_owned() };
        let report = report(vec![
            collector("pg_stat_database", None, Outcome::Read { row_count: 3 }),
            collector("pg_stat_user_tables", Some("shop"), failed),
            collector("pg_settings", None, Outcome::NotDue),
            collector("pg_locks", None, Outcome::Resting { until: Timestamp(0) }),
        ]);
        check(
            Ok(&report),
            &expect![[r#"
            poll 0ns 40ms Internal pgquerylens.server=shop pgquerylens.status=degraded
            read pg_stat_database 12ms 2.5ms Client pgquerylens.server=shop pgquerylens.view=pg_stat_database db.system.name=postgresql db.response.returned_rows=3
            read pg_stat_user_tables 12ms 2.5ms Client pgquerylens.server=shop pgquerylens.view=pg_stat_user_tables db.system.name=postgresql db.namespace=shop error.type=42501 · permission denied
            commit 32ms 4ms Internal pgquerylens.server=shop
        "#]],
        );
    }

    #[test]
    fn a_poll_that_read_nothing_says_why() {
        let failed = Failed { error: "reach db:5432/shop · refused", class: "connect" };
        check(
            Err(failed),
            &expect![[r#"
            poll 0ns 40ms Internal pgquerylens.server=shop error.type=connect pgquerylens.status=failed · reach db:5432/shop · refused
        "#]],
        );
    }
}
