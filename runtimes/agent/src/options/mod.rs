//! The one table of options. From it come the parser, the environment's names, the help, the completions, the man
//! pages and the reference; what the values mean to a command is left to `commands`.

mod given;
mod parser;
mod reference;
mod subcommands;
mod table;
mod value;

pub(crate) use given::{Given, Mistakes, Said, unknown_variables};
pub(crate) use parser::command;
pub(crate) use reference::options_page;
pub(crate) use subcommands::{SUBCOMMANDS, Subcommand};
pub(crate) use table::OPTIONS;

/// The prefix of the environment variables that stand in for options.
pub(crate) const VARIABLE_PREFIX: &str = "PGQUERYLENS_";

/// One option of one or more subcommands.
#[derive(Debug)]
pub(crate) struct OptionSpec {
    /// The name, as in `--statement-timeout`.
    pub(crate) name: &'static str,
    /// The subcommands that take it.
    pub(crate) commands: &'static [&'static str],
    /// Where it stands on the command line.
    pub(crate) place: Place,
    /// What its value is.
    pub(crate) kind: Kind,
    /// What stands for the value in the help.
    pub(crate) metavar: &'static str,
    /// What holds if nothing is said, as a user would write it.
    pub(crate) default: Option<&'static str>,
    /// Whether it may be given more than once.
    pub(crate) repeatable: bool,
    /// One sentence.
    pub(crate) help: &'static str,
    /// What else there is to know, with an example.
    pub(crate) more: &'static str,
}

/// Where an option stands on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// By its name, under a heading of the help. The environment can say it too.
    Named(Heading),
    /// By its position.
    Positional {
        /// Whether the subcommand makes no sense without it.
        required: bool,
    },
}

/// The headings of the help, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heading {
    /// How often, how long, and from what.
    When,
    /// What is read.
    What,
    /// What is shown and how.
    Output,
    /// What a poll may cost the server.
    Limits,
}

impl Heading {
    /// Returns the heading's text.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Heading::When => "When and from what",
            Heading::What => "What is read",
            Heading::Output => "What is shown",
            Heading::Limits => "What a poll may cost the server",
        }
    }
}

/// What an option's value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// No value: it is said or it is not.
    Flag,
    /// A length of time with its unit.
    Duration,
    /// A size with its unit.
    Bytes,
    /// A whole number from 1 on.
    Count,
    /// Any text.
    Text,
    /// One of a few words.
    Choice(&'static [&'static str]),
}

impl OptionSpec {
    /// Returns the environment variable that stands in for the option, if it has a name to derive it from.
    pub(crate) fn variable(&self) -> Option<String> {
        let named = matches!(self.place, Place::Named(_));
        named.then(|| format!("{VARIABLE_PREFIX}{}", self.name.to_uppercase().replace('-', "_")))
    }

    /// Returns how it is written on the command line.
    pub(crate) fn written(&self) -> String {
        match self.place {
            Place::Named(_) => format!("--{}", self.name),
            Place::Positional { .. } => self.metavar.to_owned(),
        }
    }
}

/// Returns the options of a subcommand, in the order of the table.
pub(crate) fn options_of(subcommand: &str) -> impl Iterator<Item = &'static OptionSpec> {
    OPTIONS.iter().filter(move |option| option.commands.contains(&subcommand))
}
