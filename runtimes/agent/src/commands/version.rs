//! `version`: what this is, and with `--verbose` what it was built for, as a bug report wants it.

use pgquerylens_aws::trust;
use pgquerylens_engine::source::recording;
use pgquerylens_engine::state::codec::Stored;
use pgquerylens_engine::state::contents::State;
use pgquerylens_export::document;
use pgquerylens_model::version::{SUPPORTED_MAJORS, statements_version_of};
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::options::Given;

use crate::output;

/// Runs the subcommand.
pub(super) fn run(mut given: Given<'_>) -> Result<Exit, Failure> {
    let verbose = given.flag("verbose");
    given.finish()?;
    show(verbose)
}

/// Shows it, as `--version` does, too.
pub(super) fn show(verbose: bool) -> Result<Exit, Failure> {
    output::write(&if verbose { long() } else { short() })?;
    Ok(Exit::Done)
}

fn short() -> String {
    format!("pgquerylens {}\n", env!("CARGO_PKG_VERSION"))
}

fn long() -> String {
    let (oldest, newest) = (SUPPORTED_MAJORS.start(), SUPPORTED_MAJORS.end());
    let extension =
        |major: u16| statements_version_of(major).map(|version| version.to_string()).unwrap_or_default();
    let lines = [
        ("system", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
        ("build", if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned()),
        ("PostgreSQL", format!("{oldest} to {newest}")),
        ("pg_stat_statements", format!("{} to {}", extension(*oldest), extension(*newest))),
        ("authorities of RDS", format!("the newest of {}", trust::newest())),
        ("document", document::SCHEMA.to_owned()),
        ("state format", State::FORMAT.to_string()),
        ("recording format", recording::FORMAT.to_string()),
    ];
    short() + &lines.map(|(name, value)| format!("{name:20}{value}\n")).concat()
}
