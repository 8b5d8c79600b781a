//! The lines themselves: as the formatter makes them, less repeats. Warnings and errors that tell of a server, an
//! exporter or a place where we listen or send come again with every poll; all other lines tell of a change and are written.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::Repeats;
use super::repeats::{Decision, Remembered, Told};

/// How the number of lines that were left out is put behind a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `left_out=3`.
    Text,
    /// A member of the object.
    Json,
}

/// A formatter that leaves repeats out, where they are not wanted.
pub(super) struct Formatter<F> {
    inner: F,
    style: Style,
    /// The time since a moment that stays the same.
    clock: Box<dyn Fn() -> Duration + Send + Sync>,
    /// What was written when, where repeats are left out.
    remembered: Option<Mutex<Remembered>>,
}

impl<F> Formatter<F> {
    /// Makes one of a formatter.
    pub(super) fn new(
        inner: F,
        style: Style,
        repeats: Repeats,
        clock: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Formatter<F> {
        let remembered = (repeats == Repeats::LeftOut).then(Mutex::default);
        Formatter { inner, style, clock: Box::new(clock), remembered }
    }

    fn decide(&self, event: &Event<'_>) -> Decision {
        let mut told = Told::default();
        event.record(&mut Reader(&mut told));
        let of_somebody =
            [&told.server, &told.exporter, &told.listen, &told.telemetry].iter().any(|name| !name.is_empty());
        let level = *event.metadata().level();
        let Some(remembered) = self.remembered.as_ref().filter(|_| of_somebody && level <= Level::INFO)
        else {
            return Decision::Write { left_out: 0 };
        };
        // What a panic elsewhere left behind is whole: a decision changes it in one step.
        let mut remembered = remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if level == Level::INFO {
            remembered.forget(&told);
            return Decision::Write { left_out: 0 };
        }
        remembered.decide(told, (self.clock)())
    }
}

impl<S, N, F> FormatEvent<S, N> for Formatter<F>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let left_out = match self.decide(event) {
            Decision::LeaveOut => return Ok(()),
            Decision::Write { left_out: 0 } => return self.inner.format_event(context, writer, event),
            Decision::Write { left_out } => left_out,
        };
        let mut line = String::new();
        self.inner.format_event(context, Writer::new(&mut line), event)?;
        writer.write_str(&counted(&line, left_out, self.style))
    }
}

fn counted(line: &str, left_out: u64, style: Style) -> String {
    let line = line.trim_end();
    match (style, line.strip_suffix('}')) {
        (Style::Json, Some(open)) => format!("{open},\"left_out\":{left_out}}}\n"),
        _ => format!("{line} left_out={left_out}\n"),
    }
}

/// Reads what a line tells of whom.
struct Reader<'t>(&'t mut Told);

impl Reader<'_> {
    fn note(&mut self, field: &Field, value: String) {
        match field.name() {
            "message" => self.0.message = value,
            "server" => self.0.server = value,
            "exporter" => self.0.exporter = value,
            "listen" => self.0.listen = value,
            "telemetry" => self.0.telemetry = value,
            _ => {}
        }
    }
}

impl Visit for Reader<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.note(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.note(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use expect_test::{Expect, expect};
    use tracing::{error, info, warn};
    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::layer::SubscriberExt;

    use super::super::layer;
    use super::*;
    use crate::config::configuration::LogFormat;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'w> MakeWriter<'w> for Lines {
        type Writer = Lines;

        fn make_writer(&'w self) -> Lines {
            self.clone()
        }
    }

    /// Logs with a clock that stands still until `at` is set, and compares the lines less their times.
    fn check(format: LogFormat, log: impl FnOnce(&dyn Fn(u64)), expected: &Expect) {
        check_with(Repeats::LeftOut, format, log, expected);
    }

    fn check_with(repeats: Repeats, format: LogFormat, log: impl FnOnce(&dyn Fn(u64)), expected: &Expect) {
        let (lines, seconds) = (Lines::default(), Arc::new(AtomicU64::new(0)));
        let clock = Arc::clone(&seconds);
        let clock = move || Duration::from_secs(clock.load(Ordering::Relaxed));
        let subscriber = tracing_subscriber::registry().with(layer(format, repeats, lines.clone(), clock));
        tracing::subscriber::with_default(subscriber, || log(&|at| seconds.store(at, Ordering::Relaxed)));
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let timeless = |line: &str| match (format, line.split_once(',')) {
            (LogFormat::Json, Some((_, rest))) => format!("{{{rest}\n"),
            _ => format!("{}\n", line.split_once("Z ").map_or(line, |(_, rest)| rest).trim_start()),
        };
        expected.assert_eq(&text.lines().map(timeless).collect::<String>());
    }

    fn trouble(at: &dyn Fn(u64)) {
        for second in [0, 60, 120, 360] {
            at(second);
            warn!(server = "shop", error = format!("refused at {second}"), "poll failed");
        }
        warn!(server = "billing", error = "refused", "poll failed");
    }

    #[test]
    fn where_they_are_wanted_repeats_are_written() {
        check_with(
            Repeats::Written,
            LogFormat::Text,
            trouble,
            &expect![[r#"
            WARN poll failed server="shop" error="refused at 0"
            WARN poll failed server="shop" error="refused at 60"
            WARN poll failed server="shop" error="refused at 120"
            WARN poll failed server="shop" error="refused at 360"
            WARN poll failed server="billing" error="refused"
        "#]],
        );
    }

    #[test]
    fn repeats_are_left_out_and_counted_in_text() {
        check(
            LogFormat::Text,
            trouble,
            &expect![[r#"
             WARN poll failed server="shop" error="refused at 0"
             WARN poll failed server="shop" error="refused at 360" left_out=2
             WARN poll failed server="billing" error="refused"
        "#]],
        );
    }

    #[test]
    fn repeats_are_left_out_and_counted_in_json() {
        check(
            LogFormat::Json,
            trouble,
            &expect![[r#"
            {"level":"WARN","message":"poll failed","server":"shop","error":"refused at 0"}
            {"level":"WARN","message":"poll failed","server":"shop","error":"refused at 360","left_out":2}
            {"level":"WARN","message":"poll failed","server":"billing","error":"refused"}
        "#]],
        );
    }

    #[test]
    fn a_change_is_always_written_and_so_is_what_concerns_nobody() {
        let log = |_: &dyn Fn(u64)| {
            for _ in 0..2 {
                info!(server = "shop", "an operator stopped polls");
                error!(failure = "two mistakes", "configuration not reloaded, the old one goes on");
            }
        };
        check(
            LogFormat::Text,
            log,
            &expect![[r#"
                INFO an operator stopped polls server="shop"
                ERROR configuration not reloaded, the old one goes on failure="two mistakes"
                INFO an operator stopped polls server="shop"
                ERROR configuration not reloaded, the old one goes on failure="two mistakes"
            "#]],
        );
    }
}
