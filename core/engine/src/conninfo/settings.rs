//! The settings merged from the connection string, the service and the environment, each with where it was said, and
//! typed reading of their values.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::Environment;
use super::keyvalue;
use super::keywords::{self, KEYWORDS, Keyword, Treatment};
use super::mistake::Mistake;

/// Where a value was said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// In the connection string.
    Argument,
    /// In the service file.
    Service,
    /// In this environment variable.
    Variable(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument => formatter.write_str("the connection string"),
            Self::Service => formatter.write_str("the service file"),
            Self::Variable(name) => formatter.write_str(name),
        }
    }
}

/// What was said, by keyword. No Debug: one of the values is the password.
#[derive(Default)]
pub(super) struct Settings {
    values: BTreeMap<&'static str, (String, Origin)>,
}

impl Settings {
    /// Adds pairs of one origin. A later pair overrides an earlier one of the same origin; an earlier origin stays.
    pub(super) fn add(&mut self, pairs: Vec<(String, String)>, origin: Origin, mistakes: &mut Vec<Mistake>) {
        let mut after_password = false;
        for (name, value) in pairs {
            let Some(keyword) = keywords::find(&name) else {
                mistakes.push(unknown(&name, origin, after_password));
                continue;
            };
            after_password = keyword.name == "password";
            if self.values.get(keyword.name).is_none_or(|(_, earlier)| *earlier == origin) {
                self.values.insert(keyword.name, (value, origin));
            }
        }
    }

    /// Adds what the environment says about keywords that are still open. An empty variable says nothing.
    pub(super) fn add_variables(&mut self, environment: &Environment) {
        for Keyword { name, variable, .. } in KEYWORDS {
            let Some(variable) = *variable else { continue };
            if let Some(value) = environment.variable(variable) {
                self.values.entry(name).or_insert_with(|| (value.to_owned(), Origin::Variable(variable)));
            }
        }
        // Older than sslmode, and still honoured by libpq.
        if environment.variable("PGREQUIRESSL").is_some_and(|value| value.starts_with('1')) {
            self.values
                .entry("sslmode")
                .or_insert_with(|| ("require".to_owned(), Origin::Variable("PGREQUIRESSL")));
        }
    }

    /// Lists every keyword that asks for something we cannot do.
    pub(super) fn refuse_unsupported(&self, mistakes: &mut Vec<Mistake>) {
        for Keyword { name, treatment, .. } in KEYWORDS {
            let Treatment::Refused { unless, instead } = treatment else { continue };
            if self.text(name).is_some_and(|value| !unless.contains(&value)) {
                mistakes.push(Mistake::new(self.place(name), *instead));
            }
        }
    }

    /// Returns a value that was said and is not empty.
    pub(super) fn text(&self, keyword: &str) -> Option<&str> {
        self.values.get(keyword).map(|(value, _)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Returns where a value was said.
    pub(super) fn origin(&self, keyword: &str) -> Option<Origin> {
        self.values.get(keyword).map(|(_, origin)| *origin)
    }

    /// Reads one of a fixed set of words.
    pub(super) fn choice<T: Copy>(
        &self,
        keyword: &str,
        choices: &[(&str, T)],
        mistakes: &mut Vec<Mistake>,
    ) -> Option<T> {
        let value = self.text(keyword)?;
        let chosen = choices.iter().find(|(word, _)| *word == value).map(|(_, choice)| *choice);
        if chosen.is_none() {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            mistakes.push(Mistake::new(
                format!("{} is none of its values", self.place(keyword)),
                format!("write {}", words.join(", ")),
            ));
        }
        chosen
    }

    /// Reads a whole number; what is zero or less says nothing, as in libpq.
    pub(super) fn number(&self, keyword: &str, mistakes: &mut Vec<Mistake>) -> Option<u32> {
        match self.text(keyword)?.trim().parse::<i32>() {
            Ok(number) => u32::try_from(number).ok().filter(|number| *number > 0),
            Err(_) => {
                mistakes.push(Mistake::new(
                    format!("{} is not a whole number", self.place(keyword)),
                    format!("write digits alone, as in {keyword}=10"),
                ));
                None
            }
        }
    }

    /// Reads a number of whole seconds.
    pub(super) fn seconds(&self, keyword: &str, mistakes: &mut Vec<Mistake>) -> Option<Duration> {
        self.number(keyword, mistakes).map(|seconds| Duration::from_secs(seconds.into()))
    }

    fn place(&self, keyword: &str) -> String {
        self.origin(keyword).map_or_else(|| keyword.to_owned(), |origin| format!("{keyword} in {origin}"))
    }
}

/// A stray word after a password may be its second half, so it is not named.
fn unknown(name: &str, origin: Origin, after_password: bool) -> Mistake {
    if after_password {
        return Mistake::new(
            format!("the word after the password in {origin} is no keyword"),
            "quote a password that holds blanks, password='two words', or correct the keyword",
        );
    }
    let what = format!("{} in {origin} is no keyword", keyvalue::printable(name));
    match keywords::nearest(name) {
        Some(meant) => Mistake::new(what, format!("did you mean {meant}?")),
        None => Mistake::new(what, "remove it, or see libpq's manual, section Parameter Key Words"),
    }
}
