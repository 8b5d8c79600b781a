//! The JSON Schema of the JSON document, made from the reference's table of fields and the types of the example. It
//! allows more fields than it names: columns differ from version to version, and new fields may come.

use serde_json::{Map, Value, json};

use super::document::FIELDS;
use crate::document::{SCHEMA, document};
use crate::example;

/// Returns the schema.
pub fn schema() -> String {
    let example = document(&example::report());
    let mut root = Map::new();
    root.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    root.insert("title".into(), SCHEMA.into());
    root.insert("description".into(), "One poll of a PostgreSQL server by pgquerylens".into());
    root.extend(object_at("", &example, &[]));
    format!("{:#}\n", Value::Object(root))
}

/// Returns the schema of an object: a property for every field of the table below its path.
fn object_at(path: &str, example: &Value, types: &[&str]) -> Map<String, Value> {
    let mut properties = Map::new();
    for (field, about) in FIELDS {
        let Some(name) = child_of(field, path) else { continue };
        let (key, is_list) = name.strip_suffix("[]").map_or((name, false), |key| (key, true));
        let value = example.get(key).unwrap_or(&Value::Null);
        properties.insert(key.to_owned(), property(field, about, value, is_list));
    }
    let required: Vec<&String> = properties.keys().collect();
    let mut schema = Map::new();
    schema.insert("type".into(), if types.is_empty() { json!("object") } else { json!(types) });
    // Columns of a view may be absent; the document's own fields are always there.
    if path.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    schema.insert("properties".into(), Value::Object(properties));
    schema
}

fn property(path: &str, about: &str, example: &Value, is_list: bool) -> Value {
    let mut schema = match (is_list, example) {
        (true, _) => {
            let first = example.get(0).unwrap_or(&Value::Null);
            let mut list = Map::new();
            list.insert("type".into(), json!("array"));
            list.insert("items".into(), property(path, "", first, false));
            list
        }
        (false, Value::Object(_)) => object_at(path, example, &["object", "null"]),
        (false, Value::Null) => Map::new(),
        (false, value) => Map::from_iter([("type".to_owned(), json!([type_of(value), "null"]))]),
    };
    if !about.is_empty() {
        schema.insert("description".into(), about.into());
    }
    Value::Object(schema)
}

/// Returns the last part of a field's path if it lies directly below another: `[]` is a part of the name before it.
fn child_of<'f>(field: &'f str, path: &str) -> Option<&'f str> {
    let rest = match path {
        "" => field,
        path => field.strip_prefix(path)?.strip_prefix('.')?,
    };
    (!rest.contains('.')).then_some(rest)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::String(_) | Value::Null => "string",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_where_the_document_has_them_and_say_what_they_are() {
        let schema: Value = serde_json::from_str(&schema()).unwrap();
        let top = &schema["properties"]["statements"]["properties"]["top"];
        assert_eq!(top["type"], "array");
        assert_eq!(top["items"]["properties"]["queryid"]["type"], json!(["string", "null"]));
        assert_eq!(
            schema["properties"]["cost"]["properties"]["round_trips"]["type"],
            json!(["number", "null"])
        );
        let required: Vec<&str> =
            schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let example = document(&example::report());
        let fields: Vec<&str> = example.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(required, fields);
    }
}
