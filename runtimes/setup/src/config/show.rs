//! Every value that holds with where it was said, for `config show`. What is secret shows where it comes from, never what
//! it is.

use std::path::Path;

use pgquerylens_store::url::StateUrl;

use super::configuration::{Configuration, ExporterConfig, ServerConfig};
use super::draft::{Draft, ExporterDraft, ServerDraft};
use super::layer::{Layer, Origin};
use super::standard::Signal;
use super::value::Value;
use crate::options::{Kind, OptionSpec, Section, options_in};

/// The widest value that still has its origin in the common column.
const MAX_COLUMN: usize = 48;

/// One value as it is shown.
struct Line {
    key: String,
    value: String,
    origin: String,
}

/// Returns the text: a block for the process, one for each server and each exporter.
pub(super) fn shown(draft: &Draft, configuration: &Configuration, file: Option<&Path>) -> String {
    let mut blocks = vec![block("process", &lines(Section::Process, &draft.process, file))];
    for (draft, server) in draft.servers.iter().zip(&configuration.servers) {
        blocks.push(block(&format!("server {}", server.name), &server_lines(draft, server, file)));
    }
    for (draft, exporter) in draft.exporters.iter().zip(&configuration.exporters) {
        blocks.push(block(&format!("exporter {}", exporter.name()), &exporter_lines(draft, exporter, file)));
    }
    blocks.join("\n")
}

fn block(title: &str, lines: &[Line]) -> String {
    let key_width = lines.iter().map(|line| line.key.chars().count()).max().unwrap_or(0);
    let width = |line: &Line| line.value.chars().count();
    let value_width = lines.iter().map(width).filter(|width| *width <= MAX_COLUMN).max().unwrap_or(0);
    let line =
        |Line { key, value, origin }: &Line| format!("  {key:key_width$}  {value:value_width$}  {origin}\n");
    format!("{title}\n{}", lines.iter().map(line).collect::<String>())
}

fn lines(section: Section, layer: &Layer, file: Option<&Path>) -> Vec<Line> {
    let unsaid = |option: &OptionSpec| if option.kind == Kind::Flag { "false" } else { "-" };
    let of_option = |option: &'static OptionSpec| {
        line(option.key(), layer, file).unwrap_or_else(|| Line {
            key: option.key().to_owned(),
            value: unsaid(option).to_owned(),
            origin: "default".to_owned(),
        })
    };
    options_in(section).map(of_option).collect()
}

fn line(key: &'static str, layer: &Layer, file: Option<&Path>) -> Option<Line> {
    let setting = layer.get(key)?;
    let (mut value, origin) = (setting.value.to_string(), origin(&setting.origin, file));
    if key == "state" {
        value = StateUrl::without_login(&value);
    }
    Some(Line { key: key.to_owned(), value, origin })
}

fn origin(origin: &Origin, file: Option<&Path>) -> String {
    match origin {
        Origin::Default => "default".to_owned(),
        Origin::File(at) => {
            let file = file.map(|file| file.display().to_string()).unwrap_or_default();
            format!("{file}:{}:{}", at.line, at.column)
        }
        Origin::Variable(name) => name.clone(),
        Origin::CommandLine(option) => option.clone(),
    }
}

/// A connection string may hold a password, so only its address is shown.
fn server_lines(draft: &ServerDraft, server: &ServerConfig, file: Option<&Path>) -> Vec<Line> {
    let mut lines = lines(Section::Server, &draft.layer, file);
    for line in &mut lines {
        match line.key.as_str() {
            "connection" => line.value.clone_from(&server.address),
            "name" => line.value.clone_from(&server.name),
            "connect-timeout" if line.origin == "default" => {
                let timeout = server.poll.limits.connect_timeout;
                line.value = Value::Duration(timeout).to_string();
            }
            "exporters" => line.value = format!("[{}]", server.exporters.join(", ")),
            _ => {}
        }
    }
    lines
}

fn exporter_lines(draft: &ExporterDraft, exporter: &ExporterConfig, file: Option<&Path>) -> Vec<Line> {
    let mut lines = lines(draft.section, &draft.layer, file);
    for line in lines.iter_mut().filter(|line| line.key == "name") {
        exporter.name().clone_into(&mut line.value);
    }
    for (signal, own) in [(Signal::Metrics, &draft.metrics), (Signal::Logs, &draft.logs)] {
        let of_signal = own.0.keys().filter_map(|key| line(key, own, file));
        lines
            .extend(of_signal.map(|line| Line { key: format!("{} of {}", line.key, signal.name()), ..line }));
    }
    lines
}
