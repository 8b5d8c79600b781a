//! Series of statements: a bounded set of running sums, told apart by database, role, query id and nesting. Texts and
//! fingerprints are on one info metric alone, so that they multiply nothing.

use std::borrow::Cow;
use std::sync::LazyLock;

use pgquerylens_model::report::{NamedStatement, RunningMetrics, UnifiedMetrics};
use pgquerylens_model::running::{self, Running};
use pgquerylens_model::statements::StatementKey;
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::views::statements::VIEW;
use pgquerylens_model::window::Sum;

use crate::MILLISECONDS_PER_SECOND;

use super::catalogue::feeds_of;
use super::{Attribute, Metric, MetricKind, Owner, Point, Value};

/// What the series of statements are told apart by.
pub const DATABASE: &str = "db.namespace";
/// The role.
pub const ROLE: &str = "postgresql.rolname";
/// The query id, as text: 64 bits do not fit everywhere.
pub const QUERYID: &str = "postgresql.queryid";
/// Whether a client sent it.
pub const TOPLEVEL: &str = "postgresql.toplevel";
/// On series that stand for many statements: `other`, or `own` for ours.
pub const PART: &str = "pgquerylens.part";
/// The longest text on the info metric, in bytes.
pub const MAX_INFO_TEXT_BYTES: usize = 1_024;

/// What the info metric has: what tells a series apart, and what is known of its statement.
pub(super) const INFO_ATTRIBUTES: &[&str] = &[
    DATABASE,
    ROLE,
    QUERYID,
    TOPLEVEL,
    "db.query.text",
    "pgquerylens.query.fingerprint",
    "db.operation.name",
];

/// Says which text and fingerprint a series has; its value is 1.
pub(super) static INFO: LazyLock<Metric> = LazyLock::new(|| Metric {
    name: Cow::Borrowed("postgresql.statements.info"),
    unit: "1",
    about: Cow::Borrowed("1 for every series of statements, with its text, fingerprint and type"),
    kind: MetricKind::Gauge,
    family: VIEW.name,
});

/// What the receiver makes of the entries of the moment, and we of all there ever were: it does not fall.
pub(super) static EXECUTION_TIME: LazyLock<Metric> = LazyLock::new(|| Metric {
    name: Cow::Borrowed("postgresql.query.execution.time"),
    unit: "s",
    about: Cow::Borrowed("Execution time of all statements of a database"),
    kind: MetricKind::Counter,
    family: VIEW.name,
});

pub(super) fn points(metrics: &UnifiedMetrics) -> Vec<Point<'static>> {
    let Some(statements) = &metrics.statements else { return Vec::new() };
    let Some(running) = &statements.running else { return Vec::new() };
    let (from, to) = (statements.window.from, statements.window.to);
    let mut points = of_parts(running, from, to);
    points.extend(running.databases.iter().filter_map(|(name, sums)| execution_time(name, sums, from, to)));
    for (series, known) in &running.series {
        let attributes = identity(&series.key, known);
        points.extend(sums(&series.running, &attributes, from, to));
        points.push(info(attributes, known, to));
    }
    points
}

fn of_parts(running: &RunningMetrics, from: Option<Timestamp>, to: Timestamp) -> Vec<Point<'static>> {
    let parts = [("other", &running.other), ("own", &running.own)];
    let of_part = |(name, running): (&str, &Running)| {
        let attributes = [(PART, Value::Text(name.to_owned()))];
        sums(running, &attributes, from, to).collect::<Vec<_>>()
    };
    parts.into_iter().flat_map(of_part).collect()
}

fn execution_time(
    database: &str,
    running: &Running,
    from: Option<Timestamp>,
    to: Timestamp,
) -> Option<Point<'static>> {
    let column = VIEW.column_index(running::EXECUTION_TIME)?;
    Some(Point {
        metric: &EXECUTION_TIME,
        owner: Owner::Database(database.to_owned()),
        attributes: Vec::new(),
        start: Some(running.start),
        time: to,
        value: seconds(&running.sums, column)?,
        added: from.zip(seconds(&running.added, column)),
    })
}

/// Returns a sum of milliseconds in seconds, as the receiver has times.
pub(super) fn seconds(sums: &[Option<Sum>], column: usize) -> Option<Sum> {
    sums.get(column).copied().flatten().map(|sum| Sum::Float(sum.as_f64() / MILLISECONDS_PER_SECOND))
}

/// One point per column that ever counted anything: the others say nothing yet.
fn sums<'r>(
    running: &'r Running,
    attributes: &'r [Attribute],
    from: Option<Timestamp>,
    to: Timestamp,
) -> impl Iterator<Item = Point<'static>> + 'r {
    feeds_of(&VIEW).iter().filter_map(move |feed| {
        let value = running.sums.get(feed.column_index).copied().flatten().filter(|sum| !sum.is_zero())?;
        let added = running.added.get(feed.column_index).copied().flatten();
        Some(Point {
            metric: &feed.metric,
            owner: Owner::Server,
            attributes: attributes.to_vec(),
            start: Some(running.start),
            time: to,
            value,
            added: from.zip(added),
        })
    })
}

/// Returns what tells a statement's series apart. Names stand for oids where they are known.
pub(crate) fn identity(key: &StatementKey, known: &NamedStatement) -> Vec<Attribute> {
    let name = |name: &Option<String>, oid: i64| Value::Text(name.clone().unwrap_or_else(|| oid.to_string()));
    let toplevel = key.toplevel.map(|toplevel| (TOPLEVEL, Value::Flag(toplevel)));
    let named = [
        (DATABASE, name(&known.datname, key.dbid)),
        (ROLE, name(&known.rolname, key.userid)),
        (QUERYID, Value::Text(key.queryid.to_string())),
    ];
    named.into_iter().chain(toplevel).collect()
}

fn info(mut attributes: Vec<Attribute>, known: &NamedStatement, to: Timestamp) -> Point<'static> {
    let text = known.query.as_deref().map(|text| cut(text, MAX_INFO_TEXT_BYTES).to_owned());
    let told = [
        ("db.query.text", text),
        ("pgquerylens.query.fingerprint", known.fingerprint.clone()),
        ("db.operation.name", known.statement_type.clone()),
    ];
    attributes.extend(told.into_iter().filter_map(|(key, value)| Some((key, Value::Text(value?)))));
    Point {
        metric: &INFO,
        owner: Owner::Server,
        attributes,
        start: None,
        time: to,
        value: Sum::Int(1),
        added: None,
    }
}

/// Cuts a text at a character.
fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}
