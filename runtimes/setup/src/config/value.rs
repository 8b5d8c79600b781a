//! A value of a configuration, by its kind: how it is read from a text, and how it is shown.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::secret_source::SecretSource;
use crate::options::{Kind, value};

/// A value of one of the kinds that the table of options knows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Yes or no.
    Flag(bool),
    /// A length of time.
    Duration(Duration),
    /// A size.
    Bytes(u64),
    /// A number from 1 on.
    Count(usize),
    /// A text.
    Text(String),
    /// One of a few words.
    Word(&'static str),
    /// Texts.
    Texts(Vec<String>),
    /// Texts by name.
    Labels(BTreeMap<String, String>),
    /// A secret.
    Secret(SecretSource),
    /// Secrets by name.
    Headers(BTreeMap<String, SecretSource>),
}

impl Value {
    /// Reads a value that is written as one text; otherwise says what to write instead.
    pub(super) fn read(kind: Kind, text: &str) -> Result<Value, String> {
        match kind {
            Kind::Flag => value::switch(text).map(Value::Flag),
            Kind::Duration => value::duration(text).map(Value::Duration),
            Kind::Bytes => value::bytes(text).map(Value::Bytes),
            Kind::Count => value::count(text).map(Value::Count),
            Kind::Text => Ok(Value::Text(text.to_owned())),
            Kind::Choice(words) => value::choice(text, words).map(Value::Word),
            Kind::Secret => Ok(Value::Secret(SecretSource::Text(text.into()))),
            Kind::Labels | Kind::Headers => Err("write keys with values, {name: value}".to_owned()),
        }
    }
}

/// Shows a value as it would be written; what is secret shows where it comes from.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Flag(flag) => write!(f, "{flag}"),
            Value::Duration(duration) => write!(f, "{}", humantime::format_duration(*duration)),
            Value::Bytes(bytes) => f.write_str(&size(*bytes)),
            Value::Count(count) => write!(f, "{count}"),
            Value::Text(text) => f.write_str(text),
            Value::Word(word) => f.write_str(word),
            Value::Texts(texts) => write!(f, "[{}]", texts.join(", ")),
            Value::Labels(labels) => f.write_str(&pairs(labels)),
            Value::Secret(source) => write!(f, "{source}"),
            Value::Headers(headers) => f.write_str(&pairs(headers)),
        }
    }
}

fn pairs<V: fmt::Display>(values: &BTreeMap<String, V>) -> String {
    let pairs: Vec<String> = values.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

/// Writes a size in the largest unit that it is whole in.
fn size(bytes: u64) -> String {
    let units = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit =
        units.into_iter().find(|(factor, _): &(u64, _)| bytes >= *factor && bytes.is_multiple_of(*factor));
    unit.map_or_else(|| format!("{bytes} bytes"), |(factor, name)| format!("{}{name}", bytes / factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_they_are_written() {
        for (value, text) in [
            (Value::Duration(Duration::from_secs(90)), "1m 30s"),
            (Value::Bytes(64 << 20), "64MiB"),
            (Value::Bytes(1_536), "1536 bytes"),
            (Value::Texts(vec!["a".to_owned(), "b".to_owned()]), "[a, b]"),
            (
                Value::Headers([("api-key".to_owned(), SecretSource::Text("hush".into()))].into()),
                "{api-key: ***}",
            ),
        ] {
            assert_eq!(value.to_string(), text);
        }
    }
}
