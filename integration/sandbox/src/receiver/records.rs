//! Records of a message: events, told apart by window and statement. A later end of the same window replaces what an
//! earlier one said.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::LogRecord;

use super::metrics::value;

const WINDOW_ID: &str = "pgquerylens.window.id";
const WINDOW_END: &str = "pgquerylens.window.end";
/// What a statement is known by.
const STATEMENT: [&str; 4] =
    ["db.namespace", "postgresql.rolname", "postgresql.queryid", "postgresql.toplevel"];

/// One event's attributes as texts.
pub type Attributes = BTreeMap<String, String>;

/// What is known of one window: its latest end, and the events of that end by name and statement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowRecords {
    /// RFC 3339, so that texts order as moments do.
    pub end: String,
    /// By the event's name and its statement.
    pub records: BTreeMap<(String, String), Attributes>,
}

/// Returns every record of a message.
pub(super) fn records(request: &ExportLogsServiceRequest) -> impl Iterator<Item = &LogRecord> {
    let scopes = request.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
    scopes.flat_map(|scope| &scope.log_records)
}

/// Puts a record into its window; one without a window is returned.
pub(super) fn put(windows: &mut BTreeMap<String, WindowRecords>, record: &LogRecord) -> Option<Attributes> {
    let attributes: Attributes =
        record.attributes.iter().map(|pair| (pair.key.clone(), value(pair.value.as_ref()))).collect();
    let (Some(id), Some(end)) = (attributes.get(WINDOW_ID).cloned(), attributes.get(WINDOW_END).cloned())
    else {
        return Some(attributes);
    };
    let window = windows.entry(id).or_default();
    if end > window.end {
        *window = WindowRecords { end: end.clone(), records: BTreeMap::new() };
    }
    if end == window.end {
        let of = |name: &&str| attributes.get(*name).cloned().unwrap_or_default();
        let statement = STATEMENT.iter().map(of).collect::<Vec<_>>().join("/");
        window.records.insert((record.event_name.clone(), statement), attributes);
    }
    None
}
