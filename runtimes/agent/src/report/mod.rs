//! The report that a person reads in the terminal: what is slow, and why to believe the numbers.
//!
//! Each section makes lines of spans; only [`render`] turns them into text, cut to the width and with colour where
//! that was asked for. Nothing here reads a clock or knows whether it writes to a terminal.

mod blocking;
mod check;
mod cost;
mod databases;
mod discovered;
mod fields;
mod headline;
mod line;
mod notices;
mod objects;
mod replication;
mod server;
mod sessions;
mod state;
mod statements;
mod table;
#[cfg(test)]
mod tests;
mod verdict;

use pgquerylens_model::report::PollReport;
use pgquerylens_model::selection::Order;

pub(crate) use check::render_check;
pub(crate) use discovered::render_found;
use line::{Line, Span, Tone};
pub(crate) use state::{render_state, words};

/// How the report is to look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RenderOptions {
    /// Columns that no line exceeds.
    pub(crate) width: usize,
    /// Whether to use escape codes.
    pub(crate) colour: bool,
    /// How many statements are named.
    pub(crate) top: usize,
    /// By what they are ranked.
    pub(crate) order: Order,
    /// Whether the next report replaces this one on the screen: then it is kept short.
    pub(crate) live: bool,
}

impl Default for RenderOptions {
    fn default() -> RenderOptions {
        RenderOptions { width: MAX_WIDTH, colour: false, top: 10, order: Order::Time, live: false }
    }
}

/// Columns of the widest report: on a wide screen longer lines would not read better.
pub(crate) const MAX_WIDTH: usize = 100;
/// Below this nothing would be left of a line.
const MIN_WIDTH: usize = 40;
/// Columns of the names that lines of facts begin with.
const LABEL_WIDTH: usize = 14;

/// Returns the report as text that ends with a line break.
pub(crate) fn render(report: &PollReport, options: &RenderOptions) -> String {
    let options = RenderOptions { width: options.width.clamp(MIN_WIDTH, MAX_WIDTH), ..*options };
    let sections = sections(report, &options);
    let mut text = String::new();
    for section in sections.into_iter().filter(|section| !section.is_empty()) {
        if !text.is_empty() {
            text.push('\n');
        }
        for line in section {
            text.push_str(&line.cut(options.width).print(options.colour));
            text.push('\n');
        }
    }
    text
}

fn sections(report: &PollReport, options: &RenderOptions) -> Vec<Vec<Line>> {
    let width = options.width;
    let mut sections = vec![headline::lines(report, width)];
    if let Some(metrics) = &report.metrics {
        let mut server = server::lines(metrics, width);
        server.extend(replication::lines(metrics, width));
        server.extend(objects::lines(metrics, width));
        sections.extend([
            verdict::lines(metrics, width),
            statements::lines(metrics, &report.cost, options),
            sessions::lines(metrics, width),
            blocking::lines(metrics, width),
            databases::lines(metrics, width),
            server,
        ]);
    }
    sections.push(cost::lines(report, width));
    sections.push(notices::lines(&report.notices, options));
    sections
}

/// Returns the name that a line of facts begins with, as wide as the others.
fn label(name: &str) -> Span {
    let space = LABEL_WIDTH.saturating_sub(Span::new(name, Tone::Bold).width() + 1);
    Span::new(format!("{name} {}", " ".repeat(space)), Tone::Bold)
}

/// Returns the heading of a section with what is to be known before reading it.
fn heading(name: &str, remarks: &[String]) -> Line {
    remarks.iter().fold(Line::default().bold(name), |line, remark| line.dim(format!(" · {remark}")))
}

/// Returns a plain fact.
fn fact(text: impl AsRef<str>) -> Span {
    Span::new(text, Tone::Plain)
}
