//! The probe: the first statement of every poll. It tells which server this is, what we may see, what the server
//! measures and whether the session's settings arrived, and so decides what else is read.

use crate::capabilities::{AuroraFunction, Capabilities, Provider, Rights, StatementsExtension, Switches};
use crate::identity::{Identity, Visibility};
use crate::rows::Rows;
use crate::time::Timestamp;
use crate::unit::Unit;
use crate::version::{ExtensionVersion, ServerVersion};
use crate::view::{Needs, Reading, Statement, View, flag, gauge, label, label_int, time};

/// The probe as a view of one row, so that recordings hold it like any other.
pub const PROBE: View = View {
    name: "pgquerylens_probe",
    about: "Which server this is, what our role may see, and what the server measures",
    columns: &[
        label_int("server_version_num"),
        time("read_at"),
        time("postmaster_start"),
        time("statistics_since"),
        flag("in_recovery"),
        label_int("pid"),
        label_int("database_oid"),
        label("database_name"),
        label("server_encoding"),
        gauge("block_size", Unit::Bytes),
        gauge("max_connections", Unit::Count),
        label("role_name"),
        flag("is_superuser"),
        flag("can_create_role"),
        flag("can_create_database"),
        flag("can_replicate"),
        flag("bypasses_rls"),
        flag("read_all_stats"),
        flag("read_all_settings"),
        flag("is_monitor"),
        label("statements_schema"),
        label("statements_version"),
        gauge("statements_max", Unit::Count),
        label("statements_track"),
        flag("track_planning"),
        flag("track_io_timing"),
        flag("track_wal_io_timing"),
        flag("track_functions"),
        label("compute_query_id"),
        label("track_activity_query_size"),
        label("shared_preload_libraries"),
        label("provider"),
        label("aurora_functions"),
        label("search_path"),
        label("transaction_read_only"),
        label("statement_timeout"),
        label("lock_timeout"),
        flag("progress_vacuum"),
        flag("progress_create_index"),
        flag("progress_cluster"),
        flag("progress_analyze").since(13),
        flag("progress_basebackup").since(13),
        flag("progress_copy").since(14),
    ],
    reading: Reading::Special,
    statements: &[
        Statement { since: 12, sql: include_str!("probe.sql") },
        Statement { since: 13, sql: include_str!("probe.13.sql") },
        Statement { since: 14, sql: include_str!("probe.14.sql") },
    ],
    ..View::BASE
};

/// The lock by which one poll at a time uses a state, where that is wanted: one row, true if it is ours, nothing behind a
/// pooler. Its key is two numbers, bound where other views have relations.
pub const LOCK: View = View {
    name: "pgquerylens_lock",
    about: "Whether this poll is the only one of its state: an advisory lock of ours",
    columns: &[flag("is_ours")],
    reading: Reading::Special,
    statements: &[Statement { since: 12, sql: include_str!("lock.sql") }],
    ..View::BASE
};

/// The control file's facts, read once per connection and after a promotion.
pub const CONTROL: View = View {
    name: "pg_control",
    about: "System identifier and timeline, which tell one server from another",
    columns: &[label_int("system_identifier"), label_int("timeline")],
    needs: Needs::Other {
        what: "execute on pg_control_system() and pg_control_checkpoint(), which PUBLIC has unless it was revoked",
        without: "no system identifier: a server is then told from another by its statistics' own times",
    },
    reading: Reading::Special,
    statements: &[Statement { since: 12, sql: include_str!("control.sql") }],
    ..View::BASE
};

/// What the probe says, typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// The database's clock when the poll began.
    pub read_at: Timestamp,
    /// Which server, without the control file's facts.
    pub identity: Identity,
    /// What decides which SQL fits.
    pub capabilities: Capabilities,
    /// Our backend's process id.
    pub pid: i64,
    /// The connected database.
    pub database_oid: u32,
    /// Its name.
    pub database_name: String,
    /// `block_size`, by which blocks become bytes.
    pub block_size: i64,
    /// `max_connections`.
    pub max_connections: i64,
    /// The session's settings as the server has them.
    pub session: SessionSettings,
    /// Commands in progress, by the names that `pg_stat_get_progress_info` takes.
    pub in_progress: Vec<&'static str>,
    /// Role attributes beyond what a monitoring role needs, by PostgreSQL's names.
    pub excess_attributes: Vec<&'static str>,
    /// Whether the role has pg_monitor.
    pub is_monitor: bool,
    /// `track_activity_query_size`, with the unit PostgreSQL shows.
    pub track_activity_query_size: Option<String>,
    /// `server_encoding`.
    pub server_encoding: String,
    /// `pg_stat_statements.track`: top, all or none.
    pub statements_track: Option<String>,
}

/// Settings that a pooler in front may have dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSettings {
    /// `search_path`.
    pub search_path: String,
    /// `transaction_read_only`.
    pub transaction_read_only: String,
    /// `statement_timeout`.
    pub statement_timeout: String,
    /// `lock_timeout`.
    pub lock_timeout: String,
}

const PROGRESS: [(&str, &str); 6] = [
    ("progress_vacuum", "VACUUM"),
    ("progress_create_index", "CREATE INDEX"),
    ("progress_cluster", "CLUSTER"),
    ("progress_analyze", "ANALYZE"),
    ("progress_basebackup", "BASEBACKUP"),
    ("progress_copy", "COPY"),
];

const EXCESS: [(&str, &str); 5] = [
    ("is_superuser", "SUPERUSER"),
    ("can_create_role", "CREATEROLE"),
    ("can_create_database", "CREATEDB"),
    ("can_replicate", "REPLICATION"),
    ("bypasses_rls", "BYPASSRLS"),
];

impl Probe {
    /// Reads the probe's one row, or nothing if a column that PostgreSQL always fills is missing.
    pub fn from_rows(rows: &Rows) -> Option<Probe> {
        let row = Row(rows);
        let version = ServerVersion(u32::try_from(row.int("server_version_num")?).ok()?);
        let in_recovery = row.flag("in_recovery")?;
        Some(Probe {
            read_at: row.time("read_at")?,
            identity: Identity {
                system_identifier: None,
                timeline: None,
                version,
                postmaster_start: row.time("postmaster_start")?,
                statistics_since: row.time("statistics_since"),
                in_recovery,
            },
            capabilities: Capabilities {
                version,
                provider: row.provider(),
                in_recovery,
                statements: row.statements(),
                rights: row.rights()?,
                switches: row.switches(),
                aurora: row.aurora(),
            },
            pid: row.int("pid")?,
            database_oid: u32::try_from(row.int("database_oid")?).ok()?,
            database_name: row.label("database_name")?,
            block_size: row.int("block_size")?,
            max_connections: row.int("max_connections")?,
            session: row.session()?,
            in_progress: row.set_flags(&PROGRESS),
            excess_attributes: row.set_flags(&EXCESS),
            is_monitor: row.flag("is_monitor")?,
            track_activity_query_size: row.label("track_activity_query_size"),
            server_encoding: row.label("server_encoding")?,
            statements_track: row.label("statements_track"),
        })
    }

    /// Returns how many bytes of a running statement's text the server keeps; a text may be one shorter.
    pub fn activity_query_bytes(&self) -> usize {
        let shown = self.track_activity_query_size.as_deref().unwrap_or_default();
        let digits = shown.trim_end_matches(|c: char| !c.is_ascii_digit());
        let unit = match &shown[digits.len()..] {
            "kB" => 1 << 10,
            "MB" => 1 << 20,
            _ => 1,
        };
        digits.parse::<usize>().map_or(usize::MAX, |number| number.saturating_mul(unit))
    }

    /// Returns what our role can see, the part of it that decides whether row sets are comparable.
    pub fn visibility(&self) -> Visibility {
        let rights = &self.capabilities.rights;
        Visibility { role: rights.role.clone(), read_all_stats: rights.read_all_stats }
    }
}

/// The probe's one row, by column name.
struct Row<'r>(&'r Rows);

impl Row<'_> {
    fn index(name: &str) -> usize {
        PROBE.column_index(name).unwrap_or(usize::MAX)
    }

    fn int(&self, name: &str) -> Option<i64> {
        self.0.int(Self::index(name), 0)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.0.flag(Self::index(name), 0)
    }

    fn label(&self, name: &str) -> Option<String> {
        self.0.label(Self::index(name), 0).map(str::to_owned)
    }

    fn time(&self, name: &str) -> Option<Timestamp> {
        self.0.time(Self::index(name), 0)
    }

    fn set_flags(&self, names: &[(&str, &'static str)]) -> Vec<&'static str> {
        names.iter().filter(|(column, _)| self.flag(column) == Some(true)).map(|(_, name)| *name).collect()
    }

    fn provider(&self) -> Provider {
        let name = self.label("provider").unwrap_or_default();
        Provider::ALL.into_iter().find(|provider| provider.name() == name).unwrap_or_default()
    }

    fn aurora(&self) -> Vec<AuroraFunction> {
        let names = self.label("aurora_functions").unwrap_or_default();
        let is_named = |function: &AuroraFunction| names.split(',').any(|name| name == function.name());
        AuroraFunction::ALL.into_iter().filter(is_named).collect()
    }

    fn statements(&self) -> Option<StatementsExtension> {
        let version = ExtensionVersion::parse(&self.label("statements_version")?)?;
        let libraries = self.label("shared_preload_libraries");
        let preloaded = libraries.map(|list| list.contains("pg_stat_statements"));
        Some(StatementsExtension { schema: self.label("statements_schema")?, version, preloaded })
    }

    fn rights(&self) -> Option<Rights> {
        Some(Rights {
            role: self.label("role_name")?,
            superuser: self.flag("is_superuser")?,
            read_all_stats: self.flag("read_all_stats")?,
            read_all_settings: self.flag("read_all_settings")?,
        })
    }

    fn switches(&self) -> Switches {
        Switches {
            track_io_timing: self.flag("track_io_timing"),
            track_wal_io_timing: self.flag("track_wal_io_timing"),
            track_planning: self.flag("track_planning"),
            track_functions: self.flag("track_functions"),
            compute_query_id: self.label("compute_query_id"),
            statements_max: self.int("statements_max"),
        }
    }

    fn session(&self) -> Option<SessionSettings> {
        Some(SessionSettings {
            search_path: self.label("search_path")?,
            transaction_read_only: self.label("transaction_read_only")?,
            statement_timeout: self.label("statement_timeout")?,
            lock_timeout: self.label("lock_timeout")?,
        })
    }
}
