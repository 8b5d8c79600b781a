//! The options of a function as those have them who deploy it: variables of a Terraform module, properties of a CDK
//! construct. Both are made of the table, so that neither can lag behind it.

mod cdk;
mod terraform;

pub use cdk::{cdk_options, cdk_server_options};
pub use terraform::terraform_options;

use super::{Kind, OPTIONS, OptionSpec, Section, options_in};

/// The sections that concern a function.
const SECTIONS: [Section; 5] =
    [Section::Process, Section::Defaults, Section::Server, Section::Otlp, Section::Emf];

/// Options that are not said by whoever deploys a function, each with why.
const LEFT_OUT: [(&str, &str); 14] = [
    ("aws-external-id", "it differs from account to account"),
    ("aws-instance", "it differs from server to server"),
    ("aws-role", "it differs from account to account"),
    ("connection", "a function gets its servers with an event"),
    ("listen", "a function has no port"),
    ("shutdown-grace", "a function is not asked to end"),
    ("state", "it follows from the bucket"),
    ("state-lease", "an advisory lock on the server does it"),
    ("otlp-headers-secret", "it follows from the secret that may be read"),
    ("telemetry-endpoint", "a function tells of its own work in its log"),
    ("telemetry-protocol", "as telemetry-endpoint"),
    ("telemetry-interval", "as telemetry-endpoint"),
    ("telemetry-certificate", "as telemetry-endpoint"),
    ("cluster", "it differs from server to server"),
];

/// What holds in a function where nothing is said, if it is not what holds elsewhere.
const USUAL: [(&str, &str); 3] = [("auth", "rds-iam"), ("log-format", "json"), ("single-flight", "true")];

/// Keys of a server that are no options of a target in the construct, each with why.
const SAID_BY_A_TARGET: [(&str, &str); 3] = [
    ("connection", "a target is made from it, or from a database of the app"),
    ("name", "it stands beside what is granted"),
    ("password", "it follows from the secret or parameter that may be read"),
];

/// One option as it is deployed.
#[derive(Debug)]
struct Deployed {
    option: &'static OptionSpec,
    /// The variable of the environment that says it: ours, or one that others defined.
    variable: String,
}

impl Deployed {
    /// Returns the name, with what it belongs to where that is not plain: words with hyphens.
    fn name(&self) -> String {
        let key = self.option.key();
        match self.option.sections {
            [section] => match section.kind() {
                Some(kind) if !key.starts_with(kind) => format!("{kind}-{key}"),
                _ => key.to_owned(),
            },
            _ => key.to_owned(),
        }
    }

    fn default(&self) -> Option<&'static str> {
        let usual = USUAL.iter().find(|(name, _)| *name == self.option.name).map(|(_, value)| *value);
        usual.or(self.option.default)
    }

    /// Returns what it is for, in sentences.
    fn about(&self) -> String {
        format!("{}.", self.option.help)
    }
}

/// Returns what is deployed, by name.
fn deployed() -> Vec<Deployed> {
    let concerns = |option: &&OptionSpec| option.sections.iter().any(|section| SECTIONS.contains(section));
    let is_left_out = |option: &OptionSpec| LEFT_OUT.iter().any(|(name, _)| *name == option.name);
    let is_secret = |option: &OptionSpec| matches!(option.kind, Kind::Secret | Kind::Headers);
    let options = OPTIONS.iter().filter(concerns).filter(|option| !is_left_out(option) && !is_secret(option));
    let mut deployed: Vec<Deployed> = options
        .filter_map(|option| {
            let variable = option.variable().or_else(|| option.standard.map(str::to_owned))?;
            Some(Deployed { option, variable })
        })
        .collect();
    deployed.sort_by_key(Deployed::name);
    deployed
}

/// Returns the options of one server among others, by key.
fn of_a_target() -> Vec<&'static OptionSpec> {
    let is_said = |option: &&OptionSpec| SAID_BY_A_TARGET.iter().any(|(key, _)| *key == option.key());
    let mut options: Vec<_> = options_in(Section::Server).filter(|option| !is_said(option)).collect();
    options.sort_by_key(|option| option.key());
    options
}

#[cfg(test)]
mod tests;
