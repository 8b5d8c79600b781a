//! What the user said outside of the file, in PGQUERYLENS_* variables and on the command line, by section. It is read once
//! and outlives the command line, so that a reload has it too.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::document::shown;
use super::layer::{Layer, Origin, Setting};
use super::mistake::Mistake;
use super::value::Value;
use crate::options::{Given, OptionSpec, Place, Said as Where, Section, listed, options_in, written};

/// What the user said outside of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Said {
    /// The file.
    pub(super) file: Option<PathBuf>,
    /// About the process.
    pub(super) process: Layer,
    /// About servers; a connection among them calls for one server beside no others.
    pub(super) servers: Layer,
    /// About exporters that speak the OpenTelemetry protocol.
    pub(super) otlp: Layer,
    /// About exporters that write lines of JSON.
    pub(super) jsonl: Layer,
    /// About exporters that write lines for CloudWatch.
    pub(super) emf: Layer,
    /// What cannot be used.
    pub(super) mistakes: Vec<Mistake>,
}

impl Said {
    /// Reads it all; mistakes are told with those of the file.
    pub(super) fn read(
        file: Option<PathBuf>,
        given: &Given<'_>,
        variables: &BTreeMap<String, String>,
    ) -> Said {
        let mut mistakes = Vec::new();
        let mut of = |section| layer(section, given, variables, &mut mistakes);
        let (process, servers) = (of(Section::Process), of(Section::Server).settled());
        let (otlp, jsonl, emf) = (of(Section::Otlp), of(Section::Jsonl), of(Section::Emf));
        mistakes.extend(servers.contradictions());
        Said { file, process, servers, otlp, jsonl, emf, mistakes }
    }
}

fn layer(
    section: Section,
    given: &Given<'_>,
    variables: &BTreeMap<String, String>,
    mistakes: &mut Vec<Mistake>,
) -> Layer {
    let mut layer = Layer::default();
    for option in options_in(section) {
        let Some((said, texts)) = spoken(option, given, variables) else { continue };
        let text = if option.may_hold_secret() { "…".to_owned() } else { shown(&texts.join(",")) };
        let written = written(option, said, &text);
        match value(option, texts) {
            Ok(value) => {
                layer.0.insert(option.key(), Setting { value, origin: origin(option, said), written });
            }
            Err(instead) => mistakes.push(Mistake::outside(written, instead)),
        }
    }
    layer
}

fn spoken(
    option: &OptionSpec,
    given: &Given<'_>,
    variables: &BTreeMap<String, String>,
) -> Option<(Where, Vec<String>)> {
    match option.place {
        Place::Named(_) => given.spoken(option),
        Place::Variable => {
            let text = variables.get(&option.variable()?).filter(|text| !text.is_empty())?;
            let texts = if option.repeatable { listed(text) } else { vec![text.clone()] };
            Some((Where::Environment, texts))
        }
        Place::Positional { .. } | Place::File => None,
    }
}

fn value(option: &OptionSpec, texts: Vec<String>) -> Result<Value, String> {
    match (option.repeatable, texts.first()) {
        (true, _) => Ok(Value::Texts(texts)),
        (false, Some(text)) => Value::read(option.kind, text),
        (false, None) => Err("it has no value".to_owned()),
    }
}

fn origin(option: &OptionSpec, said: Where) -> Origin {
    match (said, option.variable()) {
        (Where::Environment, Some(variable)) => Origin::Variable(variable),
        _ => Origin::CommandLine(option.written()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::options_of;

    #[test]
    fn every_flag_of_a_section_is_one_of_both_subcommands() {
        for option in Section::ALL.into_iter().flat_map(options_in) {
            let is_flag = matches!(option.place, Place::Named(_));
            for subcommand in ["agent", "config"] {
                let has =
                    options_of(subcommand).any(|own| own.name == option.name && own.place == option.place);
                assert_eq!(has, is_flag, "{subcommand} {}", option.name);
            }
        }
    }
}
