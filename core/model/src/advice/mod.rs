//! What mends a server that does not show us what it could, in the provider's own words. Reports and `check` take
//! the same sentences from here, so that each stands in one place; when they apply is decided there.

mod identifier;
mod provider;

use crate::capabilities::Provider;
use crate::version::{ExtensionVersion, ServerVersion, statements_version_of};
use crate::views::statements;

pub use self::identifier::quoted;
pub use self::provider::{Apply, Setting, past_rds_proxy};

/// What is so, and what mends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// One sentence, without a full stop.
    pub found: String,
    /// What mends it.
    pub mend: Mend,
}

/// What somebody with the rights for it has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mend {
    /// Who does it and where, as a phrase that the SQL or the command follows.
    pub steps: String,
    /// The SQL, ready to be run.
    pub sql: Option<String>,
    /// The command line of the provider; what stands in capitals is for the reader to fill in.
    pub command: Option<String>,
    /// Whether it takes effect only after a restart of the server.
    pub needs_restart: bool,
}

impl Mend {
    /// Returns a mend that is nothing but words.
    pub fn of_steps(steps: impl Into<String>) -> Mend {
        Mend { steps: steps.into(), sql: None, command: None, needs_restart: false }
    }

    /// Returns SQL that is run by whoever may, on the primary where it changes a catalog.
    pub fn of_sql(place: Place, sql: impl Into<String>) -> Mend {
        Mend { steps: place.who_runs_sql(), sql: Some(sql.into()), command: None, needs_restart: false }
    }

    /// Returns the shortest line that is still enough to act on.
    pub fn brief(&self) -> String {
        match &self.sql {
            None => self.steps.clone(),
            Some(sql) if self.needs_restart => format!("{sql} then restart the server"),
            Some(sql) => sql.clone(),
        }
    }
}

/// Where SQL would be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Who runs the server.
    pub provider: Provider,
    /// Whether we look at a standby, whose catalogs change on its primary.
    pub in_recovery: bool,
}

impl Place {
    fn who_runs_sql(self) -> String {
        let on_primary = if self.in_recovery { "on the primary, " } else { "" };
        format!("{on_primary}as {} run", self.provider.administrator())
    }
}

/// The server is newer than every major we know; nothing if it is not.
pub fn newer_than_known(server: ServerVersion) -> Option<Advice> {
    let read_as = server.read_as().filter(|read_as| *read_as < server.major())?;
    Some(Advice {
        found: format!(
            "PostgreSQL {server} is newer than {read_as}, the newest version that is known here: the figures are \
             those of the columns of {read_as}"
        ),
        mend: Mend::of_steps("look for a newer pgquerylens"),
    })
}

/// pg_stat_statements is not created in the connected database.
pub fn statements_not_created(place: Place, database: &str) -> Advice {
    let mut mend = Mend::of_sql(place, "create extension pg_stat_statements;");
    if place.provider == Provider::Azure {
        mend.steps =
            format!("allow pg_stat_statements in the server parameter azure.extensions, then {}", mend.steps);
        mend.command =
            Some(provider::azure_command("azure.extensions", "ALREADY,ALLOWED,pg_stat_statements"));
    }
    Advice {
        found: format!(
            "the database {database:?} does not have the extension pg_stat_statements: no statements are shown"
        ),
        mend,
    }
}

/// pg_stat_statements is not loaded at server start. `libraries` is the present list, if we may know it.
pub fn statements_not_preloaded(provider: Provider, libraries: Option<&str>) -> Advice {
    Advice {
        found: "pg_stat_statements is not in shared_preload_libraries: the server records no statements"
            .to_owned(),
        mend: provider::preload(provider, libraries),
    }
}

/// The role may not look names up in the schema of pg_stat_statements.
pub fn statements_schema_closed(place: Place, schema: &str, role: &str) -> Advice {
    Advice {
        found: format!(
            "the role {role:?} may not use the schema {schema:?} of pg_stat_statements: no statements are shown"
        ),
        mend: Mend::of_sql(place, format!("grant usage on schema {} to {};", quoted(schema), quoted(role))),
    }
}

/// The role sees its own sessions and statements only.
pub fn only_own_activity(place: Place, role: &str) -> Advice {
    Advice {
        found: format!("the role {role:?} sees only its own statements and sessions"),
        mend: Mend::of_sql(place, format!("grant pg_monitor to {};", quoted(role))),
    }
}

/// compute_query_id is off.
pub fn query_ids_off(provider: Provider) -> Advice {
    Advice {
        found: "compute_query_id is off: pg_stat_statements records nothing".to_owned(),
        mend: Setting { name: "compute_query_id", value: "auto", apply: Apply::Reload }.mend(provider),
    }
}

/// track_io_timing is off.
pub fn io_timing_off(provider: Provider) -> Advice {
    Advice {
        found: "track_io_timing is off: I/O times are not measured".to_owned(),
        mend: Setting { name: "track_io_timing", value: "on", apply: Apply::Reload }.mend(provider),
    }
}

/// The extension was created under an older server and not updated since; nothing if it is up to date.
pub fn statements_outdated(
    place: Place,
    installed: ExtensionVersion,
    server: ServerVersion,
) -> Option<Advice> {
    let offered = statements_version_of(server.major())?;
    let lacking = match is_read(installed) {
        true => "newer columns are missing",
        false => "it is too old to be read and no statements are shown",
    };
    (installed < offered).then(|| Advice {
        found: format!("pg_stat_statements is {installed}, the server offers {offered}: {lacking}"),
        mend: Mend::of_sql(place, "alter extension pg_stat_statements update;"),
    })
}

/// Tells whether there is a statement for this version of the extension.
fn is_read(installed: ExtensionVersion) -> bool {
    statements::VIEW.statement_for(installed.minor).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place = Place { provider: Provider::SelfManaged, in_recovery: false };

    #[test]
    fn names_are_quoted_in_sql_and_escaped_in_words() {
        let advice = only_own_activity(HERE, "Robert\"); drop\n");
        assert_eq!(advice.found, r#"the role "Robert\"); drop\n" sees only its own statements and sessions"#);
        assert_eq!(advice.mend.brief(), r#"grant pg_monitor to U&"Robert""); drop\000a";"#);
    }

    #[test]
    fn a_catalog_is_mended_on_the_primary_by_the_providers_administrator() {
        let place = Place { provider: Provider::Rds, in_recovery: true };
        assert_eq!(
            statements_not_created(place, "shop").mend.steps,
            "on the primary, as a member of rds_superuser run"
        );
    }

    #[test]
    fn a_restart_is_part_of_the_brief_line() {
        let mend = statements_not_preloaded(Provider::SelfManaged, Some("auto_explain")).mend;
        assert_eq!(
            mend.brief(),
            "alter system set shared_preload_libraries = 'auto_explain', 'pg_stat_statements'; \
             then restart the server"
        );
    }

    #[test]
    fn an_extension_is_old_by_the_servers_major() {
        let advice = |major: u32, minor: u16| {
            statements_outdated(HERE, ExtensionVersion { major: 1, minor }, ServerVersion(major * 10_000))
                .is_some()
        };
        assert!(advice(18, 11) && advice(14, 8));
        assert!(!advice(18, 12) && !advice(12, 7) && !advice(16, 10));
    }
}
