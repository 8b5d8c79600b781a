//! Lines of the report: spans of text with a tone. What comes from a server is made harmless here, before anything
//! measures or prints it.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What a span means, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// A fact.
    Plain,
    /// A heading, or the first thing to read.
    Bold,
    /// Secondary.
    Dim,
    /// Worth a look.
    Caution,
    /// Trouble.
    Trouble,
}

/// Text of one tone, free of anything that a terminal would obey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    text: String,
    tone: Tone,
}

/// One line of the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line(Vec<Span>);

/// What stands where something was cut.
const CUT: char = '…';

impl Span {
    pub(super) fn new(text: impl AsRef<str>, tone: Tone) -> Span {
        Span { text: harmless(text.as_ref()), tone }
    }

    pub(super) fn width(&self) -> usize {
        self.text.width()
    }

    /// Returns the span cut to a width.
    pub(super) fn shortened(&self, width: usize) -> Span {
        Span { text: shortened(&self.text, width), tone: self.tone }
    }
}

impl Line {
    pub(super) fn of(span: Span) -> Line {
        Line(vec![span])
    }

    pub(super) fn plain(self, text: impl AsRef<str>) -> Line {
        self.with(Span::new(text, Tone::Plain))
    }

    pub(super) fn bold(self, text: impl AsRef<str>) -> Line {
        self.with(Span::new(text, Tone::Bold))
    }

    pub(super) fn dim(self, text: impl AsRef<str>) -> Line {
        self.with(Span::new(text, Tone::Dim))
    }

    pub(super) fn with(mut self, span: Span) -> Line {
        self.0.push(span);
        self
    }

    pub(super) fn spaces(self, count: usize) -> Line {
        self.plain(" ".repeat(count))
    }

    pub(super) fn width(&self) -> usize {
        self.0.iter().map(Span::width).sum()
    }

    /// Returns the line cut to a width; the cut is shown.
    pub(super) fn cut(self, width: usize) -> Line {
        if self.width() <= width {
            return self;
        }
        let mut left = width;
        let mut kept = Vec::new();
        for span in self.0 {
            let span_width = span.width();
            if span_width >= left {
                kept.push(span.shortened(left));
                break;
            }
            left -= span_width;
            kept.push(span);
        }
        Line(kept)
    }

    /// Returns the line as text, with escape codes if it is to have colour.
    pub(super) fn print(&self, colour: bool) -> String {
        let mut text = String::new();
        for span in &self.0 {
            let style = if colour { style(span.tone) } else { Style::new() };
            // Writing to a string cannot fail.
            let _ = write!(text, "{style}{}{style:#}", span.text);
        }
        text.truncate(text.trim_end().len());
        text
    }
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Bold => Style::new().bold(),
        Tone::Dim => Style::new().dimmed(),
        Tone::Caution => Style::new().fg_color(Some(AnsiColor::Yellow.into())),
        Tone::Trouble => Style::new().fg_color(Some(AnsiColor::Red.into())).bold(),
    }
}

/// Returns the text cut to a width that it exceeds or just fills.
fn shortened(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let mut kept = String::new();
    for character in text.chars() {
        let character_width = character.width().unwrap_or(0);
        if character_width > left {
            break;
        }
        left -= character_width;
        kept.push(character);
    }
    if width > 0 {
        kept.push(CUT);
    }
    kept
}

/// Lays facts out in as few lines as fit, with the same beginning (spaces from the second line on).
pub(super) fn flowed(label: Span, facts: Vec<Span>, width: usize) -> Vec<Line> {
    const SEPARATOR: &str = " · ";
    let indent = label.width();
    let mut lines = Vec::new();
    let mut line = Line::of(label);
    let mut is_first = true;
    for fact in facts {
        let separator = if is_first { 0 } else { SEPARATOR.width() };
        if !is_first && line.width() + separator + fact.width() > width {
            lines.push(std::mem::take(&mut line));
            line = Line::default().spaces(indent);
        } else if !is_first {
            line = line.dim(SEPARATOR);
        }
        line = line.with(fact);
        is_first = false;
    }
    lines.push(line);
    lines.into_iter().map(|line| line.cut(width)).collect()
}

/// Breaks a sentence at spaces, so that no line exceeds the width; a word that does is cut.
pub(super) fn wrapped(label: Span, sentence: &str, tone: Tone, width: usize) -> Vec<Line> {
    let indent = label.width();
    let mut lines = Vec::new();
    let mut line = Line::of(label);
    let mut is_first = true;
    for word in harmless(sentence).split(' ') {
        if !is_first && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
            line = Line::default().spaces(indent).with(Span::new(word, tone));
        } else {
            let space = if is_first { "" } else { " " };
            line = line.with(Span::new(format!("{space}{word}"), tone));
        }
        is_first = false;
    }
    lines.push(line);
    lines.into_iter().map(|line| line.cut(width)).collect()
}

/// Returns the text with its line breaks and runs of white space as single spaces: a query on one line.
pub(super) fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the text with everything a terminal would obey, or that would hide or turn text, written out.
fn harmless(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || is_deceptive(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Characters without a shape that change how others look: zero widths, separators, directions, tags.
fn is_deceptive(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        let span = Span::new("a\u{1b}[31mb\nc\u{202e}d\u{200b}e\u{9b}f\tg\0", Tone::Plain);
        assert_eq!(span.text, "a\\u{1b}[31mb\\nc\\u{202e}d\\u{200b}e\\u{9b}f\\tg\\u{0}");
        assert_eq!(Span::new("naïve \"quoted\" 🐘", Tone::Plain).text, "naïve \"quoted\" 🐘");
    }

    #[test]
    fn lines_are_cut_by_what_they_take_on_the_screen() {
        let line = Line::default().plain("ab").plain("日本語");
        assert_eq!(line.clone().cut(8).print(false), "ab日本語");
        assert_eq!(line.clone().cut(7).print(false), "ab日本…");
        assert_eq!(line.cut(6).print(false), "ab日…");
    }

    #[test]
    fn escape_codes_only_where_asked_for() {
        let line = Line::default().bold("a").plain("b");
        assert_eq!(line.print(false), "ab");
        assert_eq!(line.print(true), "\u{1b}[1ma\u{1b}[0mb");
    }

    #[test]
    fn facts_flow_and_sentences_break() {
        let facts = ["one", "two", "three"].map(|fact| Span::new(fact, Tone::Plain)).to_vec();
        let text = |lines: Vec<Line>| lines.iter().map(|line| line.print(false)).collect::<Vec<_>>();
        assert_eq!(text(flowed(Span::new("x  ", Tone::Bold), facts, 12)), ["x  one · two", "   three"]);
        let lines = wrapped(Span::new("! ", Tone::Caution), "a bc def", Tone::Plain, 6);
        assert_eq!(text(lines), ["! a bc", "  def"]);
    }
}
