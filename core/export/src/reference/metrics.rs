//! The reference of metrics and events: every name with its unit, kind, attributes and where it comes from.

use std::collections::BTreeMap;
use std::fmt::Write;

use pgquerylens_model::metric::Metric;

use super::GENERATED;
use super::views::{first_version, versions};
use crate::metrics::catalogue::{Feed, feeds, made};
use crate::metrics::columns::{OwnedBy, shape_of};
use crate::metrics::left_out::LEFT_OUT;

/// Metrics that others tell of a server, under a heading.
#[derive(Debug)]
pub struct Outside {
    /// The heading.
    pub title: &'static str,
    /// What there is to know of them.
    pub about: &'static str,
    /// The metrics, with the attributes that their points have.
    pub metrics: Vec<(&'static Metric, Vec<&'static str>)>,
}

/// Returns the reference of all metrics as Markdown, with those that others tell.
pub fn reference(outside: &[Outside]) -> String {
    let mut page = format!("{GENERATED}{INTRODUCTION}");
    let mut receivers: BTreeMap<&str, Vec<&Feed>> = BTreeMap::new();
    let mut others: BTreeMap<&str, Vec<&Feed>> = BTreeMap::new();
    for feed in feeds() {
        let names = if feed.is_receivers { &mut receivers } else { &mut others };
        names.entry(&feed.metric.name).or_default().push(feed);
    }
    page.push_str("## Names of OpenTelemetry's postgresqlreceiver\n\n");
    table(&mut page, &receivers);
    page.push_str("\n## Names made of PostgreSQL's own\n\n");
    table(&mut page, &others);
    page.push_str("\n## Counts and ages that no column holds, and our own figures\n\n");
    plain_table(&mut page, made());
    for Outside { title, about, metrics } in outside {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "\n## {title}\n\n{about}\n");
        plain_table(&mut page, metrics.iter().map(|(metric, attributes)| (*metric, attributes.as_slice())));
    }
    page.push_str("\n## Left out\n\n| view | columns | because |\n|---|---|---|\n");
    for left in LEFT_OUT {
        let columns = if left.columns.is_empty() { "all".to_owned() } else { quoted(left.columns) };
        let _ = writeln!(page, "| {} | {columns} | {} |", left.view, left.because);
    }
    page.push_str(EVENTS);
    page
}

const INTRODUCTION: &str = "\
# Metrics and events

What OTLP carries. Names of OpenTelemetry's postgresqlreceiver are that receiver's, with its units, kinds and attributes,
so that dashboards made for it go on working; every other figure is named by `postgresql.`, the view and the column, as
PostgreSQL calls them.

Who owns a value (a database, a table, an index) is told by the resource in the layout `legacy`, which is the receiver's
default, and by `db.namespace`, `db.collection.name` and `postgresql.index.name` on the points in the layout `semconv`.
A counter's start is the moment at which PostgreSQL began to count it anew. Statements are sent as running sums of their
windows: a bounded set of series, told apart by `db.namespace`, `postgresql.rolname`, `postgresql.queryid` and
`postgresql.toplevel`; all others are in one series with `pgquerylens.part` = `other`, our own in one with `own`. Texts
and fingerprints are on `postgresql.statements.info` alone.

";

const EVENTS: &str = "
## Events

Log records without a body. `pgquerylens.window.id` names the baseline that a window starts from: of two records with
one id and one statement, the later replaces the earlier.

| event | what it is |
|---|---|
| `db.server.top_query` | a statement that is among the first of its window, with the receiver's attributes and ours |
| `db.server.query_sample` | a client session that was not idle when the poll looked, with what it waits for |
| `pgquerylens.statements_window` | a window of the statements: its bounds, quality, coverage, and the sums of all, of the others and of our own |

With `event-compat: receiver` an event keeps that receiver's units and names: `postgresql.total_exec_time` is seconds in
`top_query` and milliseconds in `query_sample`, the query id is `postgresql.queryid` in one and `postgresql.query_id` in the
other. With `native` both are milliseconds and `postgresql.queryid`. `pgquerylens.total_exec_time_ms` and
`pgquerylens.query_duration_ms` are unambiguous either way.
";

fn plain_table<'m>(page: &mut String, metrics: impl IntoIterator<Item = (&'m Metric, &'m [&'m str])>) {
    page.push_str(
        "| metric | unit | kind | attributes | what it tells | from |\n|---|---|---|---|---|---|\n",
    );
    for (metric, attributes) in metrics {
        let Metric { name, unit, about, family, kind } = metric;
        let (kind, attributes) = (kind.name(), quoted(attributes));
        // Writing to a string cannot fail.
        let _ = writeln!(page, "| `{name}` | `{unit}` | {kind} | {attributes} | {about} | {family} |");
    }
}

fn table(page: &mut String, metrics: &BTreeMap<&str, Vec<&Feed>>) {
    page.push_str("| metric | unit | kind | attributes | source | versions |\n|---|---|---|---|---|---|\n");
    for (name, feeds) in metrics {
        let metric = &feeds[0].metric;
        let sources: Vec<String> = feeds.iter().map(|feed| source(feed)).collect();
        let versions: Vec<String> = feeds.iter().map(|feed| since(feed)).collect();
        let _ = writeln!(
            page,
            "| `{name}` | `{}` | {} | {} | {} | {} |",
            metric.unit,
            metric.kind.name(),
            attributes(feeds[0]),
            once(sources),
            once(versions)
        );
    }
}

fn source(feed: &Feed) -> String {
    let column = format!("`{}.{}`", feed.view.name, feed.column().name);
    match feed.attribute {
        Some((key, value)) => format!("{column} as `{key}={value}`"),
        None => column,
    }
}

fn since(feed: &Feed) -> String {
    let column = feed.column();
    versions(feed.view, column.since.max(first_version(feed.view)), column.until)
}

fn attributes(feed: &Feed) -> String {
    let Some(shape) = shape_of(feed.view) else { return "of its statement".to_owned() };
    let owner = match shape.owner {
        OwnedBy::Server => "server",
        OwnedBy::Database(_) => "database",
        OwnedBy::Schema => "schema",
        OwnedBy::Table | OwnedBy::TableById => "table",
        OwnedBy::Index | OwnedBy::IndexById => "index",
        OwnedBy::SequenceById => "schema, `sequence`",
    };
    let keys = shape.attributes.iter().map(|(_, key)| *key).chain(feed.attribute.map(|(key, _)| key));
    let keys: Vec<&str> = keys.collect();
    if keys.is_empty() { owner.to_owned() } else { format!("{owner}, {}", quoted(&keys)) }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn once(mut texts: Vec<String>) -> String {
    texts.dedup();
    texts.join("<br>")
}
