//! The agent's configuration: from a file, the environment and the command line to plain data without a mistake. Which
//! options there are is the table's; what is done by them is left to `agent`.

pub mod configuration;
mod document;
mod draft;
mod endpoint;
mod exporter;
mod layer;
mod metric_names;
mod mistake;
mod observed;
mod process;
mod said;
mod sample;
mod schema;
#[allow(dead_code, reason = "secrets are read where they are used, by the loop that is not there yet")]
pub mod secret_source;
mod section;
mod server;
mod show;
mod standard;
mod substitution;
mod telemetry;
mod value;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use pgquerylens_engine::conninfo::Environment;

pub use configuration::Configuration;
use configuration::ProcessConfig;
pub use mistake::Mistakes;
pub use sample::sample;
pub use schema::schema;
pub use standard::secret_headers;

use self::document::{Content, Format, Node};
use self::draft::{Draft, draft};
use self::mistake::Mistake;
use self::said::Said;
use self::server::Surroundings;
use crate::options::Given;

/// The largest file that is read: a thousand servers with everything said have a third of it.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// Where a configuration comes from. It outlives the command line and can be loaded again and again: the file is read
/// anew each time, the environment and the command line stay what they were.
#[derive(Clone)]
pub struct Source {
    said: Said,
    /// A file's text that is at hand, in JSON.
    text: Option<String>,
    environment: Environment,
}

impl Source {
    /// Takes what the command line and the environment say. Mistakes in it are told by a load, with those of the file.
    pub fn new(file: Option<PathBuf>, given: &Given<'_>, environment: &Environment) -> Source {
        let said = Said::read(file, given, &environment.variables);
        Source { said, text: None, environment: environment.clone() }
    }

    /// Takes the text of a file in place of one: a function has variables, and seldom files.
    pub fn with_text(self, text: String) -> Source {
        Source { text: Some(text), ..self }
    }

    /// Returns what the file says, or the text in its place.
    fn root(&self) -> (Option<Node>, Vec<Mistake>) {
        match (&self.text, self.file()) {
            (Some(text), _) => document::parse(Format::Json, text),
            (None, Some(file)) => read(file),
            (None, None) => (None, Vec::new()),
        }
    }

    /// Reads the file, if there is one, and returns what the agent runs by, or everything that is wrong.
    pub fn load(&self) -> Result<Configuration, Mistakes> {
        self.examine().1
    }

    /// Returns what holds if one server is polled that is named elsewhere, in an event: in JSON, as an entry of `servers`
    /// is in a file. It takes the place of all servers that the file has.
    pub fn load_server(&self, entry: &str) -> Result<Configuration, Mistakes> {
        let (server, unreadable) = document::parse(Format::Json, entry);
        let Some(server) = server.filter(|_| unreadable.is_empty()) else {
            return Err(Mistakes::new(None, unreadable));
        };
        let servers = document::Entry { key: "servers".to_owned(), at: server.at, node: listed(server) };
        let (file, mistakes) = self.root();
        if !mistakes.is_empty() {
            return Err(Mistakes::new(self.said.file.clone(), mistakes));
        }
        let said = match file.map(|root| root.content) {
            Some(Content::Map(entries)) => entries,
            _ => Vec::new(),
        };
        let others = said.into_iter().filter(|entry| entry.key != "servers");
        let root = Node { at: servers.at, content: Content::Map(others.chain([servers]).collect()) };
        self.examine_tree(Some(&root)).1
    }

    /// Returns what concerns the process, whatever is the matter with the rest: it has to say so somewhere.
    pub fn process(&self) -> Result<ProcessConfig, Mistakes> {
        let (root, mut mistakes) = self.root();
        let (draft, _) = draft(root.as_ref(), &self.said, &self.environment.variables);
        let process = process::process(&draft.process, &mut mistakes);
        match mistakes.is_empty() {
            true => Ok(process),
            false => Err(Mistakes::new(self.said.file.clone(), mistakes)),
        }
    }

    /// Returns the file, if there is one.
    pub fn file(&self) -> Option<&Path> {
        self.said.file.as_deref()
    }

    /// Returns every value with where it was said, or everything that is wrong.
    pub fn show(&self) -> Result<String, Mistakes> {
        let (draft, configuration) = self.examine();
        Ok(show::shown(&draft, &configuration?, self.file()))
    }

    fn examine(&self) -> (Draft, Result<Configuration, Mistakes>) {
        let (root, unreadable) = self.root();
        if !unreadable.is_empty() {
            // What a file that cannot be read leaves open is no mistake of its own.
            let all = [unreadable, self.said.mistakes.clone()].concat();
            return (Draft::default(), Err(Mistakes::new(self.said.file.clone(), all)));
        }
        self.examine_tree(root.as_ref())
    }

    fn examine_tree(&self, root: Option<&Node>) -> (Draft, Result<Configuration, Mistakes>) {
        let (draft, mut mistakes) = draft(root, &self.said, &self.environment.variables);
        let configuration = self.configuration(&draft, &mut mistakes);
        let is_sound = mistakes.is_empty();
        let mistakes = Mistakes::new(self.said.file.clone(), mistakes);
        (draft, if is_sound { Ok(configuration) } else { Err(mistakes) })
    }

    fn configuration(&self, draft: &Draft, mistakes: &mut Vec<Mistake>) -> Configuration {
        let surroundings = Surroundings {
            environment: &self.environment,
            state: process::state(&draft.process, mistakes),
            lease: process::lease(&draft.process, mistakes),
            single_flight: process::single_flight(&draft.process),
            exporter_names: &draft.exporter_names,
        };
        Configuration {
            process: process::process(&draft.process, mistakes),
            servers: server::servers(&draft.servers, &surroundings, mistakes),
            exporters: exporter::exporters(&draft.exporters, mistakes),
        }
    }
}

fn listed(server: Node) -> Node {
    Node { at: server.at, content: Content::List(vec![server]) }
}

/// Reads a file as a tree.
fn read(path: &Path) -> (Option<Node>, Vec<Mistake>) {
    let name = path.display();
    let Some(format) = Format::of(path) else {
        let what = format!("the configuration file {name}");
        return (None, vec![Mistake::outside(what, "its name must end in .yaml, .yml, .toml or .json")]);
    };
    match bounded(path) {
        Ok(text) => document::parse(format, &text),
        Err(error) => {
            (None, vec![Mistake::outside(format!("read the configuration file {name}"), error.to_string())])
        }
    }
}

fn bounded(path: &Path) -> io::Result<String> {
    let refused = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(refused("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(refused("it has more than 4 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| refused("it is not text in UTF-8"))
}
