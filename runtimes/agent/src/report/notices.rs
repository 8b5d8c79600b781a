//! What the reader should know, and what to do about it; what costs figures comes first.

use pgquerylens_model::report::Notice;

use super::RenderOptions;
use super::line::{Line, Span, Tone, on_one_line, wrapped};
use crate::figures::plural;

/// Notices that are shown.
const MAX_NOTICES: usize = 20;
/// Lines of a screen that is redrawn are few: of these notices it shows none but the grave.
const MAX_LIVE_NOTICES: usize = 3;

/// Returns a line or more per notice, with its mend beneath.
pub(super) fn lines(notices: &[Notice], options: &RenderOptions) -> Vec<Line> {
    let limit = if options.live { MAX_LIVE_NOTICES } else { MAX_NOTICES };
    let grave = notices.iter().filter(|notice| notice.degrades);
    let light = notices.iter().filter(|notice| !notice.degrades && !options.live);
    let shown: Vec<&Notice> = grave.chain(light).take(limit).collect();
    let mut lines: Vec<Line> = shown.iter().flat_map(|notice| notice_lines(notice, options.width)).collect();
    let left_out = notices.len() - shown.len();
    if left_out > 0 {
        lines.push(Line::default().dim(format!("- {} more", plural(left_out, "notice"))));
    }
    lines
}

fn notice_lines(notice: &Notice, width: usize) -> Vec<Line> {
    let (mark, tone) = if notice.degrades { ("! ", Tone::Caution) } else { ("- ", Tone::Plain) };
    let mut lines = wrapped(Span::new(mark, tone), &on_one_line(&notice.message), tone, width);
    if let Some(mend) = &notice.mend {
        lines.extend(wrapped(Span::new("  → ", Tone::Dim), &on_one_line(mend), Tone::Dim, width));
    }
    lines
}
