//! Where the commands write: reports and texts to the standard output, everything about how it went to the standard
//! error. A reader that closes its end is met with a quiet end.

use std::fmt::Display;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use pgquerylens_export::document::document;
use pgquerylens_model::report::{Outcome, PollReport};
use pgquerylens_setup::failure::Failure;

use crate::process::Terminal;
use crate::report::{RenderOptions, render};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// On a low screen a report names at least so many statements.
const FEWEST_STATEMENTS: usize = 3;

const CURSOR_HOME: &str = "\x1b[H";
const CLEAR_REST_OF_LINE: &str = "\x1b[K";
const CLEAR_BELOW: &str = "\x1b[J";
const CLEAR_SCREEN: &str = "\x1b[2J";

/// Writes a text to the standard output.
pub(crate) fn write(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::of_output(&error))
}

/// Says why a command ended or a poll failed.
pub(crate) fn say_failure(failure: &Failure) {
    if !failure.is_silent() {
        say(&format!("{ERROR}error:{ERROR:#} {failure}"));
    }
}

/// Says what works but deserves a word.
pub(crate) fn say_warning(warning: impl Display) {
    say(&format!("{WARNING}warning:{WARNING:#} {warning}"));
}

/// Says something about how it goes.
pub(crate) fn say(text: &str) {
    // Whoever closed the standard error does not want to hear that either.
    let _unheard = writeln!(anstream::stderr().lock(), "{text}");
}

/// In what form reports are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    /// One document per line.
    Json,
    /// One report after the other.
    Table(RenderOptions),
    /// Each report in place of the one before.
    Screen(RenderOptions, Terminal),
}

/// Shows one report after the other.
#[derive(Debug)]
pub(crate) struct Presenter {
    form: Form,
    shown: usize,
    /// The report on the screen, whole.
    last: Option<String>,
}

impl Presenter {
    /// Shows nothing yet.
    pub(crate) fn new(form: Form) -> Presenter {
        Presenter { form, shown: 0, last: None }
    }

    /// Shows a report.
    pub(crate) fn show(&mut self, report: &PollReport) -> Result<(), Failure> {
        self.shown += 1;
        match &self.form {
            Form::Json => write(&format!("{}\n", document(report))),
            Form::Table(options) => {
                let gap = if self.shown > 1 { "\n" } else { "" };
                write(&format!("{gap}{}", render(report, options)))
            }
            Form::Screen(options, terminal) => {
                let clear = if self.shown == 1 { CLEAR_SCREEN } else { "" };
                let frame = frame(&fitted(report, options, terminal.height), terminal.height);
                self.last = Some(render(report, &RenderOptions { live: false, ..*options }));
                write(&format!("{clear}{frame}"))
            }
        }
    }

    /// Leaves the last report whole in the terminal, where it can be scrolled back to.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        match self.last.take() {
            Some(text) => write(&format!("{CURSOR_HOME}{CLEAR_BELOW}{text}")),
            None => Ok(()),
        }
    }
}

/// Returns a report with as many statements as leave room for what comes after them: who blocks whom counts more than
/// the tenth statement.
fn fitted(report: &PollReport, options: &RenderOptions, height: usize) -> String {
    let fewest = FEWEST_STATEMENTS.min(options.top);
    let with_top = |top| render(report, &RenderOptions { top, ..*options });
    let fits = |text: &String| text.lines().count() < height;
    (fewest..=options.top).rev().map(with_top).find(fits).unwrap_or_else(|| with_top(fewest))
}

/// Returns a report as one screen: drawn over the one before without a flicker, cut where the screen ends.
fn frame(text: &str, height: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let room = height.saturating_sub(1).max(1);
    let mut screen = String::from(CURSOR_HOME);
    let mut put = |line: &str| screen.push_str(&format!("{line}{CLEAR_REST_OF_LINE}\n"));
    if lines.len() <= room {
        lines.into_iter().for_each(&mut put);
    } else {
        let kept = room - 1;
        lines[..kept].iter().for_each(|line| put(line));
        put(&format!("… {} more lines; a higher window shows them", lines.len() - kept));
    }
    screen + CLEAR_BELOW
}

/// Says what happened to each view.
pub(crate) fn say_collectors(report: &PollReport) {
    for collector in &report.collectors {
        let place = collector.database.as_ref().map(|name| format!(" database={name:?}")).unwrap_or_default();
        let outcome = match &collector.outcome {
            Outcome::Read { row_count } => format!("read rows={row_count}"),
            Outcome::NotOffered(why) => format!("not offered ({why:?})"),
            Outcome::NotDue => "not due".to_owned(),
            Outcome::Resting { until } => format!("resting until {}", until.to_rfc3339()),
            Outcome::Failed { error, .. } => format!("failed error={error:?}"),
        };
        say(&format!(
            "collector={}{place} {outcome} duration_ms={:.1}",
            collector.view, collector.duration_ms
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(height: usize, expected: &str) {
        let plain = frame("one\ntwo\nthree\n", height).replace(CLEAR_REST_OF_LINE, "");
        assert_eq!(plain, format!("{CURSOR_HOME}{expected}{CLEAR_BELOW}"));
    }

    #[test]
    fn a_report_that_is_too_high_is_cut_and_says_so() {
        check(10, "one\ntwo\nthree\n");
        check(4, "one\ntwo\nthree\n");
        check(3, "one\n… 2 more lines; a higher window shows them\n");
        check(0, "… 3 more lines; a higher window shows them\n");
    }
}
