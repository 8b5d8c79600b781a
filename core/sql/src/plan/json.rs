//! A plan as JSON: its numbers are figures, its texts are names and expressions, or the statement's.

use serde_json::Value;

use super::{MASK, Masked, OfQuery, expression};

pub(super) fn masked(text: &str, query: OfQuery) -> Option<Masked> {
    let mut document: Value = serde_json::from_str(text).ok()?;
    let fields = document.as_object_mut()?;
    let of_query = query(fields.get("Query Text")?.as_str()?)?;
    fields.get("Plan")?.as_object()?;
    for (name, value) in fields.iter_mut() {
        match name.as_str() {
            "Query Text" => *value = Value::String(of_query.clone()),
            "Query Parameters" => *value = Value::String(MASK.to_owned()),
            _ => mask(value)?,
        }
    }
    let queryid = fields.get("Query Identifier").and_then(Value::as_i64);
    Some(Masked { text: document.to_string(), queryid })
}

/// serde_json reads no deeper than 128 levels, so neither do we.
fn mask(value: &mut Value) -> Option<()> {
    match value {
        Value::String(text) => *text = expression::masked(text)?,
        Value::Array(values) => values.iter_mut().try_for_each(mask)?,
        Value::Object(fields) => fields.values_mut().try_for_each(mask)?,
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Some(())
}
