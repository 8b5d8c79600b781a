//! One line: what CloudWatch is to make of the members, then the members.

use pgquerylens_model::window::Sum;
use serde_json::{Map, Value, json};

use super::dimensions::Dimensions;

/// The most metrics of one line.
pub const MAX_METRICS: usize = 100;

/// One metric with its value.
pub(super) struct Figure<'p> {
    pub(super) name: &'p str,
    pub(super) unit: &'static str,
    pub(super) value: Sum,
}

/// Returns a line without its end. Labels are members that no metric is made of: they can be searched, and cost nothing.
pub(super) fn line(
    namespace: &str,
    dimensions: &Dimensions,
    time_ms: i64,
    figures: &[Figure<'_>],
    labels: &[(String, String)],
) -> String {
    let metrics: Vec<Value> =
        figures.iter().map(|figure| json!({"Name": figure.name, "Unit": figure.unit})).collect();
    let names: Vec<&str> = dimensions.0.keys().copied().collect();
    let mut members = Map::new();
    members.extend(labels.iter().map(|(key, value)| (key.clone(), json!(value))));
    members.extend(dimensions.0.iter().map(|(key, value)| ((*key).to_owned(), json!(value))));
    members.extend(figures.iter().map(|figure| (figure.name.to_owned(), number(figure.value))));
    let directive = json!([{"Namespace": namespace, "Dimensions": [names], "Metrics": metrics}]);
    // Last, so that no label can take its place.
    members.insert("_aws".to_owned(), json!({"Timestamp": time_ms, "CloudWatchMetrics": directive}));
    Value::Object(members).to_string()
}

fn number(value: Sum) -> Value {
    match value {
        Sum::Int(value) => json!(value),
        Sum::Float(value) => json!(value),
    }
}
