//! Spans of a message, with what is wrong with them.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{self as proto, status::StatusCode};

use super::metrics::{shown, value};
use super::records::Attributes;

/// Bytes of the id of a trace, and of a span.
const ID_BYTES: (usize, usize) = (16, 8);

/// One span.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// What was done.
    pub name: String,
    /// The trace.
    pub trace_id: Vec<u8>,
    /// The span's own id.
    pub span_id: Vec<u8>,
    /// The span that it is a part of; empty for the trace's first.
    pub parent_span_id: Vec<u8>,
    /// When it began, in nanoseconds.
    pub start: u64,
    /// When it ended.
    pub end: u64,
    /// Its attributes.
    pub attributes: Attributes,
    /// Who sent it, as sorted `key=value` texts.
    pub resource: String,
    /// What went wrong, if something did.
    pub error: Option<String>,
}

impl Span {
    /// Returns how long it took, in milliseconds.
    pub fn duration_ms(&self) -> f64 {
        self.end.saturating_sub(self.start) as f64 / 1e6
    }

    /// Returns what is wrong with it.
    pub(super) fn fault(&self) -> Option<String> {
        let ids = (self.trace_id.len(), self.span_id.len());
        let is_parent = [0, ID_BYTES.1].contains(&self.parent_span_id.len());
        match () {
            () if ids != ID_BYTES || !is_parent => Some(format!("the span {} has no proper ids", self.name)),
            () if self.start == 0 || self.end < self.start => {
                Some(format!("the span {} ends before it starts", self.name))
            }
            () => None,
        }
    }
}

/// Returns how many spans a message has.
pub(super) fn count(request: &ExportTraceServiceRequest) -> usize {
    let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
    scopes.map(|scope| scope.spans.len()).sum()
}

/// Shows every list of spans of a message.
pub(super) fn each_list(request: &mut ExportTraceServiceRequest, look: impl FnMut(&mut Vec<proto::Span>)) {
    let scopes = request.resource_spans.iter_mut().flat_map(|resource| &mut resource.scope_spans);
    scopes.map(|scope| &mut scope.spans).for_each(look);
}

/// Returns every span of a message.
pub(super) fn spans(request: &ExportTraceServiceRequest) -> impl Iterator<Item = Span> + '_ {
    request.resource_spans.iter().flat_map(|resource| {
        let of = resource.resource.as_ref().map(|of| shown(&of.attributes)).unwrap_or_default();
        let spans = resource.scope_spans.iter().flat_map(|scope| &scope.spans);
        spans.map(move |span| read(span, of.clone()))
    })
}

fn read(span: &proto::Span, resource: String) -> Span {
    let failed = span.status.as_ref().filter(|status| status.code() == StatusCode::Error);
    Span {
        name: span.name.clone(),
        trace_id: span.trace_id.clone(),
        span_id: span.span_id.clone(),
        parent_span_id: span.parent_span_id.clone(),
        start: span.start_time_unix_nano,
        end: span.end_time_unix_nano,
        attributes: span
            .attributes
            .iter()
            .map(|pair| (pair.key.clone(), value(pair.value.as_ref())))
            .collect(),
        resource,
        error: failed.map(|status| status.message.clone()),
    }
}
