//! What a poll found as events: the statements of the window, the sessions that were active, the window itself. No
//! wire format yet; [`crate::otlp`] makes one.
//!
//! Names and attributes are those of OpenTelemetry's postgresqlreceiver, with ours beside them. An event of a window
//! carries the window's id: of two with one id and one statement the later replaces the earlier.

mod query_sample;
mod top_query;
mod window;

use pgquerylens_model::report::PollReport;
use pgquerylens_model::time::Timestamp;

/// How far the receiver's inconsistencies are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compat {
    /// As the receiver does: `postgresql.total_exec_time` is seconds in top_query and milliseconds in query_sample;
    /// the query id is `postgresql.queryid` in one and `postgresql.query_id` in the other.
    #[default]
    Receiver,
    /// Milliseconds and `postgresql.queryid` in both.
    Native,
}

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its name.
    pub name: &'static str,
    /// When it was seen, by the database's clock.
    pub time: Timestamp,
    /// What it says.
    pub fields: Vec<(&'static str, Field)>,
    /// The trace and span that the session said it belongs to.
    pub trace: Option<TraceContext>,
}

/// The value of an event's attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// A text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A float.
    Float(f64),
    /// Yes or no.
    Flag(bool),
    /// Several texts.
    Texts(Vec<String>),
}

/// Trace and span of a W3C traceparent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// 16 bytes.
    pub trace_id: [u8; 16],
    /// 8 bytes.
    pub span_id: [u8; 8],
}

/// Returns the events of a poll: the window's first, then its statements, then the sessions.
pub fn events(report: &PollReport, compat: Compat) -> Vec<Event> {
    let Some(metrics) = &report.metrics else { return Vec::new() };
    let mut events: Vec<Event> = window::event(report, metrics).into_iter().collect();
    events.extend(top_query::events(report, metrics, compat));
    events.extend(query_sample::events(metrics, compat));
    events
}

impl Field {
    /// Returns a text, if there is one.
    fn text(text: Option<impl Into<String>>) -> Option<Field> {
        text.map(|text| Field::Text(text.into()))
    }
}

/// Keeps the attributes that are there.
fn present(fields: impl IntoIterator<Item = (&'static str, Option<Field>)>) -> Vec<(&'static str, Field)> {
    fields.into_iter().filter_map(|(name, field)| Some((name, field?))).collect()
}
