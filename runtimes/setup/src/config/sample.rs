//! A file to begin with: every option with its default, or an example, and one sentence. What must be said is said, all
//! else is behind a comment sign.

use crate::options::{Kind, OptionSpec, Section, options_in};

const HEAD: &str = "\
# What `pgquerylens agent --config FILE` runs by; `pgquerylens config check FILE` looks for mistakes in it.
# A key behind #, without a blank, shows the default or an example. A value may hold variables of the
# environment: ${NAME}, ${NAME:-default}, and $$ for a dollar sign. docs/configuration.md explains the rest.

";

/// What is written without a comment sign: a file without it would not be sound.
const SAID: [&str; 3] = ["connection", "kind", "endpoint"];

/// Returns the file, as YAML.
pub fn sample() -> String {
    let mut text = HEAD.to_owned();
    text.push_str(&keys(Section::Process, "", |_| true));
    text.push_str("\n# What holds for every server that does not say otherwise.\ndefaults:\n");
    text.push_str(&keys(Section::Defaults, "  ", |_| true));
    text.push_str("\n# The servers. Each may say every key of the defaults for itself.\nservers:\n");
    let of_defaults = |key: &str| options_in(Section::Defaults).any(|option| option.key() == key);
    text.push_str(&item(&keys(Section::Server, "    ", |option| !of_defaults(option.key()))));
    text.push_str(
        "\n# Where it is sent. Each server sends to all exporters, or to those that it names.\nexporters:\n",
    );
    text.push_str(&item(&keys(Section::Otlp, "    ", |_| true)));
    for section in [Section::Jsonl, Section::Emf] {
        text.push_str(&commented(&item(&keys(section, "    ", |_| true))));
    }
    text
}

fn keys(section: Section, indent: &str, shown: impl Fn(&OptionSpec) -> bool) -> String {
    let options = options_in(section).filter(|option| shown(option));
    options.map(|option| key(option, section, indent)).collect()
}

fn key(option: &OptionSpec, section: Section, indent: &str) -> String {
    let sign = if SAID.contains(&option.key()) { "" } else { "#" };
    format!("{indent}# {}.\n{indent}{sign}{}: {}\n", option.help, option.key(), example(option, section))
}

fn example(option: &OptionSpec, section: Section) -> &'static str {
    match (option.key(), section, option.default) {
        ("kind", Section::Jsonl, _) => "jsonl",
        ("name", Section::Jsonl, _) => "lines",
        ("kind", Section::Emf, _) => "emf",
        ("name", Section::Emf, _) => "cloudwatch",
        // A dash alone begins a list in YAML.
        (_, _, Some("-")) => "'-'",
        (_, _, Some(default)) => default,
        (_, _, None) if option.kind == Kind::Flag => "false",
        (_, _, None) => option.sample,
    }
}

/// Returns keys as one entry of a list: the first key that is said comes first, with the dash.
fn item(keys: &str) -> String {
    let lines: Vec<&str> = keys.lines().collect();
    let said = lines.iter().position(|line| !line.trim_start().starts_with('#')).unwrap_or(0);
    let comment = said.saturating_sub(1);
    let first = format!("{}\n  - {}\n", lines[comment].replacen("    ", "  ", 1), lines[said].trim_start());
    let rest = lines.iter().enumerate().filter(|(index, _)| *index != comment && *index != said);
    first + &rest.map(|(_, line)| format!("{line}\n")).collect::<String>()
}

/// Puts a whole entry behind comment signs, so that taking them away leaves a sound one.
fn commented(text: &str) -> String {
    let line = |line: &str| match line.trim_start().starts_with('#') {
        true => format!("{line}\n"),
        false => format!("{}#{}\n", &line[..2], &line[2..]),
    };
    text.lines().map(line).collect()
}
