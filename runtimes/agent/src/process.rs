//! What the process was started with. The one place that reads the environment and looks at the terminal.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use anstream::{AutoStream, ColorChoice};
use pgquerylens_engine::conninfo::Environment;
use pgquerylens_setup::config::secret_source::SecretAccess;
use terminal_size::{Height, Width, terminal_size_of};

/// What the process was started with.
#[derive(Clone)]
pub(crate) struct Process {
    /// The arguments, the program's name first.
    pub(crate) arguments: Vec<OsString>,
    /// The environment, the home directory and the user.
    pub(crate) environment: Environment,
    /// What secrets are read with, and who we are at AWS.
    pub(crate) secrets: SecretAccess,
    /// The name of the machine.
    pub(crate) hostname: Option<String>,
    /// The terminal that the standard output is, if it is one.
    pub(crate) terminal: Option<Terminal>,
    /// Whether there is somebody to ask: both ends are a terminal.
    pub(crate) may_ask: bool,
    /// Whether colours go well with the standard output, after what NO_COLOR and CLICOLOR say.
    pub(crate) colour: bool,
}

/// The size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terminal {
    /// Columns.
    pub(crate) width: usize,
    /// Lines.
    pub(crate) height: usize,
}

impl Process {
    /// Looks at the process.
    pub(crate) fn look() -> Process {
        let variables = variables();
        let variable = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
        let home = variable("HOME").map(PathBuf::from);
        let user = account().or_else(|| variable("USER")).or_else(|| variable("LOGNAME"));
        let environment = Environment { variables, home, user };
        Process {
            arguments: env::args_os().collect(),
            hostname: hostname(),
            terminal: terminal(),
            may_ask: io::stdin().is_terminal() && io::stdout().is_terminal(),
            colour: AutoStream::choice(&io::stdout()) != ColorChoice::Never,
            secrets: SecretAccess::of(&environment),
            environment,
        }
    }
}

/// The variables that are text; libpq's and ours are.
fn variables() -> BTreeMap<String, String> {
    env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn hostname() -> Option<String> {
    let name = rustix::system::uname().nodename().to_str().ok()?.to_owned();
    (!name.is_empty()).then_some(name)
}

fn terminal() -> Option<Terminal> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let (Width(width), Height(height)) = terminal_size_of(&stdout).unwrap_or((Width(80), Height(24)));
    Some(Terminal { width: width.into(), height: height.into() })
}

/// Returns the name of the account that we run under, which libpq takes for the role where none is named.
fn account() -> Option<String> {
    let accounts = fs::read_to_string("/etc/passwd").ok()?;
    name_of(rustix::process::geteuid().as_raw(), &accounts)
}

fn name_of(id: u32, accounts: &str) -> Option<String> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(id)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn the_account_is_found_by_its_number() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbroken\n";
        assert_eq!(name_of(1_000, accounts).as_deref(), Some("ann"));
        assert_eq!(name_of(7, accounts), None);
    }
}
