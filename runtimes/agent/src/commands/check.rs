//! `check`: looks whether a server, a role and a connection are as a poll needs them, and shows what mends the rest.

use pgquerylens_engine::check::{self, CheckOptions, Checked};
use pgquerylens_engine::conninfo::Host;
use pgquerylens_model::capabilities::Provider;
use pgquerylens_model::check::Level;
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::options::Given;

use super::settings;
use crate::check_document::check_document;
use crate::output;
use crate::process::Process;
use crate::report::render_check;

/// Runs the subcommand.
pub(super) async fn run(mut given: Given<'_>, process: &Process) -> Result<Exit, Failure> {
    let connection = given.text("connection");
    let login = settings::login(&mut given);
    let limits = settings::session_limits(&mut given);
    let said = given.said("connect-timeout");
    let provider = given.choice("provider").and_then(provider);
    let is_json = given.choice("format") == Some("json");
    let look = settings::look(&mut given, process);
    let strict = given.flag("strict");
    let (is_bootstrap, is_undo) = (given.flag("bootstrap-sql"), given.flag("undo"));
    if is_undo && !is_bootstrap {
        given.mistake("--undo", "it is of --bootstrap-sql: write both");
    }
    given.finish()?;
    if is_bootstrap {
        output::write(bootstrap(provider.unwrap_or(Provider::SelfManaged), is_undo))?;
        return Ok(Exit::Done);
    }

    let target = settings::target(connection.as_deref(), process)?;
    let limits = settings::with_timeout_of(&target, limits, said);
    let is_local = target.hosts.iter().all(Host::is_local);
    let options = CheckOptions { limits: limits.clone(), provider, is_local };
    let address = target.address();
    let checked =
        check::run(&mut login.live(target, limits, &process.secrets.sessions), &address, &options).await;
    let text = match is_json {
        true => format!("{}\n", check_document(&checked.report)),
        false => render_check(&checked.report, &look),
    };
    output::write(&text)?;
    Ok(exit_of(checked, strict))
}

/// Returns the SQL that makes the monitoring role, or takes it away.
fn bootstrap(provider: Provider, is_undo: bool) -> &'static str {
    match provider {
        _ if is_undo => include_str!("../../../../docs/sql/monitoring-role-undo.sql"),
        Provider::SelfManaged => include_str!("../../../../docs/sql/monitoring-role.sql"),
        Provider::Rds | Provider::Aurora => include_str!("../../../../docs/sql/monitoring-role-rds.sql"),
        Provider::CloudSql | Provider::AlloyDb => {
            include_str!("../../../../docs/sql/monitoring-role-cloud-sql.sql")
        }
        Provider::Azure => include_str!("../../../../docs/sql/monitoring-role-azure.sql"),
    }
}

fn provider(name: &str) -> Option<Provider> {
    Provider::ALL.into_iter().find(|provider| provider.name() == name)
}

/// A server that could not be asked has the code that a poll would have had.
fn exit_of(checked: Checked, strict: bool) -> Exit {
    match (checked.failure, checked.report.level()) {
        (Some(failure), _) => Failure::from(failure).exit,
        (None, Level::Error) => Exit::Degraded,
        (None, Level::Warning) if strict => Exit::Degraded,
        (None, Level::Warning | Level::Ok) => Exit::Done,
    }
}

#[cfg(test)]
mod tests {
    use pgquerylens_engine::poll::PollFailure;
    use pgquerylens_engine::source::ReadError;
    use pgquerylens_model::check::{Aspect, CheckReport};

    use super::*;

    fn checked(level: Level, failure: Option<PollFailure>) -> Checked {
        let aspect = Aspect { id: "id", title: "title", level, found: String::new(), mend: None };
        let report =
            CheckReport { target: String::new(), provider: None, version: None, aspects: vec![aspect] };
        Checked { report, failure }
    }

    #[test]
    fn errors_fail_and_warnings_only_under_strict() {
        for (level, strict, code) in [
            (Level::Ok, true, 0),
            (Level::Warning, false, 0),
            (Level::Warning, true, 1),
            (Level::Error, false, 1),
        ] {
            assert_eq!(exit_of(checked(level, None), strict).code(), code, "{level:?}");
        }
        let denied = Some(PollFailure::Probe(ReadError::Denied));
        assert_eq!(exit_of(checked(Level::Error, denied), false).code(), 77);
    }
}
