//! What a server lets us read: its version, its extension, our rights and its switches. Which SQL fits is a pure
//! function of this.

use serde::{Deserialize, Serialize};

use crate::version::{ExtensionVersion, ServerVersion};
use crate::view::{Column, MeasuredIf, Requirement, VersionedBy, View};

/// Everything that decides what can be read, found by the probe of each poll.
#[derive(Clone, Debug, PartialEq)]
pub struct Capabilities {
    /// `server_version_num`.
    pub version: ServerVersion,
    /// Who runs the server.
    pub provider: Provider,
    /// Whether the server is in recovery.
    pub in_recovery: bool,
    /// pg_stat_statements in the connected database.
    pub statements: Option<StatementsExtension>,
    /// What our role may see.
    pub rights: Rights,
    /// Switches that decide whether a counter means anything.
    pub switches: Switches,
    /// Functions of Aurora that are there.
    pub aurora: Vec<AuroraFunction>,
}

/// A function of Amazon Aurora that tells what PostgreSQL does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuroraFunction {
    /// `aurora_replica_status()`
    ReplicaStatus,
    /// `aurora_stat_statements(boolean)`, where it tells storage from cache.
    Statements,
    /// `aurora_stat_system_waits()`
    SystemWaits,
}

impl AuroraFunction {
    /// All of them.
    pub const ALL: [AuroraFunction; 3] =
        [AuroraFunction::ReplicaStatus, AuroraFunction::Statements, AuroraFunction::SystemWaits];

    /// Returns its name.
    pub const fn name(self) -> &'static str {
        match self {
            AuroraFunction::ReplicaStatus => "aurora_replica_status",
            AuroraFunction::Statements => "aurora_stat_statements",
            AuroraFunction::SystemWaits => "aurora_stat_system_waits",
        }
    }
}

/// pg_stat_statements as one database has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementsExtension {
    /// The schema it was created in.
    pub schema: String,
    /// `extversion`, which may be older than the server's.
    pub version: ExtensionVersion,
    /// Whether the library is in shared_preload_libraries, as far as we may know.
    pub preloaded: Option<bool>,
}

/// What our role may see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// The role's name.
    pub role: String,
    /// The role is a superuser: more than it needs.
    pub superuser: bool,
    /// Has the privileges of pg_read_all_stats (pg_monitor has).
    pub read_all_stats: bool,
    /// Has the privileges of pg_read_all_settings (pg_monitor has).
    pub read_all_settings: bool,
}

/// The switches behind [`MeasuredIf`]; `None` where the server does not have or does not tell the setting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switches {
    /// `track_io_timing`.
    pub track_io_timing: Option<bool>,
    /// `track_wal_io_timing`, 14 and later.
    pub track_wal_io_timing: Option<bool>,
    /// `pg_stat_statements.track_planning`, 13 and later.
    pub track_planning: Option<bool>,
    /// `track_functions` is not `none`.
    pub track_functions: Option<bool>,
    /// `compute_query_id`, 14 and later: `auto`, `on`, `off`, `regress`.
    pub compute_query_id: Option<String>,
    /// `pg_stat_statements.max`.
    pub statements_max: Option<i64>,
}

/// Who runs the server, found from the settings that each of them plants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// Nobody but its owner.
    #[default]
    SelfManaged,
    /// Amazon RDS.
    Rds,
    /// Amazon Aurora.
    Aurora,
    /// Google Cloud SQL.
    CloudSql,
    /// Google AlloyDB.
    AlloyDb,
    /// Azure Database for PostgreSQL.
    Azure,
}

impl Provider {
    /// All of them, with the names that options and documents use.
    pub const ALL: [Provider; 6] = [
        Provider::SelfManaged,
        Provider::Rds,
        Provider::Aurora,
        Provider::CloudSql,
        Provider::AlloyDb,
        Provider::Azure,
    ];

    /// Returns the name that options and documents use.
    pub const fn name(self) -> &'static str {
        match self {
            Provider::SelfManaged => "self-managed",
            Provider::Rds => "rds",
            Provider::Aurora => "aurora",
            Provider::CloudSql => "cloud-sql",
            Provider::AlloyDb => "alloydb",
            Provider::Azure => "azure",
        }
    }
}

/// Databases that belong to a provider and not to its customer.
pub const PROVIDER_DATABASES: [&str; 7] = [
    "rdsadmin",
    "cloudsqladmin",
    "azure_sys",
    "azure_maintenance",
    "alloydbadmin",
    "alloydbmetadata",
    "alloydbreplica",
];

/// Roles that belong to a provider and not to its customer.
pub const PROVIDER_ROLES: [&str; 6] =
    ["rdsadmin", "cloudsqladmin", "cloudsqlreplica", "azuresu", "azure_superuser", "alloydbadmin"];

/// Why a view is not read here. Each is reported; none becomes an empty result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRead {
    /// The version has no such view; the number is the first that does.
    SinceVersion(u16),
    /// Only a server in recovery has it.
    OnlyInRecovery,
    /// Only a server that takes writes has it.
    OnlyOnPrimary,
    /// pg_stat_statements is not created in the connected database.
    NoStatements,
    /// Only Amazon Aurora has it.
    OnlyOnAurora,
    /// Somebody switched it off.
    SwitchedOff,
}

impl Capabilities {
    /// Returns the version that the view counts in, or nothing without the extension.
    pub fn version_for(&self, view: &View) -> Option<u16> {
        match view.versioned_by {
            VersionedBy::Server => self.version.read_as(),
            VersionedBy::Statements => self.statements.as_ref().map(|extension| match extension.version {
                ExtensionVersion { major: 1, minor } => minor,
                ExtensionVersion { major: 0, .. } => 0,
                ExtensionVersion { .. } => u16::MAX,
            }),
        }
    }

    /// Returns the statement that reads the view here, or why there is none.
    pub fn statement_for(&self, view: &View) -> Result<&'static str, NotRead> {
        for requirement in view.requires {
            match requirement {
                Requirement::Recovery if !self.in_recovery => return Err(NotRead::OnlyInRecovery),
                Requirement::Primary if self.in_recovery => return Err(NotRead::OnlyOnPrimary),
                Requirement::Statements if self.statements.is_none() => return Err(NotRead::NoStatements),
                Requirement::Aurora(function) if !self.aurora.contains(function) => {
                    return Err(NotRead::OnlyOnAurora);
                }
                _ => {}
            }
        }
        let version = self.version_for(view).ok_or(NotRead::NoStatements)?;
        if self.aurora.contains(&AuroraFunction::Statements)
            && let Some(sql) = view.aurora_statement_for(version)
        {
            return Ok(sql);
        }
        let first = view.statements.first().map_or(0, |statement| statement.since);
        view.statement_for(version).ok_or(NotRead::SinceVersion(first))
    }

    /// Tells whether the column's values mean something with the server's switches as they are.
    pub fn measures(&self, column: &Column) -> bool {
        let switch = match column.measured_if {
            None => return true,
            Some(MeasuredIf::TrackIoTiming) => self.switches.track_io_timing,
            Some(MeasuredIf::TrackWalIoTiming) => self.switches.track_wal_io_timing,
            Some(MeasuredIf::TrackPlanning) => self.switches.track_planning,
            Some(MeasuredIf::TrackFunctions) => self.switches.track_functions,
        };
        switch != Some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views;

    #[test]
    fn statement_columns_follow_the_extension_and_not_the_server() {
        let capabilities = Capabilities {
            version: ServerVersion(180_004),
            provider: Provider::SelfManaged,
            in_recovery: false,
            statements: Some(StatementsExtension {
                schema: "public".into(),
                version: ExtensionVersion { major: 1, minor: 8 },
                preloaded: None,
            }),
            rights: Rights::default(),
            switches: Switches::default(),
            aurora: Vec::new(),
        };
        let sql = |capabilities: &Capabilities| capabilities.statement_for(&views::statements::VIEW).unwrap();
        let plain = sql(&capabilities);
        assert!(plain.contains("wal_bytes") && !plain.contains("toplevel"));
        let on_aurora = Capabilities { aurora: vec![AuroraFunction::Statements], ..capabilities.clone() };
        assert_eq!(sql(&on_aurora), plain, "Aurora's function is newer than this version");
        let mut newer = on_aurora;
        newer.statements.as_mut().unwrap().version.minor = 9;
        assert!(sql(&newer).contains("aurora_stat_statements(false)"));
        newer.aurora.clear();
        assert!(sql(&newer).contains("pg_stat_statements(false)") && !sql(&newer).contains("aurora"));
    }
}
