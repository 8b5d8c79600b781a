//! Which servers and exporters there are, and what holds for each: the layers of file, command line and environment laid
//! over each other. What the values mean is `process`'s, `server`'s and `exporter`'s.
//!
//! A server's own values in the file come first, then the command line and PGQUERYLENS_* variables, then the file's
//! defaults; of the process and of exporters the file comes after the command line, and standard variables after it.

use std::collections::BTreeMap;

use super::document::{Content, Entry, Node};
use super::layer::Layer;
use super::mistake::{At, Mistake};
use super::said::Said;
use super::section::Reader;
use super::standard::{self, Signal};
use crate::options::{Section, value};

/// The most servers of one process.
pub(super) const MAX_SERVERS: usize = 1_000;
/// The most exporters of one process.
pub(super) const MAX_EXPORTERS: usize = 16;

/// Variables of libpq that say where a server is.
const LIBPQ_PLACES: [&str; 5] = ["PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE", "PGPORT"];
/// What tells a receiver who we are.
const CREDENTIALS: [&str; 4] = ["headers", "headers-secret", "client-certificate", "client-key"];
const ENDPOINTS: [&str; 3] = ["endpoint", "metrics-endpoint", "logs-endpoint"];

/// What holds, by section.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// For the process.
    pub(super) process: Layer,
    /// For each server.
    pub(super) servers: Vec<ServerDraft>,
    /// For each exporter.
    pub(super) exporters: Vec<ExporterDraft>,
    /// The names of exporters, those of exporters with mistakes among them.
    pub(super) exporter_names: Vec<String>,
}

/// What holds for a server.
#[derive(Debug)]
pub(super) struct ServerDraft {
    /// Where it stands in the file, if it does.
    pub(super) at: Option<At>,
    /// Its values.
    pub(super) layer: Layer,
}

/// What holds for an exporter.
#[derive(Debug)]
pub(super) struct ExporterDraft {
    /// Where it stands in the file, if it does.
    pub(super) at: Option<At>,
    /// Its kind, as a section.
    pub(super) section: Section,
    /// Its values.
    pub(super) layer: Layer,
    /// What metrics alone have otherwise.
    pub(super) metrics: Layer,
    /// What log records alone have otherwise.
    pub(super) logs: Layer,
}

/// Everything that is said, before it is laid over each other.
struct Sayings<'s> {
    said: &'s Said,
    variables: &'s BTreeMap<String, String>,
    reader: Reader<'s>,
    mistakes: Vec<Mistake>,
}

/// Lays together what a file, if there is one, and its surroundings say.
pub(super) fn draft(
    root: Option<&Node>,
    said: &Said,
    variables: &BTreeMap<String, String>,
) -> (Draft, Vec<Mistake>) {
    let mut sayings =
        Sayings { said, variables, reader: Reader::new(variables), mistakes: said.mistakes.clone() };
    let entries = root.map_or(&[][..], |root| sayings.reader.entries(root, "the file"));
    let process = sayings.process(entries);
    let servers = sayings.servers(entries);
    let (exporters, exporter_names) = sayings.exporters(entries);
    let mistakes = [sayings.mistakes, sayings.reader.finish()].concat();
    (Draft { process, servers, exporters, exporter_names }, mistakes)
}

impl Sayings<'_> {
    fn process(&mut self, entries: &[Entry]) -> Layer {
        let file = self.reader.section(Section::Process, entries);
        let standard = standard::layer(Section::Process, self.variables, &mut self.mistakes);
        Layer::merged([&self.said.process, &file, &standard, &Layer::of_defaults(Section::Process)])
    }

    fn servers(&mut self, entries: &[Entry]) -> Vec<ServerDraft> {
        let defaults = child(entries, "defaults").map(|node| self.reader.entries(node, "defaults"));
        let defaults = self.reader.section(Section::Defaults, defaults.unwrap_or_default());
        let usual = Layer::of_defaults(Section::Server);
        match self.list(entries, "servers", MAX_SERVERS) {
            None => Vec::new(),
            Some([]) => self.only_server(&defaults, &usual).into_iter().collect(),
            Some(nodes) => self.servers_of_file(nodes, &defaults, &usual),
        }
    }

    /// Returns the values of a list of the file; none if the key has anything else.
    fn list<'n>(&mut self, entries: &'n [Entry], key: &str, limit: usize) -> Option<&'n [Node]> {
        child(entries, key).map_or(Some(&[][..]), |node| self.reader.list(node, key, limit))
    }

    fn servers_of_file(&mut self, nodes: &[Node], defaults: &Layer, usual: &Layer) -> Vec<ServerDraft> {
        if let Some(connection) = self.said.servers.get("connection") {
            self.mistakes.push(connection.mistake("the file names the servers: leave one of both out"));
        }
        let said = without(&self.said.servers, &["connection"]);
        let server = |node: &Node| {
            let own = self.server_of_file(node);
            ServerDraft { at: Some(node.at), layer: Layer::merged([&own, &said, defaults, usual]) }
        };
        nodes.iter().map(server).collect()
    }

    /// Returns what a server says for itself.
    fn server_of_file(&mut self, node: &Node) -> Layer {
        let entries = self.reader.entries(node, "a server");
        let own = self.reader.section(Section::Server, entries);
        if child(entries, "connection").is_none() && matches!(node.content, Content::Map(_) | Content::Empty)
        {
            let instead = "write connection: postgresql://user@host/database";
            self.reader.mistake(node.at, "the server has no connection", instead);
        }
        own
    }

    /// Returns the one server that the command line or the environment names where the file has none.
    fn only_server(&mut self, defaults: &Layer, usual: &Layer) -> Option<ServerDraft> {
        let standard = standard::layer(Section::Server, self.variables, &mut self.mistakes);
        let layer = Layer::merged([&self.said.servers, defaults, &standard, usual]);
        let is_set = |name: &str| self.variables.get(name).is_some_and(|value| !value.is_empty());
        if layer.get("connection").is_some() || LIBPQ_PLACES.into_iter().any(is_set) {
            return Some(ServerDraft { at: None, layer });
        }
        self.mistakes.push(Mistake::outside(
            "no server is named",
            "write servers: into a file for --config, or set DATABASE_URL",
        ));
        None
    }

    fn exporters(&mut self, entries: &[Entry]) -> (Vec<ExporterDraft>, Vec<String>) {
        let nodes = self.list(entries, "exporters", MAX_EXPORTERS);
        if nodes.is_none_or(|nodes| !nodes.is_empty()) {
            return self.exporters_of_file(nodes.unwrap_or_default());
        }
        let called = [
            (Section::Otlp, standard::call_for_exporter(self.variables)),
            (Section::Emf, self.said.emf.get("namespace").is_some()),
        ];
        let called = called.into_iter().filter(|(_, is_called)| *is_called);
        let exporters: Vec<ExporterDraft> =
            called.map(|(section, _)| self.laid(None, section, &Layer::default())).collect();
        if exporters.is_empty() {
            self.mistakes.push(Mistake::outside(
                "no exporter is named",
                "write exporters: into a file for --config, or set OTEL_EXPORTER_OTLP_ENDPOINT or \
                 PGQUERYLENS_EMF_NAMESPACE",
            ));
        }
        let names = exporters.iter().map(|exporter| exporter.name().to_owned()).collect();
        (exporters, names)
    }

    /// An exporter with a mistake still has its name, or servers that name it would be told too.
    fn exporters_of_file(&mut self, nodes: &[Node]) -> (Vec<ExporterDraft>, Vec<String>) {
        let (mut exporters, mut names) = (Vec::new(), Vec::new());
        for node in nodes {
            let exporter = self.exporter(node);
            let name = exporter.as_ref().map(|exporter| exporter.name().to_owned());
            names.extend(name.or_else(|| exporter_name(node)));
            exporters.extend(exporter);
        }
        (exporters, names)
    }

    fn exporter(&mut self, node: &Node) -> Option<ExporterDraft> {
        let entries = self.reader.entries(node, "an exporter");
        let Some(kind) = child(entries, "kind") else {
            let instead = "write kind: otlp, kind: jsonl or kind: emf";
            self.reader.mistake(node.at, "the exporter has no kind", instead);
            return None;
        };
        let word = scalar(kind).unwrap_or_default();
        let Some(section) = Section::EXPORTERS.into_iter().find(|section| section.kind() == Some(word))
        else {
            let kinds: Vec<&str> = Section::EXPORTERS.into_iter().filter_map(Section::kind).collect();
            let instead = value::choice(word, &kinds).err().unwrap_or_default();
            self.reader.mistake(kind.at, "kind", instead);
            return None;
        };
        let own = self.reader.section(section, entries);
        Some(self.laid(Some(node.at), section, &own))
    }

    /// Lays everything below the values of an exporter. What the environment has to identify us goes to a receiver
    /// that the environment names, never to another one.
    fn laid(&mut self, at: Option<At>, section: Section, own: &Layer) -> ExporterDraft {
        let said = match section {
            Section::Otlp => &self.said.otlp,
            Section::Emf => &self.said.emf,
            _ => &self.said.jsonl,
        };
        let has_endpoint = ENDPOINTS.iter().any(|key| own.get(key).is_some());
        let withheld = if has_endpoint { &CREDENTIALS[..] } else { &[] };
        let standard = without(&standard::layer(section, self.variables, &mut self.mistakes), withheld);
        let usual = Layer::of_defaults(section);
        let mut of_signal = |signal| {
            let standard = standard::signal_layer(signal, self.variables, &mut self.mistakes);
            let above = own.0.keys().chain(said.0.keys()).chain(withheld).copied().collect::<Vec<_>>();
            without(&standard, &above)
        };
        let (metrics, logs) = match section {
            Section::Otlp => (of_signal(Signal::Metrics), of_signal(Signal::Logs)),
            _ => (Layer::default(), Layer::default()),
        };
        let layer = Layer::merged([own, &without(said, withheld), &standard, &usual]);
        ExporterDraft { at, section, layer, metrics, logs }
    }
}

impl ExporterDraft {
    /// Returns what holds for one signal.
    pub(super) fn of_signal(&self, signal: Signal) -> Layer {
        let own = if signal == Signal::Metrics { &self.metrics } else { &self.logs };
        Layer(self.layer.0.iter().chain(&own.0).map(|(key, setting)| (*key, setting.clone())).collect())
    }

    /// Returns the name, which without one of its own is that of the kind.
    pub(super) fn name(&self) -> &str {
        self.layer.text("name").or(self.section.kind()).unwrap_or_default()
    }
}

fn child<'n>(entries: &'n [Entry], key: &str) -> Option<&'n Node> {
    entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
}

fn scalar(node: &Node) -> Option<&str> {
    match &node.content {
        Content::Scalar(text) => Some(text),
        _ => None,
    }
}

fn exporter_name(node: &Node) -> Option<String> {
    let Content::Map(entries) = &node.content else { return None };
    let named = child(entries, "name").or_else(|| child(entries, "kind"));
    named.and_then(scalar).map(str::to_owned)
}

fn without(layer: &Layer, keys: &[&str]) -> Layer {
    Layer(
        layer
            .0
            .iter()
            .filter(|(key, _)| !keys.contains(key))
            .map(|(key, value)| (*key, value.clone()))
            .collect(),
    )
}
