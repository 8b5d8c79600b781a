//! Our own figures about a poll: whether it read anything, what it cost the server, what was missing.

use std::borrow::Cow;

use pgquerylens_model::report::{Outcome, PollReport, UnifiedMetrics};
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::window::Sum;

use super::catalogue::Made;
use super::{Metric, MetricKind, Owner, Point, Value};

const fn level(name: &'static str, unit: &'static str, about: &'static str) -> Metric {
    Metric {
        name: Cow::Borrowed(name),
        unit,
        about: Cow::Borrowed(about),
        kind: MetricKind::Gauge,
        family: "pgquerylens",
    }
}

static UP: Metric = level("pgquerylens.up", "1", "1 if the last poll read the server, 0 if it did not");
static AGE: Metric = level("pgquerylens.last_poll.age", "s", "Time since the last poll that read the server");
static DURATION: Metric = level("pgquerylens.poll.duration", "ms", "How long the poll took");
static STATEMENTS: Metric = level("pgquerylens.poll.statements", "{statement}", "Statements the poll sent");
static ROUND_TRIPS: Metric =
    level("pgquerylens.poll.round_trips", "{round_trip}", "Times the poll waited for an answer");
static RECEIVED: Metric = level("pgquerylens.poll.received", "By", "Bytes the server sent");
static SENT: Metric = level("pgquerylens.poll.sent", "By", "Bytes the server was sent");
static CONNECTIONS: Metric =
    level("pgquerylens.poll.connections", "{connection}", "Connections the poll opened");
static OWN_TIME: Metric = level(
    "pgquerylens.poll.exec_time",
    "ms",
    "Execution time of our own statements in the window, by pg_stat_statements",
);
static COLLECTORS: Metric =
    level("pgquerylens.poll.collectors", "{collector}", "Views by what became of them at the poll");

pub(super) static LEFT_OUT: Metric = level(
    "pgquerylens.rows_left_out",
    "{row}",
    "Tables, indexes, functions or sequences beyond the first thousand of a database, which are not sent",
);

/// All of them, for the reference.
pub(super) static METRICS: [Made; 11] = [
    (&UP, &[]),
    (&AGE, &[]),
    (&DURATION, &[]),
    (&STATEMENTS, &[]),
    (&ROUND_TRIPS, &[]),
    (&RECEIVED, &[]),
    (&SENT, &[]),
    (&CONNECTIONS, &[]),
    (&OWN_TIME, &[]),
    (&COLLECTORS, &["outcome"]),
    (&LEFT_OUT, &["view"]),
];

pub(super) fn points(report: &PollReport, metrics: &UnifiedMetrics) -> Vec<Point<'static>> {
    let at = metrics.read_at;
    let cost = &report.cost;
    let mut points = vec![point(&UP, at, Sum::Int(1)), point(&AGE, at, Sum::Float(0.0))];
    points.push(point(&DURATION, at, Sum::Float(cost.duration_ms)));
    for (metric, count) in [
        (&STATEMENTS, cost.statements),
        (&ROUND_TRIPS, cost.round_trips),
        (&RECEIVED, cost.received_bytes),
        (&SENT, cost.sent_bytes),
        (&CONNECTIONS, cost.connections),
    ] {
        points.push(point(metric, at, Sum::Int(i64::try_from(count).unwrap_or(i64::MAX))));
    }
    points.extend(cost.own_exec_time_ms.map(|time| point(&OWN_TIME, at, Sum::Float(time))));
    points.extend(collectors(report, at));
    points
}

/// Returns the points of a server that was not read: it is down, and since when nothing was read.
pub fn down_points(now: Timestamp, last_good: Option<Timestamp>) -> Vec<Point<'static>> {
    let up = point(&UP, now, Sum::Int(0));
    let age = last_good.map(|last| point(&AGE, now, Sum::Float(now.seconds_since(last).max(0.0))));
    [up].into_iter().chain(age).collect()
}

fn point(metric: &'static Metric, time: Timestamp, value: Sum) -> Point<'static> {
    Point { metric, owner: Owner::Server, attributes: Vec::new(), start: None, time, value, added: None }
}

fn collectors(report: &PollReport, at: Timestamp) -> Vec<Point<'static>> {
    let outcome_of = |outcome: &Outcome| match outcome {
        Outcome::Read { .. } => "read",
        Outcome::NotOffered(_) => "not_offered",
        Outcome::NotDue => "not_due",
        Outcome::Resting { .. } => "resting",
        Outcome::Failed { .. } => "failed",
    };
    let count =
        |name: &str| report.collectors.iter().filter(|line| outcome_of(&line.outcome) == name).count();
    let told = ["read", "not_offered", "not_due", "resting", "failed"].into_iter().map(|name| Point {
        attributes: vec![("outcome", Value::Text(name.to_owned()))],
        ..point(&COLLECTORS, at, Sum::Int(count(name) as i64))
    });
    told.collect()
}
