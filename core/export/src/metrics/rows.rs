//! Points from the rows of the views: each column by its feed, each row by its view's shape.

use std::collections::{HashMap, HashSet};

use pgquerylens_model::capabilities::{PROVIDER_DATABASES, PROVIDER_ROLES};
use pgquerylens_model::report::{UnifiedMetrics, ViewMetrics};
use pgquerylens_model::rows::{Rows, Series};
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::view::View;
use pgquerylens_model::views::{database, indexes, sequences, tables};
use pgquerylens_model::window::Sum;

use super::catalogue::{Feed, feeds_of};
use super::columns::{MAX_ROWS, OwnedBy, Shape, shape_of};
use super::health::LEFT_OUT;
use super::receiver::Convert;
use super::{Attribute, MetricKind, Owner, Point, Value, one_per_series};

/// The client address of a connection over a socket, as the receiver calls it.
const UNIX: &str = "unix";

/// Returns the points of every view that has a shape.
pub(super) fn points(metrics: &UnifiedMetrics) -> Vec<Point<'static>> {
    let shaped = metrics.views.iter().filter_map(|found| Some((found, shape_of(found.view)?)));
    shaped.flat_map(|(found, shape)| of_view(metrics, found, shape)).collect()
}

fn of_view(metrics: &UnifiedMetrics, found: &ViewMetrics, shape: &Shape) -> Vec<Point<'static>> {
    let rows = &found.snapshot.rows;
    let names = Names::of(metrics, found, shape.owner);
    let deltas = found.window.as_ref().map(|window| &window.deltas);
    let changed: HashMap<usize, usize> = deltas
        .iter()
        .flat_map(|deltas| deltas.row_indexes.iter().enumerate().map(|(changed, row)| (*row, changed)))
        .collect();
    let sent = first_rows(found, shape);
    let mut points: Vec<Point<'static>> = left_out(found, rows.len() - sent.len()).into_iter().collect();
    let starts = found.since.as_ref().map(|since| since.of_rows(&found.snapshot));
    for row in sent {
        let Some(series) = names.series_of(found, shape, row) else { continue };
        let start = starts.as_ref().map(|starts| starts.of(row));
        let row = Row { index: row, changed: changed.get(&row).copied(), start };
        for feed in feeds_of(found.view) {
            points.extend(point(found, feed, &series, &row));
        }
    }
    one_per_series(points, shape.shared)
}

/// Returns the rows that are sent: all, or of too many the largest. Equal ones go by their key, so that the same are
/// sent at every poll.
fn first_rows(found: &ViewMetrics, shape: &Shape) -> Vec<usize> {
    let rows = &found.snapshot.rows;
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let column = shape.ranked_by.and_then(|name| found.view.column_index(name));
    if let Some(column) = column.filter(|_| order.len() > MAX_ROWS) {
        let rank = |row: usize| {
            let whole = rows.int(column, row).map(|value| value as f64);
            whole.or_else(|| rows.float(column, row)).unwrap_or(0.0)
        };
        order.sort_by(|a, b| rank(*b).total_cmp(&rank(*a)).then(a.cmp(b)));
        order.truncate(MAX_ROWS);
    }
    order
}

fn left_out(found: &ViewMetrics, count: usize) -> Option<Point<'static>> {
    let database = found.database.clone().filter(|_| count > 0)?;
    Some(Point {
        metric: &LEFT_OUT,
        owner: Owner::Database(database),
        attributes: vec![("view", Value::Text(found.view.name.to_owned()))],
        start: None,
        time: found.snapshot.taken_at,
        value: Sum::Int(i64::try_from(count).unwrap_or(i64::MAX)),
        added: None,
    })
}

/// What the points of one row have in common.
struct RowSeries {
    owner: Owner,
    attributes: Vec<Attribute>,
}

/// Where a row is in its snapshot and, if it changed, in the window; and since when its counters have been growing.
struct Row {
    index: usize,
    changed: Option<usize>,
    start: Option<Timestamp>,
}

fn point(found: &ViewMetrics, feed: &'static Feed, series: &RowSeries, row: &Row) -> Option<Point<'static>> {
    let snapshot = &found.snapshot;
    let value = value(&snapshot.rows, feed, row.index, snapshot.taken_at)?;
    let is_counter = feed.metric.kind == MetricKind::Counter;
    let added =
        found.window.as_ref().filter(|_| is_counter).and_then(|window| {
            Some((window.from?, Sum::of(&window.deltas, feed.column_index, row.changed?)?))
        });
    let mut attributes = series.attributes.clone();
    attributes.extend(feed.attribute.map(|(key, value)| (key, Value::Text(value.to_owned()))));
    Some(Point {
        metric: &feed.metric,
        owner: series.owner.clone(),
        attributes,
        start: row.start.filter(|_| is_counter),
        time: snapshot.taken_at,
        value,
        added,
    })
}

fn value(rows: &Rows, feed: &Feed, row: usize, now: Timestamp) -> Option<Sum> {
    let level = match rows.series(feed.column_index)? {
        Series::Int(values) => Sum::Int((*values.get(row)?)?),
        Series::Float(values) => Sum::Float((*values.get(row)?)?),
        Series::Time(values) => {
            return Some(Sum::Int(now.seconds_since((*values.get(row)?)?).max(0.0) as i64));
        }
        _ => return None,
    };
    Some(match feed.convert {
        Convert::Whole => Sum::Int(level.as_f64() as i64),
        Convert::AsIs | Convert::Age => level,
    })
}

/// Names of relations by oid, where a view knows only their oids.
struct Names<'n> {
    database: Option<&'n str>,
    /// Templates are nobody's databases: the receiver leaves them out too.
    templates: HashSet<&'n str>,
    by_id: HashMap<i64, (&'n Rows, usize)>,
    named_by: Option<&'static View>,
}

impl<'n> Names<'n> {
    fn of(metrics: &'n UnifiedMetrics, found: &'n ViewMetrics, owner: OwnedBy) -> Names<'n> {
        let (named_by, key): (&'static View, &str) = match owner {
            OwnedBy::TableById => (&tables::VIEW, "relid"),
            OwnedBy::IndexById => (&indexes::VIEW, "indexrelid"),
            OwnedBy::SequenceById => (&sequences::VIEW, "relid"),
            _ => return Names { templates: templates(metrics), ..Names::in_database(found) },
        };
        let source = metrics.views.iter().find(|view| {
            view.view.name == named_by.name && view.snapshot.database == found.snapshot.database
        });
        let rows = source.map(|source| &source.snapshot.rows);
        let column = named_by.column_index(key);
        let by_id = rows.zip(column).map(|(rows, column)| {
            (0..rows.len()).filter_map(|row| Some((rows.int(column, row)?, (rows, row)))).collect()
        });
        Names { by_id: by_id.unwrap_or_default(), named_by: Some(named_by), ..Names::in_database(found) }
    }

    fn in_database(found: &'n ViewMetrics) -> Names<'n> {
        Names {
            database: found.database.as_deref(),
            templates: HashSet::new(),
            by_id: HashMap::new(),
            named_by: None,
        }
    }

    /// Returns who owns a row and what tells it apart, or nothing for rows of nobody and of the provider.
    fn series_of(&self, found: &ViewMetrics, shape: &Shape, row: usize) -> Option<RowSeries> {
        let rows = &found.snapshot.rows;
        let attributes = shape.attributes.iter().filter_map(|(column, key)| {
            let value = attribute(found.view, rows, column, row);
            let value =
                value.or_else(|| (*key == "replication_client").then(|| Value::Text(UNIX.to_owned())));
            Some((*key, value?))
        });
        let mut attributes: Vec<Attribute> = attributes.collect();
        if attributes.iter().any(|(_, value)| matches!(value, Value::Text(name) if is_providers(name))) {
            return None;
        }
        let label = |name: &str| rows.label(found.view.column_index(name)?, row).map(str::to_owned);
        let database = self.database.map(str::to_owned);
        let owner = match shape.owner {
            OwnedBy::Server => Owner::Server,
            OwnedBy::Database(column) => {
                let name = label(column)?;
                if is_providers(&name) || self.templates.contains(name.as_str()) {
                    return None;
                }
                Owner::Database(name)
            }
            OwnedBy::Schema => Owner::Schema { database: database?, schema: label("schemaname")? },
            OwnedBy::Table => {
                Owner::Table { database: database?, schema: label("schemaname")?, table: label("relname")? }
            }
            OwnedBy::Index => Owner::Index {
                database: database?,
                schema: label("schemaname")?,
                table: label("relname")?,
                index: label("indexrelname")?,
            },
            OwnedBy::TableById => Owner::Table {
                database: database?,
                schema: self.named(found, row, "schemaname")?,
                table: self.named(found, row, "relname")?,
            },
            OwnedBy::IndexById => Owner::Index {
                database: database?,
                schema: self.named(found, row, "schemaname")?,
                table: self.named(found, row, "relname")?,
                index: self.named(found, row, "indexrelname")?,
            },
            OwnedBy::SequenceById => {
                attributes.push(("sequence", Value::Text(self.named(found, row, "sequencename")?)));
                Owner::Schema { database: database?, schema: self.named(found, row, "schemaname")? }
            }
        };
        Some(RowSeries { owner, attributes })
    }

    /// Returns a name of the relation that a row's key points to.
    fn named(&self, found: &ViewMetrics, row: usize, column: &str) -> Option<String> {
        let key = found.view.key_indexes().first().copied()?;
        let (rows, there) = self.by_id.get(&found.snapshot.rows.int(key, row)?)?;
        rows.label(self.named_by?.column_index(column)?, *there).map(str::to_owned)
    }
}

pub(super) fn templates(metrics: &UnifiedMetrics) -> HashSet<&str> {
    let Some(found) = metrics.view(&database::VIEW) else { return HashSet::new() };
    let rows = &found.snapshot.rows;
    let column = |name| database::VIEW.column_index(name);
    let (Some(name), Some(flag)) = (column("datname"), column("datistemplate")) else {
        return HashSet::new();
    };
    let is_template = |row: &usize| rows.flag(flag, *row) == Some(true);
    (0..rows.len()).filter(is_template).filter_map(|row| rows.label(name, row)).collect()
}

fn attribute(view: &View, rows: &Rows, column: &str, row: usize) -> Option<Value> {
    let index = view.column_index(column)?;
    match rows.series(index)? {
        Series::Label(values) => values.get(row)?.as_deref().map(|text| Value::Text(text.to_owned())),
        Series::Int(values) => values.get(row)?.map(Value::Int),
        Series::Flag(values) => values.get(row)?.map(Value::Flag),
        _ => None,
    }
}

pub(super) fn is_providers(name: &str) -> bool {
    PROVIDER_DATABASES.contains(&name) || PROVIDER_ROLES.contains(&name)
}

#[cfg(test)]
mod tests {
    use pgquerylens_model::baseline::Baseline;
    use pgquerylens_model::delta::subtract;
    use pgquerylens_model::report::PollReport;
    use pgquerylens_model::views::{functions, replication};

    use super::*;
    use crate::example;

    /// Tables with as many pages as their place, in one schema.
    fn many_tables(count: i64) -> Rows {
        let ints = |values: Vec<i64>| Series::Int(values.into_iter().map(Some).collect());
        let names =
            |values: Vec<String>| Series::Label(values.into_iter().map(|name| Some(name.into())).collect());
        let view: &View = &tables::VIEW;
        example::rows_of(
            view,
            count as usize,
            vec![
                ("relid", ints((0..count).collect())),
                ("schemaname", names((0..count).map(|_| "public".to_owned()).collect())),
                ("relname", names((0..count).map(|place| format!("t{place}")).collect())),
                ("relpages", ints((0..count).collect())),
                ("n_live_tup", ints(vec![1; count as usize])),
            ],
        )
    }

    /// The example with one view, of the database `shop`.
    fn report_of(view: &'static View, rows: Rows) -> PollReport {
        let mut report = example::report();
        let metrics = report.metrics.as_mut().unwrap();
        let mut found = metrics.views.pop().unwrap();
        found.view = view;
        found.database = Some("shop".to_owned());
        found.snapshot.view = view;
        found.snapshot.rows = rows;
        found.window = None;
        metrics.views = vec![found];
        report
    }

    fn ints(values: &[i64]) -> Series {
        Series::Int(values.iter().copied().map(Some).collect())
    }

    fn labels(values: &[&str]) -> Series {
        Series::Label(values.iter().map(|text| Some((*text).into())).collect())
    }

    #[test]
    fn what_one_of_two_functions_of_a_name_added_is_not_lost() {
        let rows = |calls: &[i64]| {
            let columns = vec![
                ("funcid", ints(&[1, 2])),
                ("schemaname", labels(&["public", "public"])),
                ("funcname", labels(&["f", "f"])),
                ("calls", ints(calls)),
            ];
            example::rows_of(&functions::VIEW, 2, columns)
        };
        for after in [[105, 7], [5, 107]] {
            let mut report = report_of(&functions::VIEW, rows(&after));
            let found = &mut report.metrics.as_mut().unwrap().views[0];
            let mut before = found.snapshot.clone();
            before.taken_at = Timestamp(before.taken_at.0 - 60_000_000);
            before.rows = rows(&[5, 7]);
            found.window = Some(subtract(Some(&Baseline::of(&before)), &found.snapshot));
            let points = points(report.metrics.as_ref().unwrap());
            let calls =
                points.iter().filter(|point| point.metric.name.ends_with(".calls")).collect::<Vec<_>>();
            assert_eq!(calls.len(), 1);
            assert_eq!(calls[0].value, Sum::Int(112));
            assert_eq!(calls[0].added, Some((before.taken_at, Sum::Int(100))));
        }
    }

    #[test]
    fn of_two_standbys_behind_one_address_the_lag_of_the_later_one_is_told() {
        let columns = vec![
            ("pid", ints(&[10, 11])),
            ("client_addr", labels(&["192.0.2.1", "192.0.2.1"])),
            ("application_name", labels(&["walreceiver", "walreceiver"])),
            ("replay_lag", Series::Float(vec![Some(10.0), Some(12.0)])),
        ];
        let report = report_of(&replication::VIEW, example::rows_of(&replication::VIEW, 2, columns));
        let points = points(report.metrics.as_ref().unwrap());
        let lags: Vec<String> =
            points.iter().map(|point| format!("{} {}", point.metric.name, point.value.as_f64())).collect();
        // The receiver has it as whole seconds and exactly.
        assert_eq!(lags, ["postgresql.wal.delay 12", "postgresql.wal.lag 12"]);
    }

    #[test]
    fn of_too_many_tables_the_largest_are_sent_and_the_others_counted() {
        let report = report_of(&tables::VIEW, many_tables(1_200));
        let points = points(report.metrics.as_ref().unwrap());
        let live = points.iter().filter(|point| point.metric.name == "postgresql.rows").collect::<Vec<_>>();
        assert_eq!(live.len(), MAX_ROWS);
        assert!(
            live.iter().all(|point| matches!(&point.owner, Owner::Table { table, .. } if table != "t199"))
        );
        let left = points.iter().find(|point| point.metric.name == LEFT_OUT.name).unwrap();
        assert_eq!(left.value, Sum::Int(200));
    }
}
