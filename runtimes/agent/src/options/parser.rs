//! Builds the command line's parser, and with it all help, from the tables. Values are taken as text: what they mean
//! is read in `given`, so that all mistakes are told and not only the first.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StyledStr, TypedValueParser};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::options::{CommandLine, Kind, OptionSpec, Place, options_of};

use super::subcommands::{SUBCOMMANDS, SubcommandSpec};

/// The widest line of any help.
pub(crate) const HELP_COLUMNS: usize = 100;

const NAME: &str = "pgquerylens";

const ABOUT: &str =
    "Shows what PostgreSQL spends its time on: which statements, since when, and who waits for whom";

const LONG_ABOUT: &str = "Shows what PostgreSQL spends its time on: which statements, since when, and who waits for \
    whom.\n\nIt reads the server's own statistics over one read-only connection, subtracts them between two polls, \
    and says how much of the server's work they explain. It needs a role with pg_monitor, and pg_stat_statements \
    for statements. PostgreSQL 12 to 18.";

const WHERE_TO_START: [(&str, &str); 5] = [
    ("pgquerylens demo", "watch it at work on a throw-away server"),
    ("pgquerylens poll postgresql://user@host/db", "one look at your own"),
    ("pgquerylens poll --every 60s postgresql://user@host/db", "minute by minute"),
    ("pgquerylens agent --config pgquerylens.yaml", "for ever, sent to OpenTelemetry"),
    ("pgquerylens sql --pg 16", "what it would run there, to approve"),
];

/// Returns the whole command line, built from the tables.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .long_about(LONG_ABOUT)
        .max_term_width(HELP_COLUMNS)
        .arg_required_else_help(true)
        .override_usage("pgquerylens <COMMAND>")
        .args_conflicts_with_subcommands(true)
        .disable_version_flag(true)
        .args([
            flag("version", 'V', "Print version, with --verbose as a bug report wants it"),
            flag("verbose", 'v', "Print more beside --version").requires("version").hide(true),
        ])
        .after_help(section("Where to start", &WHERE_TO_START))
        .after_long_help(joined([
            section("Where to start", &WHERE_TO_START),
            environment(),
            section("Exit codes", &exit_codes()),
        ]))
        .subcommands(SUBCOMMANDS.iter().map(subcommand))
}

/// Returns what the command line says of a subcommand.
pub(crate) fn command_line(subcommand: &str, matches: &ArgMatches) -> CommandLine {
    let said = options_of(subcommand)
        .filter(|option| matches.value_source(option.name) == Some(ValueSource::CommandLine));
    let texts = |option: &OptionSpec| match option.kind {
        Kind::Flag => vec!["true".to_owned()],
        _ => matches.get_many::<String>(option.name).into_iter().flatten().cloned().collect(),
    };
    CommandLine(said.map(|option| (option.name, texts(option))).collect())
}

fn flag(name: &'static str, short: char, help: &'static str) -> Arg {
    Arg::new(name).long(name).short(short).help(help).action(ArgAction::SetTrue)
}

fn subcommand(spec: &'static SubcommandSpec) -> Command {
    let long_about = match spec.more {
        "" => spec.about.to_owned(),
        more => format!("{}.\n\n{more}", spec.about),
    };
    Command::new(spec.name)
        .about(spec.about)
        .long_about(long_about)
        .hide(spec.hidden)
        // record has an optional connection before its required folder.
        .allow_missing_positional(ends_with_required(spec))
        .after_help(section("Examples", spec.examples))
        .args(options_of(spec.name).map(argument))
}

fn ends_with_required(spec: &SubcommandSpec) -> bool {
    let positional = options_of(spec.name).filter(|option| matches!(option.place, Place::Positional { .. }));
    positional.last().is_some_and(|last| last.place == Place::Positional { required: true })
}

fn argument(option: &'static OptionSpec) -> Arg {
    let arg = Arg::new(option.name).help(short_help(option)).long_help(long_help(option));
    let arg = match option.place {
        Place::Named(heading) => arg.long(option.name).help_heading(heading.title()),
        Place::Positional { required } => arg.required(required),
        Place::Variable | Place::File => arg.hide(true),
    };
    match option.kind {
        Kind::Flag => arg.action(ArgAction::SetTrue),
        Kind::Choice(words) => valued(arg, option).value_parser(Words(words)),
        Kind::Duration | Kind::Bytes | Kind::Count | Kind::Text => valued(arg, option),
        Kind::Labels | Kind::Secret | Kind::Headers => valued(arg, option),
    }
}

fn valued(arg: Arg, option: &OptionSpec) -> Arg {
    let action = if option.repeatable { ArgAction::Append } else { ArgAction::Set };
    arg.value_name(option.metavar).action(action)
}

fn short_help(option: &OptionSpec) -> String {
    let default = option.default.map_or_else(String::new, |default| format!(" [default: {default}]"));
    format!("{}{default}", option.help)
}

fn long_help(option: &OptionSpec) -> String {
    let default = option.default.map(|default| format!("[default: {default}]"));
    let variable = option.variable().map(|name| format!("[env: {name}]"));
    let facts: Vec<String> = default.into_iter().chain(variable).collect();
    let parts = [format!("{}.", option.help), option.more.to_owned(), facts.join(" ")];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// Lines of two columns under a title, as the examples of a help.
fn section(title: &str, lines: &[(impl AsRef<str>, &str)]) -> StyledStr {
    let width = lines.iter().map(|(left, _)| left.as_ref().chars().count()).max().unwrap_or(0);
    let lines = lines.iter().map(|(left, right)| format!("\n  {:width$}  {right}", left.as_ref()));
    StyledStr::from(format!("{title}:{}", lines.collect::<String>()))
}

fn exit_codes() -> Vec<(String, &'static str)> {
    Exit::ALL.iter().map(|exit| (exit.code().to_string(), exit.meaning())).collect()
}

fn environment() -> StyledStr {
    StyledStr::from(
        "Environment:\n  Every option can be said there too, --lock-timeout as PGQUERYLENS_LOCK_TIMEOUT; flags win.\n  \
         The server is found by PGHOST, PGUSER, PGSERVICE and the other variables of libpq.",
    )
}

fn joined<const N: usize>(sections: [StyledStr; N]) -> String {
    sections.map(|section| section.to_string()).join("\n\n")
}

/// Takes any word and shows the known ones to help and completions.
#[derive(Clone)]
struct Words(&'static [&'static str]);

impl TypedValueParser for Words {
    type Value = String;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        let text = value.to_str().map(str::to_owned);
        text.ok_or_else(|| clap::Error::new(ErrorKind::InvalidUtf8).with_cmd(command))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().map(PossibleValue::new)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgquerylens_engine::limits::Limits;
    use pgquerylens_setup::options::{OPTIONS, value};

    fn help(subcommand: Option<&str>) -> String {
        let mut command = command().term_width(HELP_COLUMNS);
        command.build();
        match subcommand {
            None => command.render_long_help().to_string(),
            Some(name) => command.find_subcommand_mut(name).unwrap().render_long_help().to_string(),
        }
    }

    #[test]
    fn the_command_line_is_what_was_typed_and_no_default() {
        let typed = ["pgquerylens", "poll", "--strict", "--database", "a,b", "--database", "c", "db"];
        let matches = command().try_get_matches_from(typed).unwrap();
        let said = command_line("poll", matches.subcommand_matches("poll").unwrap());
        let said: Vec<_> = said.0.iter().map(|(name, texts)| format!("{name}={}", texts.join("+"))).collect();
        assert_eq!(said, ["connection=db", "database=a,b+c", "strict=true"]);
    }

    #[test]
    fn the_tables_make_a_sound_command_line() {
        command().debug_assert();
    }

    #[test]
    fn every_row_belongs_to_a_subcommand_and_is_unique_there() {
        for spec in SUBCOMMANDS {
            let mut names: Vec<&str> = options_of(spec.name).map(|option| option.name).collect();
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{}", spec.name);
        }
        for option in OPTIONS {
            let is_flag = matches!(option.place, Place::Named(_) | Place::Positional { .. });
            assert_eq!(is_flag, !option.commands.is_empty(), "{}", option.name);
            assert!(is_flag || !option.sections.is_empty(), "{}", option.name);
            let known = |name: &&str| SUBCOMMANDS.iter().any(|spec| spec.name == *name);
            assert!(option.commands.iter().all(known), "{}", option.name);
            let same_kind = |other: &&OptionSpec| other.name != option.name || other.kind == option.kind;
            assert!(OPTIONS.iter().all(|other| same_kind(&other)), "{}", option.name);
        }
    }

    #[test]
    fn every_named_option_has_its_variable() {
        for option in OPTIONS {
            let Some(variable) = option.variable() else { continue };
            let derived = format!("PGQUERYLENS_{}", option.name.replace('-', "_").to_ascii_uppercase());
            assert_eq!(variable, derived);
        }
    }

    #[test]
    fn defaults_can_be_read_and_are_those_of_the_engine() {
        let limits = Limits::default();
        let default = |name| options_of("poll").find(|option| option.name == name).unwrap().default.unwrap();
        for (name, time) in [
            ("deadline", limits.deadline),
            ("connect-timeout", limits.connect_timeout),
            ("statement-timeout", limits.statement_timeout),
            ("lock-timeout", limits.lock_timeout),
            ("idle-in-transaction-timeout", limits.idle_in_transaction_timeout),
            ("minutes-pause", std::time::Duration::from_secs_f64(limits.pauses.minutes_seconds)),
            ("hours-pause", std::time::Duration::from_secs_f64(limits.pauses.hours_seconds)),
            ("text-pause", std::time::Duration::from_secs_f64(limits.text_pause_seconds)),
        ] {
            assert_eq!(value::duration(default(name)), Ok(time), "{name}");
        }
        assert_eq!(value::bytes(default("work-mem")), Ok(u64::from(limits.work_mem_kib) * 1024));
        assert_eq!(value::bytes(default("text-budget")), Ok(limits.text_budget_bytes));
        for option in OPTIONS {
            let Some(default) = option.default else { continue };
            let readable = match option.kind {
                Kind::Duration => value::duration(default).is_ok(),
                Kind::Bytes => value::bytes(default).is_ok(),
                Kind::Count => value::count(default).is_ok(),
                Kind::Choice(words) => words.contains(&default),
                Kind::Flag => value::switch(default).is_ok(),
                Kind::Text => true,
                Kind::Labels | Kind::Secret | Kind::Headers => false,
            };
            assert!(readable, "{}", option.name);
        }
    }

    #[test]
    fn help_fits_and_every_option_explains_itself() {
        for name in [None].into_iter().chain(SUBCOMMANDS.iter().map(|spec| Some(spec.name))) {
            for line in help(name).lines() {
                assert!(line.chars().count() <= HELP_COLUMNS, "{name:?}: {line}");
            }
        }
        for option in OPTIONS {
            assert!(!option.help.is_empty() && !option.help.ends_with('.'), "{}", option.name);
        }
    }

    #[test]
    fn help_teaches() {
        expect_test::expect![[r#"
            Shows what PostgreSQL spends its time on: which statements, since when, and who waits for whom.

            It reads the server's own statistics over one read-only connection, subtracts them between two
            polls, and says how much of the server's work they explain. It needs a role with pg_monitor, and
            pg_stat_statements for statements. PostgreSQL 12 to 18.

            Usage: pgquerylens <COMMAND>

            Commands:
              demo         Starts a throw-away PostgreSQL with a busy shop in it and watches it
              poll         Reads a server once, or again and again, and reports what it did
              agent        Polls servers for ever and sends what it read to OpenTelemetry or as lines of JSON
              config       Shows what the agent would run by and where each value was said; checks and begins
                           its files
              stop         Stops polls, or does without a view or an exporter, from the next poll on
              resume       Takes back what pgquerylens stop wished
              state        Shows what lies under a state's URL, or forgets what one server has there
              discover     Looks which servers of RDS and Aurora there are, and says why one is left out
              check        Looks whether a server, a role and a connection are ready to be polled, and how to
                           mend what is not
              sql          Prints every statement that we may run on a version of PostgreSQL, for approval
              record       Writes down what a server answers, without secrets, to replay or to attach to a bug
                           report
              completions  Prints the completions of a shell
              man          Prints the man pages, or writes them into a folder
              version      Prints the version, and with --verbose what it was built for
              help         Print this message or the help of the given subcommand(s)

            Options:
              -V, --version
                      Print version, with --verbose as a bug report wants it

              -h, --help
                      Print help (see a summary with '-h')

            Where to start:
              pgquerylens demo                                        watch it at work on a throw-away server
              pgquerylens poll postgresql://user@host/db              one look at your own
              pgquerylens poll --every 60s postgresql://user@host/db  minute by minute
              pgquerylens agent --config pgquerylens.yaml             for ever, sent to OpenTelemetry
              pgquerylens sql --pg 16                                 what it would run there, to approve

            Environment:
              Every option can be said there too, --lock-timeout as PGQUERYLENS_LOCK_TIMEOUT; flags win.
              The server is found by PGHOST, PGUSER, PGSERVICE and the other variables of libpq.

            Exit codes:
              0   done; also if the poll was degraded: no pg_stat_statements, rights missing, a view failed
              1   the poll was degraded, under --strict; a check found an error, or under --strict a warning
              64  an option or its value is wrong; all wrong values are listed
              65  a state or recording is damaged, from a newer version or of another server
              66  the recording is not there; for the demo: PostgreSQL is not installed
              69  the server cannot be reached, is starting up, is full, or has a version we do not read
              70  a fault of ours: please report it
              73  a file or folder cannot be made
              74  reading or writing a file went wrong: permission, disk full
              75  another poll used the state, the deadline came first, or a signal: try again
              76  what answered does not speak PostgreSQL's protocol as we know it
              77  the server refused the login: password, role, database or pg_hba.conf
              78  the configuration file or the connection settings are wrong, or a certificate is not trusted
        "#]]
        .assert_eq(&help(None));
    }
}
