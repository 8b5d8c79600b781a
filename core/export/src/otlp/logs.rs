//! Events as `ExportLogsServiceRequest`: records without a body, named by their event.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};

use super::Layout;
use super::attributes::{pair, resource, scope, text, texts};
use super::metrics::nanoseconds;
use crate::events::{Event, Field};
use crate::metrics::Owner;
use crate::origin::{Origin, ServerFacts};

/// Returns one request; none of its resources is there without an event.
pub(super) fn request(
    events: &[Event],
    origin: &Origin,
    facts: Option<&ServerFacts>,
    layout: Layout,
) -> ExportLogsServiceRequest {
    if events.is_empty() {
        return ExportLogsServiceRequest::default();
    }
    let scope_logs = ScopeLogs {
        scope: Some(scope()),
        log_records: events.iter().map(record).collect(),
        ..ScopeLogs::default()
    };
    let resource_logs = ResourceLogs {
        resource: Some(resource(&Owner::Server, origin, facts, layout)),
        scope_logs: vec![scope_logs],
        ..ResourceLogs::default()
    };
    ExportLogsServiceRequest { resource_logs: vec![resource_logs] }
}

fn record(event: &Event) -> LogRecord {
    LogRecord {
        time_unix_nano: nanoseconds(event.time),
        observed_time_unix_nano: nanoseconds(event.time),
        event_name: event.name.to_owned(),
        attributes: event.fields.iter().map(|(key, field)| attribute(key, field)).collect(),
        trace_id: event.trace.map(|trace| trace.trace_id.to_vec()).unwrap_or_default(),
        span_id: event.trace.map(|trace| trace.span_id.to_vec()).unwrap_or_default(),
        ..LogRecord::default()
    }
}

fn attribute(key: &str, field: &Field) -> KeyValue {
    match field {
        Field::Text(value) => text(key, value),
        Field::Int(value) => pair(key, Any::IntValue(*value)),
        Field::Float(value) => pair(key, Any::DoubleValue(*value)),
        Field::Flag(value) => pair(key, Any::BoolValue(*value)),
        Field::Texts(values) => texts(key, values),
    }
}
