//! What one place says: values by key, each with where it was said. Layers lie over each other, the upper one wins.

use std::collections::BTreeMap;
use std::time::Duration;

use super::mistake::{At, Mistake};
use super::secret_source::SecretSource;
use super::value::Value;
use crate::options::{OptionSpec, Section, options_in};

/// Where a value was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Nowhere.
    Default,
    /// In the file.
    File(At),
    /// In this variable.
    Variable(String),
    /// On the command line, as this option.
    CommandLine(String),
}

/// One value with where it was said.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    /// The value.
    pub(super) value: Value,
    /// Where it was said.
    pub(super) origin: Origin,
    /// How it was written there, for a mistake; nothing that may be secret.
    pub(super) written: String,
}

impl Setting {
    /// Describes what is wrong with a value that could be read.
    pub(super) fn mistake(&self, instead: impl Into<String>) -> Mistake {
        match self.origin {
            Origin::File(at) => Mistake::at(at, self.written.clone(), instead),
            _ => Mistake::outside(self.written.clone(), instead),
        }
    }
}

/// Options that exclude each other: one that is said above silences the other below.
const EXCLUSIVE: [(&str, &str); 1] = [("databases", "all-databases")];

/// The values that one place says, by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Layer(pub(super) BTreeMap<&'static str, Setting>);

impl Layer {
    /// Returns what holds for a section where nothing is said.
    pub(super) fn of_defaults(section: Section) -> Layer {
        let setting = |option: &OptionSpec| {
            let value = Value::read(option.kind, option.default?).ok()?;
            Some((option.key(), Setting { value, origin: Origin::Default, written: String::new() }))
        };
        Layer(options_in(section).filter_map(setting).collect())
    }

    /// Lays layers over each other, the uppermost first. Labels of all layers come together, name by name.
    pub(super) fn merged<const COUNT: usize>(layers: [&Layer; COUNT]) -> Layer {
        let mut merged = Layer::default();
        for layer in layers {
            let silenced = merged.silenced();
            for (key, setting) in &layer.0 {
                match merged.0.get_mut(key) {
                    None if silenced.contains(key) => {}
                    None => drop(merged.0.insert(key, setting.clone())),
                    Some(above) => add_labels(&mut above.value, &setting.value),
                }
            }
        }
        merged
    }

    /// Returns the keys that say nothing below this layer.
    fn silenced(&self) -> Vec<&'static str> {
        let of_pair = |(one, other): &(&'static str, &'static str)| {
            [(*one, *other), (*other, *one)]
                .into_iter()
                .find(|(said, _)| self.0.contains_key(said))
                .map(|pair| pair.1)
        };
        EXCLUSIVE.iter().filter_map(of_pair).collect()
    }

    /// Takes out what a variable says where the command line says its opposite.
    pub(super) fn settled(mut self) -> Layer {
        for (one, other) in EXCLUSIVE {
            match (self.is_on_command_line(one), self.is_on_command_line(other)) {
                (true, false) => drop(self.0.remove(other)),
                (false, true) => drop(self.0.remove(one)),
                _ => {}
            }
        }
        self
    }

    fn is_on_command_line(&self, key: &str) -> bool {
        self.get(key).is_some_and(|setting| matches!(setting.origin, Origin::CommandLine(_)))
    }

    /// Returns the mistakes of options that exclude each other and are said in one place.
    pub(super) fn contradictions(&self) -> Vec<Mistake> {
        let both = |(one, other): &(&str, &str)| {
            let (one, setting) = (self.0.get(one)?, self.0.get(other)?);
            let is_said = setting.value != Value::Flag(false) && one.origin != Origin::Default;
            let what = || format!("{} and {}", one.written, setting.written);
            is_said.then(|| Setting { written: what(), ..setting.clone() }.mistake("give one of them"))
        };
        EXCLUSIVE.iter().filter_map(both).collect()
    }

    /// Returns what was said of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Setting> {
        self.0.get(key)
    }

    /// Tells whether a flag is set.
    pub(super) fn flag(&self, key: &str) -> bool {
        self.get(key).is_some_and(|setting| setting.value == Value::Flag(true))
    }

    /// Returns a length of time, which has a default.
    pub(super) fn duration(&self, key: &str) -> Duration {
        match self.get(key).map(|setting| &setting.value) {
            Some(Value::Duration(duration)) => *duration,
            _ => Duration::default(),
        }
    }

    /// Returns a size, which has a default.
    pub(super) fn bytes(&self, key: &str) -> u64 {
        match self.get(key).map(|setting| &setting.value) {
            Some(Value::Bytes(bytes)) => *bytes,
            _ => 0,
        }
    }

    /// Returns a number, which has a default.
    pub(super) fn count(&self, key: &str) -> usize {
        match self.get(key).map(|setting| &setting.value) {
            Some(Value::Count(count)) => *count,
            _ => 1,
        }
    }

    /// Returns one of a few words, which has a default.
    pub(super) fn word(&self, key: &str) -> &'static str {
        match self.get(key).map(|setting| &setting.value) {
            Some(Value::Word(word)) => word,
            _ => "",
        }
    }

    /// Returns a text that was said.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match &self.get(key)?.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns a list that was said.
    pub(super) fn texts(&self, key: &str) -> Option<&[String]> {
        match &self.get(key)?.value {
            Value::Texts(texts) => Some(texts),
            _ => None,
        }
    }

    /// Returns texts by name.
    pub(super) fn labels(&self, key: &str) -> BTreeMap<String, String> {
        match self.get(key).map(|setting| &setting.value) {
            Some(Value::Labels(labels)) => labels.clone(),
            _ => BTreeMap::new(),
        }
    }

    /// Returns a secret that was said.
    pub(super) fn secret(&self, key: &str) -> Option<SecretSource> {
        match &self.get(key)?.value {
            Value::Secret(source) => Some(source.clone()),
            _ => None,
        }
    }

    /// Returns secrets by name.
    pub(super) fn headers(&self, key: &str) -> BTreeMap<String, SecretSource> {
        match self.get(key).map(|setting| &setting.value) {
            Some(Value::Headers(headers)) => headers.clone(),
            _ => BTreeMap::new(),
        }
    }
}

fn add_labels(above: &mut Value, below: &Value) {
    if let (Value::Labels(above), Value::Labels(below)) = (above, below) {
        for (name, text) in below {
            above.entry(name.clone()).or_insert_with(|| text.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Kind;

    fn layer(values: &[(&'static str, Value)]) -> Layer {
        let setting = |value: &Value| Setting {
            value: value.clone(),
            origin: Origin::File(At { line: 1, column: 1 }),
            written: value.to_string(),
        };
        Layer(values.iter().map(|(key, value)| (*key, setting(value))).collect())
    }

    fn labels(pairs: &[(&str, &str)]) -> Value {
        Value::Labels(pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }

    #[test]
    fn the_upper_layer_wins_and_labels_come_together() {
        let upper = layer(&[("top", Value::Count(1)), ("labels", labels(&[("a", "1")]))]);
        let lower = layer(&[
            ("top", Value::Count(2)),
            ("work-mem", Value::Bytes(4096)),
            ("labels", labels(&[("a", "2"), ("b", "3")])),
        ]);
        let merged = Layer::merged([&upper, &lower]);
        assert_eq!(merged.count("top"), 1);
        assert_eq!(merged.bytes("work-mem"), 4096);
        assert_eq!(merged.get("labels").unwrap().value, labels(&[("a", "1"), ("b", "3")]));
    }

    #[test]
    fn a_choice_above_silences_its_opposite_below() {
        let upper = layer(&[("all-databases", Value::Flag(true))]);
        let lower = layer(&[("databases", Value::Texts(vec!["shop".to_owned()]))]);
        assert_eq!(Layer::merged([&upper, &lower]).get("databases"), None);
        assert_eq!(Layer::merged([&lower, &upper]).get("all-databases"), None);
        assert_eq!(Layer::merged([&lower, &upper]).contradictions(), []);
        let both = Layer(upper.0.into_iter().chain(lower.0).collect());
        assert_eq!(both.contradictions().len(), 1);
    }

    #[test]
    fn every_default_of_the_table_is_a_value() {
        for section in Section::ALL {
            let defaults = Layer::of_defaults(section);
            for option in options_in(section) {
                let needs_default = matches!(option.kind, Kind::Duration | Kind::Bytes | Kind::Count);
                assert!(option.default.is_some() || !needs_default, "{}", option.name);
                assert_eq!(defaults.get(option.key()).is_some(), option.default.is_some(), "{}", option.name);
            }
        }
    }
}
