//! What the user said, on the command line or else in the environment, read as typed values. Mistakes are collected,
//! so that all of them are told at once; a value that was not said, or is wrong, is the default meanwhile.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::{Kind, OPTIONS, OptionSpec, VARIABLE_PREFIX, options_of, value};

/// Where a value was said; the later overrides the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    /// Nowhere.
    Nowhere,
    /// In the environment.
    Environment,
    /// On the command line.
    CommandLine,
}

/// One value that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The option or variable, as it was written.
    pub written: String,
    /// What to write instead.
    pub instead: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.written, self.instead)
    }
}

/// All values that cannot be used; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub(crate) Vec<Mistake>);

/// What a command line says: the texts of each option that is on it, by the option's name; a flag's text is `true`. A
/// process without one has an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandLine(pub BTreeMap<&'static str, Vec<String>>);

/// The values of one subcommand.
#[derive(Debug)]
pub struct Given<'g> {
    subcommand: &'g str,
    command_line: CommandLine,
    variables: &'g BTreeMap<String, String>,
    mistakes: Vec<Mistake>,
}

impl<'g> Given<'g> {
    /// Reads the values of a subcommand from what the command line and the environment say.
    pub fn new(
        subcommand: &'g str,
        command_line: CommandLine,
        variables: &'g BTreeMap<String, String>,
    ) -> Given<'g> {
        Given { subcommand, command_line, variables, mistakes: Vec::new() }
    }

    /// Returns the mistakes, if there are any.
    pub fn finish(self) -> Result<(), Mistakes> {
        if self.mistakes.is_empty() { Ok(()) } else { Err(Mistakes(self.mistakes)) }
    }

    /// Tells whether there is no mistake so far.
    pub fn is_sound(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// Notes a mistake, once: a value may be read by more than one part of a command.
    pub fn mistake(&mut self, written: impl Into<String>, instead: impl Into<String>) {
        let mistake = Mistake { written: written.into(), instead: instead.into() };
        if !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
    }

    /// Returns where an option was said.
    pub fn said(&self, name: &str) -> Said {
        match self.texts_said(self.option(name)) {
            (said, texts) if !texts.is_empty() => said,
            _ => Said::Nowhere,
        }
    }

    /// Returns which of two options that exclude each other holds: the one on the command line. Both in the same
    /// place are a mistake.
    pub fn either(&mut self, one: &'static str, other: &'static str) -> Option<&'static str> {
        let (said_one, said_other) = (self.said(one), self.said(other));
        match said_one.cmp(&said_other) {
            std::cmp::Ordering::Greater => Some(one),
            std::cmp::Ordering::Less => Some(other),
            std::cmp::Ordering::Equal if said_one == Said::Nowhere => None,
            std::cmp::Ordering::Equal => {
                let (one, other) = (self.option(one).written(), self.option(other).written());
                self.mistake(format!("{one} and {other}"), "give one of them");
                None
            }
        }
    }

    /// Tells whether a flag is set.
    pub fn flag(&mut self, name: &str) -> bool {
        self.one(name, value::switch).unwrap_or(false)
    }

    /// Returns a length of time.
    pub fn duration(&mut self, name: &str) -> Option<Duration> {
        self.one(name, value::duration)
    }

    /// Returns a size in bytes.
    pub fn bytes(&mut self, name: &str) -> Option<u64> {
        self.one(name, value::bytes)
    }

    /// Returns a number from 1 on.
    pub fn count(&mut self, name: &str) -> Option<usize> {
        self.one(name, value::count)
    }

    /// Returns one of the option's words.
    pub fn choice(&mut self, name: &str) -> Option<&'static str> {
        let Kind::Choice(words) = self.option(name).kind else { return None };
        self.one(name, |text| value::choice(text, words))
    }

    /// Returns a text.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.one(name, |text| Ok(text.to_owned()))
    }

    /// Returns all texts of a repeatable option; in the environment they are separated by commas.
    pub fn texts(&self, name: &str) -> Vec<String> {
        match self.texts_said(self.option(name)) {
            (Said::Environment, texts) => texts.iter().flat_map(|text| listed(text)).collect(),
            (_, texts) => texts,
        }
    }

    /// Returns what was said of an option that the subcommand has, word by word, and where.
    pub fn spoken(&self, option: &OptionSpec) -> Option<(Said, Vec<String>)> {
        let (said, texts) = self.texts_said(option);
        let texts = if option.repeatable { self.texts(option.name) } else { texts };
        (!texts.is_empty()).then_some((said, texts))
    }

    /// Reads one value: what was said, else the default, else nothing.
    fn one<T>(&mut self, name: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let option = self.option(name);
        let (said, texts) = self.texts_said(option);
        let default = || option.default.and_then(|text| read(text).ok());
        let Some(text) = texts.first() else { return default() };
        read(text).map_or_else(
            |instead| {
                self.mistake(written(option, said, text), instead);
                default()
            },
            Some,
        )
    }

    /// Returns what was said of an option, and where. An empty variable says nothing.
    fn texts_said(&self, option: &OptionSpec) -> (Said, Vec<String>) {
        if let Some(texts) = self.command_line.0.get(option.name) {
            return (Said::CommandLine, texts.clone());
        }
        let variable = option.variable().and_then(|name| self.variables.get(&name));
        let text = variable.filter(|text| !text.is_empty());
        (Said::Environment, text.cloned().into_iter().collect())
    }

    fn option(&self, name: &str) -> &'static OptionSpec {
        options_of(self.subcommand)
            .find(|option| option.name == name)
            .expect("a subcommand asks for options of its own, which every test of it shows")
    }
}

/// Returns the members of a list in a variable.
pub fn listed(text: &str) -> Vec<String> {
    text.split(',').map(|text| text.trim().to_owned()).collect()
}

/// Returns the variables that look like options of ours and are none, each with the one that was probably meant.
pub fn unknown_variables(variables: &BTreeMap<String, String>) -> Vec<Mistake> {
    let known: Vec<String> = OPTIONS.iter().filter_map(OptionSpec::variable).collect();
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    let ours = variables.keys().filter(|name| name.starts_with(VARIABLE_PREFIX));
    ours.filter(|name| !known.contains(name))
        .map(|name| {
            let rests: Vec<&str> = names.iter().map(|name| &name[VARIABLE_PREFIX.len()..]).collect();
            let meant = value::nearest(&name[VARIABLE_PREFIX.len()..], &rests);
            let instead = match meant {
                Some(meant) => format!("it is no option; did you mean {VARIABLE_PREFIX}{meant}?"),
                None => "it is no option; pgquerylens poll --help lists them".to_owned(),
            };
            Mistake { written: name.clone(), instead }
        })
        .collect()
}

/// Returns how a value was written where it was said.
pub fn written(option: &OptionSpec, said: Said, text: &str) -> String {
    match (said, option.variable()) {
        (Said::Environment, Some(variable)) => format!("{variable}={text}"),
        _ => format!("{} {text}", option.written()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        arguments: &[(&'static str, &str)],
        variables: &[(&str, &str)],
        read: impl Fn(&mut Given<'_>),
    ) -> Vec<String> {
        let mut command_line = CommandLine::default();
        for (name, text) in arguments {
            command_line.0.entry(name).or_default().push((*text).to_owned());
        }
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut given = Given::new("poll", command_line, &variables);
        read(&mut given);
        let mistakes = given.finish().err();
        mistakes.into_iter().flat_map(|all| all.0).map(|mistake| mistake.to_string()).collect()
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_default() {
        let variables = [("PGQUERYLENS_DEADLINE", "20s"), ("PGQUERYLENS_TOP", "")];
        let mistakes = check(&[("deadline", "10s")], &variables, |given| {
            assert_eq!(given.duration("deadline"), Some(Duration::from_secs(10)));
            assert_eq!(given.count("top"), Some(10));
        });
        assert!(mistakes.is_empty(), "{mistakes:?}");
        check(&[], &variables, |given| assert_eq!(given.duration("deadline"), Some(Duration::from_secs(20))));
        check(&[], &[], |given| assert_eq!(given.duration("deadline"), Some(Duration::from_secs(30))));
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let variables = [("PGQUERYLENS_STRICT", "maybe"), ("PGQUERYLENS_WORK_MEM", "16")];
        let mistakes = check(&[("deadline", "30"), ("format", "jsn")], &variables, |given| {
            given.duration("deadline");
            given.choice("format");
            given.flag("strict");
            given.bytes("work-mem");
        });
        expect_test::expect![[r#"
            --deadline 30: a time needs its unit: write 30s for seconds, 30ms or 30m
            --format jsn: did you mean json? It is one of table, json
            PGQUERYLENS_STRICT=maybe: it is neither yes nor no: write true or false
            PGQUERYLENS_WORK_MEM=16: a size needs its unit: write 16MiB or 16kB"#]]
        .assert_eq(&mistakes.join("\n"));
    }

    #[test]
    fn names_repeat_on_the_command_line_and_are_a_list_in_the_environment() {
        check(&[("database", "a,b"), ("database", "c")], &[], |given| {
            assert_eq!(given.texts("database"), ["a,b", "c"]);
        });
        check(&[], &[("PGQUERYLENS_DATABASE", "a, b")], |given| {
            assert_eq!(given.texts("database"), ["a", "b"]);
        });
    }

    #[test]
    fn options_that_exclude_each_other_are_a_mistake_in_one_place_only() {
        let both = [("all-databases", "true"), ("database", "a")];
        let mistakes = check(&both, &[], |given| assert_eq!(given.either("database", "all-databases"), None));
        assert_eq!(mistakes, ["--database and --all-databases: give one of them"]);
        let mistakes = check(&[("database", "a")], &[("PGQUERYLENS_ALL_DATABASES", "yes")], |given| {
            assert_eq!(given.either("database", "all-databases"), Some("database"));
        });
        assert!(mistakes.is_empty(), "{mistakes:?}");
    }

    #[test]
    fn a_mistyped_variable_is_noticed() {
        let variables = ["PGQUERYLENS_STATMENT_TIMEOUT", "PGQUERYLENS_TOP", "PGHOST", "PGQUERYLENS_"];
        let variables = variables.iter().map(|name| ((*name).to_owned(), String::new())).collect();
        let unknown: Vec<String> = unknown_variables(&variables).iter().map(Mistake::to_string).collect();
        assert_eq!(
            unknown,
            [
                "PGQUERYLENS_: it is no option; pgquerylens poll --help lists them",
                "PGQUERYLENS_STATMENT_TIMEOUT: it is no option; did you mean PGQUERYLENS_STATEMENT_TIMEOUT?",
            ]
        );
    }
}
