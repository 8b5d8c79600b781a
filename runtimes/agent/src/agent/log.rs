//! Log lines of the agent: lowercase events with fields, as text or JSON, on the standard error.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::configuration::{LogFormat, LogLevel, ProcessConfig};
use crate::exit::Exit;
use crate::failure::Failure;

/// Writes log lines from now on, as the configuration wants them.
pub(super) fn start(process: &ProcessConfig) -> Result<(), Failure> {
    let modules = process.log_levels.modules.iter().map(|(module, level)| (module.as_str(), filter(*level)));
    let levels = Targets::new().with_default(filter(process.log_levels.usual)).with_targets(modules);
    let lines = fmt::layer().with_writer(io::stderr).with_target(false);
    let registry = tracing_subscriber::registry().with(levels);
    let started = match process.log_format {
        LogFormat::Text => registry.with(lines.with_ansi(false)).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    started.map_err(|error| Failure::of(Exit::Internal, &error, ""))
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
