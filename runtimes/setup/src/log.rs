//! Log lines of the agent: lowercase events with fields, as text or JSON, on the standard error. What comes again and
//! again is written once in a while.

mod lines;
mod repeats;

use std::io;
use std::time::{Duration, Instant};

use crate::config::configuration::{LogFormat, LogLevel, ProcessConfig};
use crate::exit::Exit;
use crate::failure::Failure;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::{self, MakeWriter, format};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use lines::{Formatter, Style};

/// What becomes of a line that tells the same of the same server as one a short while ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// It is left out, and the next one says how many were: for a process that runs for months.
    LeftOut,
    /// It is written: for a process whose every answer has a log of its own, and alarms that count lines.
    Written,
}

/// Writes log lines from now on, as the configuration wants them.
pub fn start(process: &ProcessConfig, repeats: Repeats) -> Result<(), Failure> {
    let modules = process.log_levels.modules.iter().map(|(module, level)| (module.as_str(), filter(*level)));
    let levels = Targets::new().with_default(filter(process.log_levels.usual)).with_targets(modules);
    let began = Instant::now();
    let lines = layer(process.log_format, repeats, io::stderr, move || began.elapsed()).with_filter(levels);
    let started = tracing_subscriber::registry().with(lines).try_init();
    started.map_err(|error| Failure::of(Exit::Internal, &error, ""))
}

fn layer<W>(
    log_format: LogFormat,
    repeats: Repeats,
    writer: W,
    clock: impl Fn() -> Duration + Send + Sync + 'static,
) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(writer).with_ansi(false);
    match log_format {
        LogFormat::Text => {
            let text = format().with_target(false).with_ansi(false);
            lines.event_format(Formatter::new(text, Style::Text, repeats, clock)).boxed()
        }
        LogFormat::Json => {
            let json = format().json().flatten_event(true).with_current_span(false).with_target(false);
            let fields = format::JsonFields::new();
            lines.fmt_fields(fields).event_format(Formatter::new(json, Style::Json, repeats, clock)).boxed()
        }
    }
}

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}
