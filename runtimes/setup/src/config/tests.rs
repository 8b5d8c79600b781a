//! The configuration as a whole: what files, variables and arguments become, and what is told of their mistakes.

mod environment;
mod hostile;
mod mistakes;
mod observed;
mod secrets;
mod shape;
mod telemetry;
mod written;

use std::collections::BTreeMap;
use std::path::Path;

use pgquerylens_engine::conninfo::Environment;

use super::{Configuration, Mistakes, Source};
use crate::options::{CommandLine, Given, Kind, OPTIONS};

/// A file of two servers and two exporters, which other tests change.
const FLEET: &str = "\
state: file:/var/lib/pgquerylens
defaults:
  every: 30s
  labels: {env: prod}
  exporters: [collector]
servers:
  - connection: postgresql://monitor@db1/shop
    name: db1
    labels: {team: shop}
    password: {file: /run/secrets/db1}
  - connection: host=db2 dbname=shop user=monitor connect_timeout=3
    every: 5s
    exporters: [collector, lines]
exporters:
  - name: collector
    kind: otlp
    endpoint: https://otel.example.com:4318
    headers: {API-Key: {env: LICENSE_KEY}}
  - name: lines
    kind: jsonl
";

/// What surrounds a file.
#[derive(Clone, Copy, Default)]
struct Around<'a> {
    variables: &'a [(&'a str, &'a str)],
    arguments: &'a [&'a str],
}

/// Returns the source of a file of this name and text, beside what surrounds it.
fn source(folder: &Path, file: Option<(&str, &str)>, around: Around<'_>) -> Source {
    let path = file.map(|(name, text)| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    });
    let variables: BTreeMap<String, String> =
        around.variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let given = Given::new("agent", command_line(around.arguments), &variables);
    let user = Some("ann".to_owned());
    Source::new(path, &given, &Environment { variables: variables.clone(), home: None, user })
}

/// Returns what options say that are typed as `--name value`, and flags as `--name`.
fn command_line(arguments: &[&str]) -> CommandLine {
    let (mut said, mut arguments) = (CommandLine::default(), arguments.iter());
    while let Some(argument) = arguments.next() {
        let named = argument.strip_prefix("--").unwrap();
        let option = OPTIONS.iter().find(|option| option.name == named).unwrap();
        let text = if option.kind == Kind::Flag { "true" } else { arguments.next().unwrap() };
        said.0.entry(option.name).or_default().push(text.to_owned());
    }
    said
}

/// Loads a file; the names of temporary folders are left out of what is told.
fn load(name: &str, text: &str, around: Around<'_>) -> Result<Configuration, String> {
    let folder = tempfile::tempdir().unwrap();
    source(folder.path(), Some((name, text)), around)
        .load()
        .map_err(|mistakes| told(folder.path(), &mistakes))
}

fn told(folder: &Path, mistakes: &Mistakes) -> String {
    mistakes.to_string().replace(&format!("{}/", folder.display()), "")
}

fn loaded(text: &str) -> Configuration {
    load("x.yaml", text, Around::default()).unwrap()
}

/// Returns what is told of a YAML file with mistakes.
fn mistakes(text: &str, around: Around<'_>) -> String {
    load("x.yaml", text, around).unwrap_err()
}
