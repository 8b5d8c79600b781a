//! One event per window of the statements: how long it was, how far to believe it, and the sums that its statements,
//! the others and our own add up to.

use pgquerylens_model::report::{PollReport, UnifiedMetrics};
use pgquerylens_model::views::statements::VIEW;
use pgquerylens_model::window::{Quality, Sum};

use super::{Event, Field, present};

/// The name of the event.
const NAME: &str = "pgquerylens.statements_window";

/// Returns the event of a window that is an interval or a gap; a first reading has none.
pub(super) fn event(report: &PollReport, metrics: &UnifiedMetrics) -> Option<Event> {
    let window = metrics.view(&VIEW)?.window.as_ref()?;
    let selection = &metrics.statements.as_ref()?.selection;
    let is_interval = !matches!(window.quality, Quality::Gap(_));
    let calls = VIEW.column_index("calls")?;
    let time = VIEW.column_index("total_exec_time")?;
    let sum = |sums: &[Option<Sum>], column: usize| {
        let sum = sums.get(column).copied().flatten().filter(|_| is_interval)?;
        Some(match sum {
            Sum::Int(value) => Field::Int(value),
            Sum::Float(value) => Field::Float(value),
        })
    };
    let reasons = window.quality.reasons();
    let fields = present([
        ("pgquerylens.window.id", Some(Field::Text(report.window_id.clone()))),
        ("pgquerylens.window.start", Field::text(Some(window.from?.to_rfc3339()))),
        ("pgquerylens.window.end", Field::text(Some(window.to.to_rfc3339()))),
        ("pgquerylens.window.quality", Field::text(Some(window.quality.name()))),
        ("pgquerylens.window.reasons", (!reasons.is_empty()).then_some(Field::Texts(reasons))),
        ("pgquerylens.coverage", metrics.coverage.and_then(|coverage| coverage.share()).map(Field::Float)),
        ("pgquerylens.total.calls", sum(&selection.total, calls)),
        ("pgquerylens.total.exec_time_ms", sum(&selection.total, time)),
        ("pgquerylens.other.calls", sum(&selection.other, calls)),
        ("pgquerylens.other.exec_time_ms", sum(&selection.other, time)),
        ("pgquerylens.own.calls", sum(&selection.own, calls)),
        ("pgquerylens.own.exec_time_ms", sum(&selection.own, time)),
    ]);
    Some(Event { name: NAME, time: window.to, fields, trace: None })
}
