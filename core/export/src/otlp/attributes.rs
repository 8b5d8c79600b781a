//! Attributes of resources, points and records, and how an owner is written in either layout.

use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, any_value::Value as Any,
};
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::Layout;
use crate::metrics::{Owner, Value};
use crate::origin::{Origin, ResourceValue, ServerFacts};

pub(super) fn pair(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

pub(super) fn text(key: &str, text: &str) -> KeyValue {
    pair(key, Any::StringValue(text.to_owned()))
}

pub(super) fn texts(key: &str, texts: &[String]) -> KeyValue {
    let values = texts.iter().map(|text| AnyValue { value: Some(Any::StringValue(text.clone())) }).collect();
    pair(key, Any::ArrayValue(ArrayValue { values }))
}

pub(super) fn of_value(key: &str, value: &Value) -> KeyValue {
    pair(
        key,
        match value {
            Value::Text(text) => Any::StringValue(text.clone()),
            Value::Int(number) => Any::IntValue(*number),
            Value::Flag(flag) => Any::BoolValue(*flag),
        },
    )
}

fn of_resource(key: &str, value: &ResourceValue) -> KeyValue {
    match value {
        ResourceValue::Text(value) => text(key, value),
        ResourceValue::Int(number) => pair(key, Any::IntValue(*number)),
        ResourceValue::Texts(values) => texts(key, values),
    }
}

/// Returns ourselves as OTLP's scope.
pub(super) fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "pgquerylens".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}

/// Returns the resource of an owner's values: the server's, and in the legacy layout the owner's own.
pub(super) fn resource(
    owner: &Owner,
    origin: &Origin,
    facts: Option<&ServerFacts>,
    layout: Layout,
) -> Resource {
    let mut attributes = server(origin, facts, layout);
    if layout == Layout::Legacy {
        attributes.extend(legacy(owner));
    }
    // What its user says of a server wins over what we say.
    let said = origin.resource.iter().map(|(key, value)| of_resource(key, value));
    let labelled = origin.labels.iter().map(|(key, value)| text(key, value));
    for attribute in said.chain(labelled) {
        attributes.retain(|known| known.key != attribute.key);
        attributes.push(attribute);
    }
    Resource { attributes, ..Resource::default() }
}

fn server(origin: &Origin, facts: Option<&ServerFacts>, layout: Layout) -> Vec<KeyValue> {
    let instance = match layout {
        Layout::Legacy => origin.instance_id(),
        Layout::Semconv => origin.instance_uuid(),
    };
    let mut attributes = vec![
        text("service.instance.id", &instance),
        text("server.address", &origin.address),
        pair("server.port", Any::IntValue(origin.port.into())),
        text("db.system.name", "postgresql"),
        text("pgquerylens.server", &origin.name),
    ];
    attributes.extend(origin.cluster.as_ref().map(|cluster| text("pgquerylens.cluster", cluster)));
    attributes.extend(facts.into_iter().flat_map(|facts| {
        [
            text("pgquerylens.role", facts.role),
            text("pgquerylens.provider", facts.provider),
            text("postgresql.version", &facts.version),
        ]
    }));
    attributes
}

/// The receiver names a table with its schema, an index's table without.
fn legacy(owner: &Owner) -> Vec<KeyValue> {
    let database = |name: &str| text("postgresql.database.name", name);
    match owner {
        Owner::Server => Vec::new(),
        Owner::Database(name) | Owner::Schema { database: name, .. } => vec![database(name)],
        Owner::Table { database: name, schema, table } => {
            vec![database(name), text("postgresql.table.name", &format!("{schema}.{table}"))]
        }
        Owner::Index { database: name, table, index, .. } => {
            vec![database(name), text("postgresql.table.name", table), text("postgresql.index.name", index)]
        }
    }
}

/// Returns what the points of an owner say of it themselves.
pub(super) fn of_owner(owner: &Owner, layout: Layout) -> Vec<KeyValue> {
    if layout == Layout::Legacy {
        // An index's resource does not tell its schema, and a function's or sequence's neither.
        return match owner {
            Owner::Schema { schema, .. } | Owner::Index { schema, .. } => vec![text("schema", schema)],
            Owner::Server | Owner::Database(_) | Owner::Table { .. } => Vec::new(),
        };
    }
    let namespace = |database: &str, schema: &str| text("db.namespace", &format!("{database}|{schema}"));
    match owner {
        Owner::Server => Vec::new(),
        Owner::Database(name) => vec![text("db.namespace", name)],
        Owner::Schema { database, schema } => vec![namespace(database, schema)],
        Owner::Table { database, schema, table } => {
            vec![namespace(database, schema), text("db.collection.name", table)]
        }
        Owner::Index { database, schema, table, index } => vec![
            namespace(database, schema),
            text("db.collection.name", table),
            text("postgresql.index.name", index),
        ],
    }
}
