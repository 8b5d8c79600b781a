//! The one table of options. From it come the environment's names, the configuration file with its schema, the references,
//! and in the command the parser, the help, the completions and the man pages; what the values mean is left to `config`
//! and to the command.

mod deployed;
mod file_reference;
mod given;
mod row;
mod table;
pub mod value;

pub use deployed::{cdk_options, cdk_server_options, terraform_options};
pub use file_reference::configuration_page;
pub use given::{CommandLine, Given, Mistake, Mistakes, Said, listed, unknown_variables, written};
pub use table::OPTIONS;

/// The prefix of the environment variables that stand in for options.
pub const VARIABLE_PREFIX: &str = "PGQUERYLENS_";

/// One option of one or more subcommands, or of a configuration file.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// The name, as in `--statement-timeout`.
    pub name: &'static str,
    /// The subcommands that take it.
    pub commands: &'static [&'static str],
    /// Where it stands on the command line.
    pub place: Place,
    /// What its value is.
    pub kind: Kind,
    /// What stands for the value in the help.
    pub metavar: &'static str,
    /// What holds if nothing is said, as a user would write it.
    pub default: Option<&'static str>,
    /// Whether it may be given more than once; in a configuration file it is a list then.
    pub repeatable: bool,
    /// The sections of a configuration file that have it.
    pub sections: &'static [Section],
    /// Its key there, where that is not its name: a list has the plural.
    pub plural: Option<&'static str>,
    /// A variable that others defined, which is looked at after everything of ours.
    pub standard: Option<&'static str>,
    /// A value to show in a file, in YAML, where there is no default.
    pub sample: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// What else there is to know, with an example.
    pub more: &'static str,
}

/// Where an option stands on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
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
pub enum Section {
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
    /// One exporter that writes lines of which CloudWatch makes metrics.
    Emf,
}

impl Section {
    /// All of them, in the order of a file.
    pub const ALL: [Section; 6] =
        [Section::Process, Section::Defaults, Section::Server, Section::Otlp, Section::Jsonl, Section::Emf];

    /// Those of exporters.
    pub const EXPORTERS: [Section; 3] = [Section::Otlp, Section::Jsonl, Section::Emf];

    /// Returns the word for the kind of exporter that it is about.
    pub const fn kind(self) -> Option<&'static str> {
        match self {
            Section::Otlp => Some("otlp"),
            Section::Jsonl => Some("jsonl"),
            Section::Emf => Some("emf"),
            Section::Process | Section::Defaults | Section::Server => None,
        }
    }

    /// Returns what it is called in a sentence.
    pub fn title(self) -> &'static str {
        match self {
            Section::Process => "the top of the file",
            Section::Defaults => "defaults",
            Section::Server => "a server",
            Section::Otlp => "an exporter of kind otlp",
            Section::Jsonl => "an exporter of kind jsonl",
            Section::Emf => "an exporter of kind emf",
        }
    }
}

/// The headings of the help, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heading {
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
    pub fn title(self) -> &'static str {
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
pub enum Kind {
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
    pub fn variable(&self) -> Option<String> {
        let named = matches!(self.place, Place::Named(_) | Place::Variable);
        named.then(|| format!("{VARIABLE_PREFIX}{}", self.name.to_uppercase().replace('-', "_")))
    }

    /// Returns how it is written on the command line.
    pub fn written(&self) -> String {
        match self.place {
            Place::Named(_) => format!("--{}", self.name),
            Place::Positional { .. } => self.metavar.to_owned(),
            Place::Variable | Place::File => self.key().to_owned(),
        }
    }

    /// Tells whether its value may hold a secret, so that no message shows it: a password, or a URL with one in it.
    pub fn may_hold_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret | Kind::Headers) || ["URL", "ENDPOINT"].contains(&self.metavar)
    }

    /// Returns its key in a configuration file.
    pub fn key(&self) -> &'static str {
        self.plural.unwrap_or(self.name)
    }
}

/// Returns the options of a section of a configuration file, in the order of the table.
pub fn options_in(section: Section) -> impl Iterator<Item = &'static OptionSpec> {
    OPTIONS.iter().filter(move |option| option.sections.contains(&section))
}

/// Returns the options of a subcommand, in the order of the table.
pub fn options_of(subcommand: &str) -> impl Iterator<Item = &'static OptionSpec> {
    OPTIONS.iter().filter(move |option| option.commands.contains(&subcommand))
}
