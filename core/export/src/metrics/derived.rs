//! Metrics that no single column holds: counts of rows, and the oldest of them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use pgquerylens_model::baseline::{Baseline, Snapshot};
use pgquerylens_model::capabilities::PROVIDER_DATABASES;
use pgquerylens_model::report::{UnifiedMetrics, ViewMetrics};
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::views::{activity, blocking, database, prepared_xacts, statements, tables};
use pgquerylens_model::window::Sum;

use super::MetricKind::{Counter, Gauge, UpDownCounter};
use super::catalogue::Made;
use super::{Attribute, Metric, MetricKind, Owner, Point, Value, rows};

const fn metric(
    name: &'static str,
    unit: &'static str,
    kind: MetricKind,
    family: &'static str,
    about: &'static str,
) -> Metric {
    Metric { name: Cow::Borrowed(name), unit, about: Cow::Borrowed(about), kind, family }
}

static BACKENDS: Metric = metric(
    "postgresql.backends",
    "1",
    UpDownCounter,
    "pg_stat_activity",
    "Processes connected to a database, in whatever state",
);
static CONNECTION_MAX: Metric =
    metric("postgresql.connection.max", "{connections}", Gauge, "pgquerylens_probe", "max_connections");
static DATABASE_COUNT: Metric = metric(
    "postgresql.database.count",
    "{databases}",
    UpDownCounter,
    "pg_stat_database",
    "Databases that are no templates",
);
static TABLE_COUNT: Metric =
    metric("postgresql.table.count", "{table}", UpDownCounter, "pg_stat_user_tables", "Tables of a database");
static SESSIONS: Metric = metric(
    "postgresql.activity.sessions",
    "{session}",
    UpDownCounter,
    "pg_stat_activity",
    "Client sessions by state and by what they wait for",
);
static OLDEST_TRANSACTION: Metric = metric(
    "postgresql.activity.oldest_transaction",
    "s",
    Gauge,
    "pg_stat_activity",
    "Age of the longest open transaction",
);
static BLOCKED: Metric = metric(
    "postgresql.activity.blocked_sessions",
    "{session}",
    UpDownCounter,
    "pg_blocking_pids",
    "Sessions that wait for another session's lock",
);
static PREPARED: Metric = metric(
    "postgresql.prepared_xacts.count",
    "{transaction}",
    UpDownCounter,
    "pg_prepared_xacts",
    "Prepared transactions",
);
static OLDEST_PREPARED: Metric = metric(
    "postgresql.prepared_xacts.oldest",
    "s",
    Gauge,
    "pg_prepared_xacts",
    "Age of the oldest prepared transaction",
);
static ENTRIES: Metric = metric(
    "postgresql.statements.entries",
    "{entry}",
    UpDownCounter,
    "pg_stat_statements",
    "Entries of pg_stat_statements",
);
static DEALLOC: Metric = metric(
    "postgresql.statements_info.dealloc",
    "1",
    Counter,
    "pg_stat_statements",
    "Times pg_stat_statements evicted entries",
);
static COVERAGE: Metric = metric(
    "pgquerylens.coverage",
    "1",
    Gauge,
    "pg_stat_statements",
    "Share of the databases' active time that statements explain",
);

/// All of them, for the reference.
pub(super) static METRICS: [Made; 12] = [
    (&BACKENDS, &[]),
    (&CONNECTION_MAX, &[]),
    (&DATABASE_COUNT, &[]),
    (&TABLE_COUNT, &[]),
    (&SESSIONS, &["state", "wait_event_type"]),
    (&OLDEST_TRANSACTION, &[]),
    (&BLOCKED, &[]),
    (&PREPARED, &[]),
    (&OLDEST_PREPARED, &[]),
    (&ENTRIES, &[]),
    (&DEALLOC, &[]),
    (&COVERAGE, &[]),
];

pub(super) fn points(metrics: &UnifiedMetrics) -> Vec<Point<'static>> {
    let mut points = sessions(metrics);
    points.extend(databases(metrics));
    points.extend(tables(metrics));
    points.extend(blocked(metrics));
    points.extend(prepared(metrics));
    points.extend(entries(metrics));
    points.push(level(&CONNECTION_MAX, Owner::Server, metrics.read_at, metrics.probe.max_connections));
    points.extend(metrics.coverage.and_then(|coverage| coverage.share()).map(|share| Point {
        value: Sum::Float(share),
        ..level(&COVERAGE, Owner::Server, metrics.read_at, 0)
    }));
    points
}

fn level(metric: &'static Metric, owner: Owner, time: Timestamp, value: i64) -> Point<'static> {
    Point { metric, owner, attributes: Vec::new(), start: None, time, value: Sum::Int(value), added: None }
}

fn text<'r>(found: &'r ViewMetrics, column: &str, row: usize) -> Option<&'r str> {
    found.snapshot.rows.label(found.view.column_index(column)?, row)
}

fn age(found: &ViewMetrics, column: &str, row: usize) -> Option<f64> {
    let moment = found.snapshot.rows.time(found.view.column_index(column)?, row)?;
    Some(found.snapshot.taken_at.seconds_since(moment).max(0.0))
}

fn sessions(metrics: &UnifiedMetrics) -> Vec<Point<'static>> {
    let Some(found) = metrics.view(&activity::VIEW) else { return Vec::new() };
    let own = found.view.column_index("own_session");
    let mut backends: BTreeMap<String, i64> = BTreeMap::new();
    let mut sessions: BTreeMap<(String, Vec<Attribute>), i64> = BTreeMap::new();
    let mut oldest: BTreeMap<String, f64> = BTreeMap::new();
    let is_own = |row: &usize| own.and_then(|column| found.snapshot.rows.flag(column, *row)) == Some(true);
    for row in (0..found.snapshot.rows.len()).filter(|row| !is_own(row)) {
        let Some(database) = text(found, "datname", row).filter(|name| !PROVIDER_DATABASES.contains(name))
        else {
            continue;
        };
        *backends.entry(database.to_owned()).or_default() += 1;
        if text(found, "backend_type", row) == Some("client backend") {
            let named = [("state", "state"), ("wait_event_type", "wait_event_type")];
            let attributes = named
                .iter()
                .filter_map(|(column, key)| Some((*key, Value::Text(text(found, column, row)?.to_owned()))));
            *sessions.entry((database.to_owned(), attributes.collect())).or_default() += 1;
        }
        if let Some(age) = age(found, "xact_start", row) {
            let known = oldest.entry(database.to_owned()).or_default();
            *known = known.max(age);
        }
    }
    let at = found.snapshot.taken_at;
    let backends =
        backends.into_iter().map(|(name, count)| level(&BACKENDS, Owner::Database(name), at, count));
    let sessions = sessions.into_iter().map(|((name, attributes), count)| Point {
        attributes,
        ..level(&SESSIONS, Owner::Database(name), at, count)
    });
    let oldest = oldest.into_iter().map(|(name, age)| Point {
        value: Sum::Float(age),
        ..level(&OLDEST_TRANSACTION, Owner::Database(name), at, 0)
    });
    backends.chain(sessions).chain(oldest).collect()
}

fn databases(metrics: &UnifiedMetrics) -> Option<Point<'static>> {
    let found = metrics.view(&database::VIEW)?;
    let templates = rows::templates(metrics);
    let names = (0..found.snapshot.rows.len()).filter_map(|row| text(found, "datname", row));
    let count = names.filter(|name| !rows::is_providers(name) && !templates.contains(name)).count();
    Some(level(&DATABASE_COUNT, Owner::Server, found.snapshot.taken_at, count as i64))
}

fn tables(metrics: &UnifiedMetrics) -> Vec<Point<'static>> {
    let read = metrics.views.iter().filter(|found| found.view.name == tables::VIEW.name);
    let count = |found: &ViewMetrics| {
        let owner = Owner::Database(found.database.clone()?);
        Some(level(&TABLE_COUNT, owner, found.snapshot.taken_at, found.snapshot.rows.len() as i64))
    };
    read.filter_map(count).collect()
}

/// Nothing waits at most polls, and then the view is not read: that is none.
fn blocked(metrics: &UnifiedMetrics) -> Option<Point<'static>> {
    let activity = metrics.view(&activity::VIEW)?;
    let count = metrics.view(&blocking::VIEW).map_or(0, |found| found.snapshot.rows.len());
    Some(level(&BLOCKED, Owner::Server, activity.snapshot.taken_at, count as i64))
}

fn prepared(metrics: &UnifiedMetrics) -> Vec<Point<'static>> {
    let Some(found) = metrics.view(&prepared_xacts::VIEW) else { return Vec::new() };
    let rows = found.snapshot.rows.len();
    let at = found.snapshot.taken_at;
    let oldest = (0..rows)
        .filter_map(|row| age(found, "prepared", row))
        .reduce(f64::max)
        .map(|age| Point { value: Sum::Float(age), ..level(&OLDEST_PREPARED, Owner::Server, at, 0) });
    oldest.into_iter().chain([level(&PREPARED, Owner::Server, at, rows as i64)]).collect()
}

fn entries(metrics: &UnifiedMetrics) -> Vec<Point<'static>> {
    let Some(found) = metrics.view(&statements::VIEW) else { return Vec::new() };
    let entries = level(&ENTRIES, Owner::Server, found.snapshot.taken_at, found.snapshot.rows.len() as i64);
    let read = metrics.statements.as_ref().filter(|read| read.window.from.is_some());
    let baseline = read.and_then(|read| read.baseline.as_ref());
    deallocated(&found.snapshot, baseline.map(Baseline::snapshot)).into_iter().chain([entries]).collect()
}

/// What pg_stat_statements evicted since its reset.
fn deallocated(now: &Snapshot, before: Option<&Snapshot>) -> Option<Point<'static>> {
    let info = now.statements?;
    let (dealloc, reset) = (info.dealloc_after?, info.stats_reset?);
    let added = before.and_then(|before| {
        let known = before.statements.filter(|known| known.stats_reset == info.stats_reset);
        let evicted_before = known.and_then(|known| known.dealloc_after).unwrap_or(0);
        Some((before.taken_at, Sum::Int(dealloc.checked_sub(evicted_before)?)))
    });
    Some(Point { start: Some(reset), added, ..level(&DEALLOC, Owner::Server, now.taken_at, dealloc) })
}

#[cfg(test)]
mod tests {
    use pgquerylens_model::baseline::StatementsInfo;

    use super::*;
    use crate::example;

    /// What the point of evictions says after a reading with so many, by the reset at a second.
    fn check(before: (i64, i64), now: (i64, i64), added: Option<i64>) {
        let mut report = example::report();
        let metrics = report.metrics.as_mut().unwrap();
        let found = metrics.views.iter_mut().find(|found| found.view.name == statements::VIEW.name).unwrap();
        let told = |snapshot: &mut Snapshot, (dealloc, reset): (i64, i64)| {
            let known = snapshot.statements.unwrap();
            snapshot.statements = Some(StatementsInfo {
                stats_reset: Some(Timestamp(reset * 1_000_000)),
                dealloc_after: Some(dealloc),
                ..known
            });
        };
        told(&mut found.snapshot, now);
        let read = metrics.statements.as_mut().unwrap();
        let mut earlier = read.baseline.as_ref().unwrap().snapshot().clone();
        told(&mut earlier, before);
        read.baseline = Some(Baseline::of(&earlier));
        let points = points(metrics);
        let evicted = points.iter().find(|point| point.metric.name == DEALLOC.name).unwrap();
        assert_eq!(evicted.value, Sum::Int(now.0));
        assert_eq!(evicted.added, added.map(|added| (earlier.taken_at, Sum::Int(added))));
    }

    #[test]
    fn evictions_have_a_difference_as_every_counter_has() {
        check((10, 1), (13, 1), Some(3));
        check((10, 1), (10, 1), Some(0));
        // A reset in between: what was evicted since then is new.
        check((10, 1), (4, 2), Some(4));
    }
}
