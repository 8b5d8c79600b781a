//! Rows, windows and sums as JSON, led by the views' column tables.
//!
//! A column that the version does not have is absent; SQL's NULL is `null`. Texts that were not normalised are
//! left out, whoever forgot to.

use std::collections::HashMap;

use pgquerylens_model::capabilities::{PROVIDER_DATABASES, PROVIDER_ROLES};
use pgquerylens_model::report::ViewMetrics;
use pgquerylens_model::rows::{Rows, Series};
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::view::{Column, READ_AT, View};
use pgquerylens_model::window::{DeltaSeries, Deltas, Sum, Window};
use serde_json::{Map, Value, json};

/// Columns of 64 bits that JavaScript and jq would round: they leave as strings.
const LARGE_IDS: [&str; 2] = ["queryid", "query_id"];
/// Columns that name a database or a role, by which a provider's own rows are known.
const OWNER_COLUMNS: [&str; 3] = ["datname", "usename", "rolname"];

pub(crate) type Object = Map<String, Value>;

/// Returns the moment as RFC 3339, or `null`.
pub(crate) fn time(moment: Option<Timestamp>) -> Value {
    moment.map_or(Value::Null, |moment| Value::String(moment.to_rfc3339()))
}

/// Returns a window without its differences.
pub(crate) fn window(window: &Window) -> Value {
    json!({
        "from": time(window.from),
        "to": time(Some(window.to)),
        "interval_seconds": window.seconds(),
        "quality": window.quality.name(),
        "reasons": window.quality.reasons(),
    })
}

/// Returns one view with its rows, each with the differences of its counters.
pub(crate) fn view(metrics: &ViewMetrics) -> Value {
    let mut object = Object::new();
    object.insert("view".into(), metrics.view.name.into());
    object.insert("database".into(), metrics.database.clone().into());
    object.insert("read_at".into(), time(Some(metrics.snapshot.taken_at)));
    if let Some(found) = &metrics.window {
        object.insert("window".into(), window(found));
    }
    object.insert("rows".into(), Value::Array(rows(metrics)));
    Value::Object(object)
}

fn rows(metrics: &ViewMetrics) -> Vec<Value> {
    let rows = &metrics.snapshot.rows;
    let deltas = metrics.window.as_ref().map(|window| &window.deltas);
    let changed: HashMap<usize, usize> = deltas
        .iter()
        .flat_map(|deltas| deltas.row_indexes.iter().enumerate().map(|(changed, row)| (*row, changed)))
        .collect();
    (0..rows.len())
        .filter(|row| is_shown(metrics.view, rows, *row))
        .map(|row| {
            let mut object = levels(metrics.view, rows, row, |column| column.name != READ_AT.name);
            if let Some((deltas, changed)) = deltas.zip(changed.get(&row)) {
                object.insert("delta".into(), Value::Object(differences(metrics.view, deltas, *changed)));
            }
            Value::Object(object)
        })
        .collect()
}

/// Tells whether a row is the user's: neither a provider's nor our own session.
fn is_shown(view: &View, rows: &Rows, row: usize) -> bool {
    let own = view.column_index("own_session").and_then(|column| rows.flag(column, row));
    let owners = OWNER_COLUMNS.iter().filter_map(|name| rows.label(view.column_index(name)?, row));
    let of_provider = |name: &str| PROVIDER_DATABASES.contains(&name) || PROVIDER_ROLES.contains(&name);
    own != Some(true) && !owners.into_iter().any(of_provider)
}

/// Returns the values of one row, of the columns that are there and that `include` accepts.
pub(crate) fn levels(view: &View, rows: &Rows, row: usize, include: impl Fn(&Column) -> bool) -> Object {
    let columns = view.columns.iter().enumerate().filter(|(_, column)| include(column));
    columns
        .filter_map(|(index, column)| {
            Some((column.name_with_unit(), value(column, rows.series(index)?, row)?))
        })
        .collect()
}

/// Returns the differences of one changed row.
pub(crate) fn differences(view: &View, deltas: &Deltas, changed: usize) -> Object {
    let columns = view.columns.iter().zip(&deltas.series);
    let difference = |series: &DeltaSeries| match series {
        DeltaSeries::Int(values) => Value::from(values.get(changed).copied().flatten()),
        DeltaSeries::Float(values) => Value::from(values.get(changed).copied().flatten()),
    };
    columns
        .filter_map(|(column, series)| Some((column.name_with_unit(), difference(series.as_ref()?))))
        .collect()
}

/// Returns sums of differences, one per column of the view.
pub(crate) fn sums(view: &View, sums: &[Option<Sum>]) -> Object {
    let number = |sum: Sum| match sum {
        Sum::Int(value) => Value::from(value),
        Sum::Float(value) => Value::from(value),
    };
    let columns = view.columns.iter().zip(sums);
    columns.filter_map(|(column, sum)| Some((column.name_with_unit(), number((*sum)?)))).collect()
}

fn value(column: &Column, series: &Series, row: usize) -> Option<Value> {
    Some(match series {
        Series::Int(values) => {
            let number = values.get(row)?;
            let is_large = LARGE_IDS.contains(&column.name);
            if is_large { number.map(|id| id.to_string()).into() } else { (*number).into() }
        }
        Series::Float(values) => (*values.get(row)?).into(),
        Series::Flag(values) => (*values.get(row)?).into(),
        Series::Label(values) => values.get(row)?.as_deref().into(),
        Series::Time(values) => time(*values.get(row)?),
        Series::IntList(values) => values.get(row)?.as_deref().map(|list| json!(list)).into(),
        Series::Text(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgquerylens_model::rows::RawText;
    use pgquerylens_model::views::activity;

    use crate::example::rows_of;

    fn labels(values: &[&str]) -> Series {
        Series::Label(values.iter().map(|value| Some((*value).into())).collect())
    }

    #[test]
    fn a_text_that_was_not_normalised_is_left_out() {
        let raw = Series::Text(vec![Some(RawText::new(b"select 'secret'"))]);
        let rows = rows_of(&activity::VIEW, 1, vec![("query", raw), ("state", labels(&["active"]))]);
        let object = levels(&activity::VIEW, &rows, 0, |_| true);
        assert_eq!(Value::Object(object).to_string(), r#"{"state":"active"}"#);
    }

    #[test]
    fn null_is_null_and_absent_is_absent() {
        let rows = rows_of(&activity::VIEW, 1, vec![("state", Series::Label(vec![None]))]);
        let object = levels(&activity::VIEW, &rows, 0, |_| true);
        assert_eq!(Value::Object(object).to_string(), r#"{"state":null}"#);
    }

    #[test]
    fn rows_of_a_provider_and_our_own_session_are_not_shown() {
        let own = Series::Flag(vec![Some(false), Some(false), Some(true)]);
        let users = labels(&["app", "rdsadmin", "monitor"]);
        let rows = rows_of(&activity::VIEW, 3, vec![("usename", users), ("own_session", own)]);
        let shown: Vec<usize> = (0..3).filter(|row| is_shown(&activity::VIEW, &rows, *row)).collect();
        assert_eq!(shown, [0]);
    }
}
