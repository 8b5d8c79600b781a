//! What concerns the process, from values to types.

use std::time::Duration;

use pgquerylens_engine::state::lease::MAX_TERM_SECONDS;
use pgquerylens_store::url::StateUrl;

use super::configuration::{LogFormat, LogLevel, LogLevels, ProcessConfig};
use super::layer::{Layer, Setting};
use super::mistake::Mistake;
use super::telemetry;
use crate::options::value;

/// The most modules with a log level of their own.
const MAX_MODULES: usize = 64;
/// The shortest lease: it is renewed by polls.
const SHORTEST_LEASE: Duration = Duration::from_secs(10);

/// Reads what concerns the process; with mistakes it is what would hold without them.
pub(super) fn process(layer: &Layer, mistakes: &mut Vec<Mistake>) -> ProcessConfig {
    let mut resource_attributes = layer.labels("resource-attributes");
    if let Some(name) = layer.text("service-name") {
        resource_attributes.insert("service.name".to_owned(), name.to_owned());
    }
    ProcessConfig {
        listen: read(layer, "listen", mistakes, listen).flatten(),
        log_format: if layer.word("log-format") == "json" { LogFormat::Json } else { LogFormat::Text },
        log_levels: read(layer, "log-level", mistakes, log_levels)
            .unwrap_or(LogLevels { usual: LogLevel::Info, modules: Vec::new() }),
        workers: layer.count("workers"),
        shutdown_grace: layer.duration("shutdown-grace"),
        resource_attributes: resource_attributes.into_iter().map(|(key, text)| (key, text.into())).collect(),
        telemetry: telemetry::telemetry(layer, mistakes),
    }
}

/// Returns where the states of all servers are.
pub(super) fn state(layer: &Layer, mistakes: &mut Vec<Mistake>) -> StateUrl {
    let (Some(setting), Some(text)) = (layer.get("state"), layer.text("state")) else {
        return StateUrl::Memory;
    };
    StateUrl::parse(text).unwrap_or_else(|instead| {
        let written = StateUrl::without_login(&setting.written);
        mistakes.push(Setting { written, ..setting.clone() }.mistake(instead));
        StateUrl::Memory
    })
}

/// Returns for how long a state is leased, if it is.
pub(super) fn lease(layer: &Layer, mistakes: &mut Vec<Mistake>) -> Option<Duration> {
    read(layer, "state-lease", mistakes, term).flatten()
}

/// Tells whether one poll at a time is to use a state, over all processes.
pub(super) fn single_flight(layer: &Layer) -> bool {
    layer.flag("single-flight")
}

/// Reads what a text means.
fn read<T>(
    layer: &Layer,
    key: &str,
    mistakes: &mut Vec<Mistake>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Option<T> {
    let setting: &Setting = layer.get(key)?;
    let text = layer.text(key)?;
    read(text).map_err(|instead| mistakes.push(setting.mistake(instead))).ok()
}

fn listen(text: &str) -> Result<Option<std::net::SocketAddr>, String> {
    if text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    let instead = "write an IP address and a port, such as 127.0.0.1:9188 or [::1]:9188, or off";
    text.parse().map(Some).map_err(|_| instead.to_owned())
}

fn term(text: &str) -> Result<Option<Duration>, String> {
    if text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    let term = value::duration(text)?;
    let fits = (SHORTEST_LEASE..=Duration::from_secs_f64(MAX_TERM_SECONDS)).contains(&term);
    if fits { Ok(Some(term)) } else { Err("write 10s to 1h, or off".to_owned()) }
}

const LEVELS: [(&str, LogLevel); 6] = [
    ("off", LogLevel::Off),
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
    ("trace", LogLevel::Trace),
];

/// Reads levels, separated by commas: one for all, and module=level.
fn log_levels(text: &str) -> Result<LogLevels, String> {
    let mut levels = LogLevels { usual: LogLevel::Info, modules: Vec::new() };
    for part in text.split(',').map(str::trim) {
        match part.split_once('=') {
            None => levels.usual = log_level(part)?,
            Some((module, _)) if !is_module(module) => {
                return Err("a module is written as pgquerylens_engine=debug".to_owned());
            }
            Some((module, level)) => levels.modules.push((module.trim().to_owned(), log_level(level)?)),
        }
    }
    match levels.modules.len() <= MAX_MODULES {
        true => Ok(levels),
        false => Err(format!("write at most {MAX_MODULES} modules")),
    }
}

fn log_level(text: &str) -> Result<LogLevel, String> {
    let words = LEVELS.map(|(word, _)| word);
    let word = value::choice(text, &words)?;
    LEVELS
        .into_iter()
        .find(|(known, _)| *known == word)
        .map(|(_, level)| level)
        .ok_or_else(|| words.join(", "))
}

fn is_module(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty()
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_hold_for_all_or_for_a_module() {
        let levels = log_levels("warn, pgquerylens_engine::dial=debug").unwrap();
        assert_eq!(levels.usual, LogLevel::Warn);
        assert_eq!(levels.modules, [("pgquerylens_engine::dial".to_owned(), LogLevel::Debug)]);
        assert_eq!(
            log_levels("inof").unwrap_err(),
            "did you mean info? It is one of off, error, warn, info, debug, trace"
        );
        assert!(log_levels("=debug").is_err() && log_levels("").is_err());
    }

    #[test]
    fn a_lease_is_off_or_of_a_bounded_length() {
        assert_eq!((term("off"), term("5m")), (Ok(None), Ok(Some(Duration::from_secs(300)))));
        for wrong in ["5", "9s", "61m", "on"] {
            assert!(term(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_are_numbers_with_a_port() {
        assert_eq!(listen("127.0.0.1:9188"), Ok(Some(([127, 0, 0, 1], 9188).into())));
        assert_eq!(listen("OFF"), Ok(None));
        assert!(listen("9188").is_err() && listen("localhost:9188").is_err());
    }
}
