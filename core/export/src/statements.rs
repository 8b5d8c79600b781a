//! Statements in the JSON document: the named ones, what remains, our own, and the total that the three add up to.

use pgquerylens_model::report::{NamedStatement, PollReport, StatementMetrics, UnifiedMetrics};
use pgquerylens_model::selection::Selected;
use pgquerylens_model::statements::exec_moments;
use pgquerylens_model::view::{Column, Kind};
use pgquerylens_model::views::statements::VIEW;
use pgquerylens_model::window::{Quality, Sum};
use serde_json::{Value, json};

use crate::json::{Object, differences, levels, sums, time};

/// Returns the statements of the window, or `null` if there are none.
pub(crate) fn statements(report: &PollReport) -> Value {
    let Some(metrics) = &report.metrics else { return Value::Null };
    let Some(statements) = &metrics.statements else { return Value::Null };
    let info = metrics.view(&VIEW).and_then(|view| view.snapshot.statements);
    let window = &statements.window;
    let is_interval = !matches!(window.quality, Quality::Gap(_));
    let selection = &statements.selection;
    json!({
        "basis": if is_interval { "interval" } else { "since_reset" },
        "from": time(window.from),
        "to": time(Some(window.to)),
        "entries": statements.entries,
        "max_entries": info.and_then(|info| info.max_entries),
        "hidden_entries": statements.hidden_entries,
        "stats_reset": time(info.and_then(|info| info.stats_reset)),
        "dealloc": info.and_then(|info| info.dealloc_after),
        "top": top(metrics, statements),
        "other": other(statements),
        "own": own(report, statements),
        "total": sums(&VIEW, &selection.total),
    })
}

fn top(metrics: &UnifiedMetrics, statements: &StatementMetrics) -> Vec<Value> {
    let nothing_known = NamedStatement::default();
    let named = statements.named.iter().chain(std::iter::repeat(&nothing_known));
    let selected = statements.selection.selected.iter().zip(named);
    selected.map(|(selected, named)| Value::Object(statement(metrics, statements, selected, named))).collect()
}

fn statement(
    metrics: &UnifiedMetrics,
    statements: &StatementMetrics,
    selected: &Selected,
    named: &NamedStatement,
) -> Object {
    let window = &statements.window;
    let mut object = Object::new();
    object.insert("datname".into(), named.datname.clone().into());
    object.insert("rolname".into(), named.rolname.clone().into());
    let snapshot = metrics.view(&VIEW).map(|view| &view.snapshot);
    let entry = window.deltas.row_indexes.get(selected.row).copied().zip(snapshot);
    if let Some((row, snapshot)) = entry {
        object.extend(levels(&VIEW, &snapshot.rows, row, |column| VIEW.key.contains(&column.name)));
    }
    object.insert("fingerprint".into(), named.fingerprint.clone().into());
    object.insert("statement_type".into(), named.statement_type.clone().into());
    object.insert("tables".into(), json!(named.tables));
    object.insert("query".into(), named.query.clone().into());
    let orders: Vec<&str> = selected.ranked_by.iter().map(|order| order.name()).collect();
    object.insert("ranked_by".into(), json!(orders));
    if let Some((row, snapshot)) = entry {
        let moments = exec_moments(statements.baseline.as_ref(), snapshot, window, selected.row);
        let mean = moments.map(|moments| moments.total / moments.count as f64);
        object.insert("mean_exec_time_ms".into(), mean.into());
        object.insert("stddev_exec_time_ms".into(), moments.map(|moments| moments.stddev).into());
        object.extend(differences(&VIEW, &window.deltas, selected.row));
        object.insert("entry".into(), Value::Object(levels(&VIEW, &snapshot.rows, row, is_of_entry)));
    }
    object
}

/// Extremes, deviations and moments hold since the entry began; no window can be made of them.
fn is_of_entry(column: &Column) -> bool {
    matches!(column.kind, Kind::GaugeFloat | Kind::Time)
}

fn other(statements: &StatementMetrics) -> Value {
    let mut object = Object::new();
    object.insert("statement_count".into(), statements.selection.other_count.into());
    object.extend(sums(&VIEW, &statements.selection.other));
    Value::Object(object)
}

/// Until the texts were read our own statements are not known, and are counted among the others.
fn own(report: &PollReport, statements: &StatementMetrics) -> Value {
    let calls = VIEW.column_index("calls").and_then(|column| statements.selection.own.get(column).copied());
    let none_seen = !calls.flatten().is_some_and(|sum: Sum| sum.as_f64() > 0.0);
    if none_seen && report.cost.own_exec_time_ms.is_none() {
        return Value::Null;
    }
    Value::Object(sums(&VIEW, &statements.selection.own))
}
