//! `sql`: every statement that we may run on a version of PostgreSQL, so that it can be approved beforehand.

mod page;
mod provider;
mod statements;

use pgquerylens_model::capabilities::Provider;
use pgquerylens_model::version::{ExtensionVersion, SUPPORTED_MAJORS, statements_version_of};
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::options::Given;

use crate::output;

/// The server that is asked about.
#[derive(Clone, Copy, Debug)]
struct Server {
    major: u16,
    provider: Provider,
    extension: ExtensionVersion,
}

/// The oldest version of pg_stat_statements that we read: that of PostgreSQL 12.
const OLDEST_EXTENSION: ExtensionVersion = ExtensionVersion { major: 1, minor: 7 };

/// Runs the subcommand.
pub(super) fn run(mut given: Given<'_>) -> Result<Exit, Failure> {
    let major = major(&mut given);
    let extension = extension(&mut given, major);
    let name = given.choice("provider").unwrap_or_default();
    let provider = Provider::ALL.into_iter().find(|provider| provider.name() == name).unwrap_or_default();
    let is_json = given.choice("format") == Some("json");
    given.finish()?;
    let server = Server { major, provider, extension };
    output::write(&if is_json { page::json(&server) } else { page::sql(&server) })?;
    Ok(Exit::Done)
}

fn major(given: &mut Given<'_>) -> u16 {
    let newest = *SUPPORTED_MAJORS.end();
    let instead =
        format!("write a major version from {} to {newest}, such as --pg 16", SUPPORTED_MAJORS.start());
    let Some(text) = given.text("pg") else {
        given.mistake("--pg is missing", instead);
        return newest;
    };
    match text.parse() {
        Ok(major) if SUPPORTED_MAJORS.contains(&major) => major,
        _ => {
            given.mistake(format!("--pg {text}"), instead);
            newest
        }
    }
}

fn extension(given: &mut Given<'_>, major: u16) -> ExtensionVersion {
    let newest = statements_version_of(major).unwrap_or(OLDEST_EXTENSION);
    let Some(text) = given.text("statements-version") else { return newest };
    match ExtensionVersion::parse(&text) {
        Some(version) if (OLDEST_EXTENSION..=newest).contains(&version) => version,
        _ => {
            let range = format!("PostgreSQL {major} can have {OLDEST_EXTENSION} to {newest}");
            given.mistake(format!("--statements-version {text}"), range);
            newest
        }
    }
}
