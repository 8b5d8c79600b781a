//! Reads the keys of one section of a file by the table of options: which there are, and what their values can be.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::document::{Content, Entry, Node, shown};
use super::layer::{Layer, Origin, Setting};
use super::mistake::{At, Mistake};
use super::secret_source::SecretSource;
use super::substitution::{is_name, substitute};
use super::value::Value;
use crate::options::value::nearest;
use crate::options::{Kind, OptionSpec, Section, options_in};
use pgquerylens_aws::secrets::{Place, Secrets};

/// The most names of labels, headers and lists.
const MAX_NAMES: usize = 64;
/// The most bytes of one name.
const MAX_NAME_BYTES: usize = 128;
/// The most words of a command.
const MAX_COMMAND_WORDS: usize = 64;

/// Keys at the top that hold sections.
const STRUCTURE: [&str; 3] = ["defaults", "servers", "exporters"];
/// What JSON files say to editors, and nothing to us.
const SCHEMA: &str = "$schema";

/// Reads sections, and notes what is wrong with them.
pub(super) struct Reader<'r> {
    variables: &'r BTreeMap<String, String>,
    mistakes: Vec<Mistake>,
}

impl<'r> Reader<'r> {
    /// Begins without a mistake.
    pub(super) fn new(variables: &'r BTreeMap<String, String>) -> Reader<'r> {
        Reader { variables, mistakes: Vec::new() }
    }

    /// Returns what is wrong.
    pub(super) fn finish(self) -> Vec<Mistake> {
        self.mistakes
    }

    /// Notes a mistake.
    pub(super) fn mistake(&mut self, at: At, what: impl Into<String>, instead: impl Into<String>) {
        self.mistakes.push(Mistake::at(at, what, instead));
    }

    /// Returns the entries of what must be keys with values. Nothing at all is no entries.
    pub(super) fn entries<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Entry] {
        match &node.content {
            Content::Map(entries) => entries,
            Content::Empty => &[],
            _ => {
                self.mistake(node.at, what, "write keys with values below it");
                &[]
            }
        }
    }

    /// Returns the values of a list, if it is one; those beyond the limit are left out and told.
    pub(super) fn list<'n>(&mut self, node: &'n Node, what: &str, limit: usize) -> Option<&'n [Node]> {
        match &node.content {
            Content::List(nodes) if nodes.len() <= limit => Some(nodes),
            Content::List(nodes) => {
                let what = format!("{what} has {} entries", nodes.len());
                self.mistake(node.at, what, format!("write at most {limit}"));
                Some(&nodes[..limit])
            }
            Content::Empty => Some(&[]),
            Content::Scalar(_) | Content::Map(_) => {
                self.mistake(node.at, what, "write a list");
                None
            }
        }
    }

    /// Reads the entries of a section.
    pub(super) fn section(&mut self, section: Section, entries: &[Entry]) -> Layer {
        let mut layer = Layer::default();
        for entry in entries {
            let key = entry.key.as_str();
            if section == Section::Process && (STRUCTURE.contains(&key) || key == SCHEMA) {
                continue;
            }
            let Some(option) = options_in(section).find(|option| option.key() == key) else {
                let instead = unknown(section, key);
                self.mistake(
                    entry.at,
                    format!("{} is no key of {}", shown(&entry.key), section.title()),
                    instead,
                );
                continue;
            };
            if let Some(setting) = self.setting(option, &entry.node) {
                layer.0.insert(option.key(), setting);
            }
        }
        self.mistakes.extend(layer.contradictions());
        layer
    }

    fn setting(&mut self, option: &OptionSpec, node: &Node) -> Option<Setting> {
        let key = option.key();
        let value = match option.kind {
            _ if option.repeatable => Value::Texts(self.texts(key, node)?),
            Kind::Labels => Value::Labels(self.named(key, node, Reader::text)?),
            Kind::Headers => Value::Headers(self.named(key, node, Reader::header)?),
            Kind::Secret => Value::Secret(self.secret(key, node)?),
            kind => {
                let text = self.text(key, node)?;
                let read = Value::read(kind, &text);
                read.map_err(|instead| self.mistake(node.at, written(option, node), instead)).ok()?
            }
        };
        Some(Setting { value, origin: Origin::File(node.at), written: written(option, node) })
    }

    /// Returns a text with its variables put in.
    fn text(&mut self, key: &str, node: &Node) -> Option<String> {
        let text = match &node.content {
            Content::Scalar(text) => text,
            Content::Empty => {
                self.mistake(node.at, format!("{key} has no value"), "write one, or leave the key out");
                return None;
            }
            Content::List(_) | Content::Map(_) => {
                self.mistake(node.at, key, "write one value, not several");
                return None;
            }
        };
        match substitute(text, self.variables) {
            Ok(text) if text.is_empty() => {
                self.mistake(node.at, format!("{key} is empty"), "write a value, or leave the key out");
                None
            }
            Ok(text) if text.contains('\0') => {
                self.mistake(node.at, key, "it holds a character 0");
                None
            }
            Ok(text) => Some(text),
            Err(instead) => {
                self.mistake(node.at, key, instead);
                None
            }
        }
    }

    fn texts(&mut self, key: &str, node: &Node) -> Option<Vec<String>> {
        let nodes = self.list(node, key, MAX_NAMES)?;
        if nodes.is_empty() {
            self.mistake(node.at, format!("{key} names nothing"), "write a list, or leave the key out");
            return None;
        }
        Some(nodes.iter().filter_map(|node| self.text(key, node)).collect())
    }

    /// Reads values by name.
    fn named<V>(
        &mut self,
        key: &str,
        node: &Node,
        read: impl Fn(&mut Self, &str, &Node) -> Option<V>,
    ) -> Option<BTreeMap<String, V>> {
        let entries = self.entries(node, key);
        if entries.len() > MAX_NAMES {
            self.mistake(
                node.at,
                format!("{key} has {} names", entries.len()),
                format!("write at most {MAX_NAMES}"),
            );
            return None;
        }
        let mut values = BTreeMap::new();
        for entry in entries {
            let what = format!("{key}.{}", name_shown(&entry.key));
            if entry.key.is_empty()
                || entry.key.len() > MAX_NAME_BYTES
                || entry.key.contains(char::is_control)
            {
                self.mistake(entry.at, what, format!("write a name of 1 to {MAX_NAME_BYTES} bytes"));
            } else if let Some(value) = read(self, &what, &entry.node) {
                values.insert(entry.key.clone(), value);
            }
        }
        Some(values)
    }

    fn header(&mut self, key: &str, node: &Node) -> Option<SecretSource> {
        let name = key.split_once('.').map_or("", |(_, name)| name);
        if !is_header_name(name) {
            self.mistake(node.at, key, "a header's name has letters, digits and -");
            return None;
        }
        match self.secret(key, node)? {
            SecretSource::Text(value) if !is_header_value(value.expose()) => {
                self.mistake(node.at, key, "a header's value has visible ASCII letters and blanks");
                None
            }
            source => Some(source),
        }
    }

    /// Reads a secret: a text, or the one place where it comes from.
    fn secret(&mut self, key: &str, node: &Node) -> Option<SecretSource> {
        let Content::Map(entries) = &node.content else {
            return self.text(key, node).map(|text| SecretSource::Text(text.into()));
        };
        let [Entry { key: source, node: from, .. }] = entries.as_slice() else {
            self.mistake(node.at, key, SOURCES);
            return None;
        };
        match source.as_str() {
            "env" => self.text(key, from).and_then(|name| match is_name(&name) {
                true => Some(SecretSource::Env(name)),
                false => {
                    // Whoever mistook env for the secret itself has it here.
                    self.mistake(from.at, key, "write the name of a variable: {env: NAME}");
                    None
                }
            }),
            "file" => self.text(key, from).map(|path| SecretSource::File(PathBuf::from(path))),
            "command" => self.command(key, from).map(SecretSource::Command),
            "aws-secret" => {
                self.text(key, from).map(|id| SecretSource::Aws(Secrets::at(Place::SecretsManager(id))))
            }
            "aws-parameter" => {
                self.text(key, from).map(|name| SecretSource::Aws(Secrets::at(Place::Parameter(name))))
            }
            _ => {
                // The word may be the secret itself, in braces by mistake.
                self.mistake(node.at, key, SOURCES);
                None
            }
        }
    }

    fn command(&mut self, key: &str, node: &Node) -> Option<Vec<String>> {
        let nodes = self.list(node, key, MAX_COMMAND_WORDS)?;
        let words: Vec<String> = nodes.iter().filter_map(|node| self.text(key, node)).collect();
        if words.first().is_none_or(String::is_empty) {
            self.mistake(
                node.at,
                key,
                "write the program and its arguments: {command: [PROGRAM, ARGUMENT, …]}",
            );
            return None;
        }
        Some(words)
    }
}

const SOURCES: &str = "write one of {file: PATH}, {env: NAME}, {command: [PROGRAM, …]}, {aws-secret: NAME or ARN} and \
     {aws-parameter: NAME or ARN}, or the text itself";

/// Returns how a value is written, as far as it can be shown: of a text with variables what stands in the file.
fn written(option: &OptionSpec, node: &Node) -> String {
    match &node.content {
        Content::Scalar(text) if !option.may_hold_secret() => format!("{} {}", option.key(), shown(text)),
        _ => option.key().to_owned(),
    }
}

/// Returns a key that is not known, as far as it is a word: behind a colon without a blank, its value follows.
fn name_shown(key: &str) -> String {
    match key.find(|letter: char| !letter.is_alphanumeric() && !"-_. ".contains(letter)) {
        Some(end) => format!("{}…", shown(&key[..end])),
        None => shown(key),
    }
}

/// Says what may have been meant by a key that the section does not have.
fn unknown(section: Section, key: &str) -> String {
    let elsewhere =
        Section::ALL.into_iter().find(|other| options_in(*other).any(|option| option.key() == key));
    let mut keys: Vec<&str> = options_in(section).map(OptionSpec::key).collect();
    if section == Section::Process {
        keys.extend(STRUCTURE);
    }
    match (nearest(key, &keys), elsewhere) {
        (_, Some(other)) => format!("it belongs to {}", other.title()),
        (Some(meant), None) => format!("did you mean {meant}?"),
        (None, None) => format!("it has {}", keys.join(", ")),
    }
}

/// Tells whether a text can be the name of a header: a token of HTTP.
pub(super) fn is_header_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token)
}

/// Tells whether a text can be the value of a header.
pub(super) fn is_header_value(value: &str) -> bool {
    value.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}
