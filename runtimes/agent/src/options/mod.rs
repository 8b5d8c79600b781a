//! The one table of options. From it come the parser, the environment's names, the help, the completions, the man
//! pages, the configuration file with its schema, and the reference; what the values mean is left to `commands` and
//! `config`.

mod file_reference;
mod given;
mod parser;
mod reference;
mod row;
mod subcommands;
mod table;
pub(crate) mod value;

pub(crate) use file_reference::configuration_page;
pub(crate) use given::{Given, Mistake, Mistakes, Said, unknown_variables, written};
pub(crate) use parser::command;
pub(crate) use reference::options_page;
pub(crate) use subcommands::{SUBCOMMANDS, Subcommand};
pub(crate) use table::OPTIONS;

/// The prefix of the environment variables that stand in for options.
pub(crate) const VARIABLE_PREFIX: &str = "PGQUERYLENS_";

/// One option of one or more subcommands, or of a configuration file.
#[derive(Clone, Copy, Debug)]
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
    /// Whether it may be given more than once; in a configuration file it is a list then.
    pub(crate) repeatable: bool,
    /// The sections of a configuration file that have it.
    pub(crate) sections: &'static [Section],
    /// Its key there, where that is not its name: a list has the plural.
    pub(crate) plural: Option<&'static str>,
    /// A variable that others defined, which is looked at after everything of ours.
    pub(crate) standard: Option<&'static str>,
    /// A value to show in a file, in YAML, where there is no default.
    pub(crate) sample: &'static str,
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
    /// Nowhere: the environment and a configuration file can say it.
    Variable,
    /// Nowhere: a configuration file can say it.
    File,
}

/// The sections of a configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// The top of the file: what concerns the process.
    Process,
    /// What holds for each server that does not say otherwise.
    Defaults,
    /// One server.
    Server,
    /// One exporter that speaks the OpenTelemetry protocol.
    Otlp,
    /// One exporter that writes lines of JSON.
    Jsonl,
}

impl Section {
    /// All of them, in the order of a file.
    pub(crate) const ALL: [Section; 5] =
        [Section::Process, Section::Defaults, Section::Server, Section::Otlp, Section::Jsonl];

    /// Returns what it is called in a sentence.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Section::Process => "the top of the file",
            Section::Defaults => "defaults",
            Section::Server => "a server",
            Section::Otlp => "an exporter of kind otlp",
            Section::Jsonl => "an exporter of kind jsonl",
        }
    }
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
    /// The process itself.
    Process,
}

impl Heading {
    /// Returns the heading's text.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Heading::When => "When and from what",
            Heading::What => "What is read",
            Heading::Output => "What is shown",
            Heading::Limits => "What a poll may cost the server",
            Heading::Process => "The process",
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
    /// Texts by name.
    Labels,
    /// A secret, or where it comes from.
    Secret,
    /// Secrets by name.
    Headers,
}

impl OptionSpec {
    /// Returns the environment variable that stands in for the option, if it has a name to derive it from.
    pub(crate) fn variable(&self) -> Option<String> {
        let named = matches!(self.place, Place::Named(_) | Place::Variable);
        named.then(|| format!("{VARIABLE_PREFIX}{}", self.name.to_uppercase().replace('-', "_")))
    }

    /// Returns how it is written on the command line.
    pub(crate) fn written(&self) -> String {
        match self.place {
            Place::Named(_) => format!("--{}", self.name),
            Place::Positional { .. } => self.metavar.to_owned(),
            Place::Variable | Place::File => self.key().to_owned(),
        }
    }

    /// Tells whether its value may hold a secret, so that no message shows it: a password, or a URL with one in it.
    pub(crate) fn may_hold_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret | Kind::Headers) || ["URL", "ENDPOINT"].contains(&self.metavar)
    }

    /// Returns its key in a configuration file.
    pub(crate) fn key(&self) -> &'static str {
        self.plural.unwrap_or(self.name)
    }
}

/// Returns the options of a section of a configuration file, in the order of the table.
pub(crate) fn options_in(section: Section) -> impl Iterator<Item = &'static OptionSpec> {
    OPTIONS.iter().filter(move |option| option.sections.contains(&section))
}

/// Returns the options of a subcommand, in the order of the table.
pub(crate) fn options_of(subcommand: &str) -> impl Iterator<Item = &'static OptionSpec> {
    OPTIONS.iter().filter(move |option| option.commands.contains(&subcommand))
}
