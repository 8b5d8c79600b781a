//! What a check knows before it judges: the probe, one statement of its own, what pg_stat_statements says of itself,
//! and how the connection came about.

use crate::capabilities::Provider;
use crate::probe::Probe;
use crate::rows::Rows;
use crate::time::Timestamp;
use crate::unit::Unit;
use crate::view::{Needs, Reading, Requirement, Statement, VersionedBy, View, flag, gauge, label, label_int};

/// What only a check asks, as a view of one row.
pub const CHECK: View = View {
    name: "pgquerylens_check",
    about: "What a check asks beyond the probe: connection slots, memberships, what the role cannot see",
    columns: &[
        gauge("max_connections", Unit::Count),
        gauge("superuser_reserved_connections", Unit::Count),
        gauge("reserved_connections", Unit::Count),
        gauge("connections_used", Unit::Count),
        gauge("role_connections_used", Unit::Count),
        gauge("role_connection_limit", Unit::Count),
        flag("is_member_of_monitor"),
        flag("uses_reserved_connections"),
        label("excess_memberships"),
        label("statements_offered"),
        label("shared_preload_libraries"),
        flag("may_see_text_file"),
        gauge("hidden_sequences", Unit::Count),
        label("hidden_sequence_schemas"),
        label("server_address"),
        label_int("server_port"),
        flag("server_has_tls"),
    ],
    reading: Reading::Special,
    statements: &[Statement { since: 12, sql: include_str!("check.sql") }],
    ..View::BASE
};

/// How many statements pg_stat_statements remembers.
pub const ENTRIES: View = View {
    name: "pgquerylens_statements_entries",
    about: "How many statements pg_stat_statements remembers",
    versioned_by: VersionedBy::Statements,
    columns: &[gauge("entries", Unit::Count)],
    requires: &[Requirement::Statements],
    reading: Reading::Special,
    statements: &[Statement { since: 7, sql: include_str!("statements_entries.sql") }],
    ..View::BASE
};

/// The size of the file that holds the statements' texts, where we may know it.
pub const TEXT_FILE: View = View {
    name: "pgquerylens_text_file",
    about: "The size of the file that holds the texts of pg_stat_statements",
    columns: &[gauge("size", Unit::Bytes)],
    needs: Needs::Other {
        what: "execute on pg_stat_file(text, boolean), which a superuser may grant",
        without: "it is not sent; the size of the texts is estimated",
    },
    reading: Reading::Special,
    statements: &[Statement { since: 12, sql: include_str!("text_file.sql") }],
    ..View::BASE
};

/// Everything that the aspects are judged from.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckFacts {
    /// How the connection came about.
    pub connection: Connection,
    /// What the probe said.
    pub probe: Probe,
    /// Who runs the server: what the probe found, or what the user says.
    pub provider: Provider,
    /// What the check's own statement said.
    pub details: Details,
    /// The database that has pg_stat_statements, if the connected one does not and another does: polls read it there.
    pub statements_home: Option<String>,
    /// What pg_stat_statements says of itself.
    pub statements: StatementsReading,
    /// Bytes of the text file, where we may know them.
    pub text_file_bytes: Option<u64>,
    /// What polls may cost.
    pub budget: Budget,
}

/// How the connection came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// How it is encrypted; none on an unencrypted one.
    pub encryption: Option<Encryption>,
    /// Whether it stays on this machine.
    pub is_local: bool,
    /// What stands between us and the server, if something does.
    pub pooling: Option<Pooling>,
}

/// How a connection is encrypted.
#[derive(Clone, Debug, PartialEq)]
pub struct Encryption {
    /// The protocol, such as `TLSv1.3`.
    pub protocol: Option<&'static str>,
    /// How far the server was checked.
    pub verified: Verified,
    /// Whose authorities it was checked against, as a person calls them.
    pub checked_against: Option<String>,
    /// When the server's certificate ends.
    pub certificate_ends: Option<Timestamp>,
}

/// How far a server's certificate was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// Not at all.
    Nothing,
    /// A trusted authority signed it.
    Authority,
    /// A trusted authority signed it, for the host that we connected to.
    AuthorityAndName,
}

/// How a pooler in front was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// It refused the session's settings in the startup packet.
    RefusesOptions,
    /// RDS Proxy refused them, and said its name.
    RdsProxy,
    /// It accepted the session's settings, and they never arrived.
    DropsOptions,
}

/// What pg_stat_statements says of itself.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementsReading {
    /// It is created in no database that was looked into.
    NotCreated,
    /// It is created, and its library is not loaded (SQLSTATE 55000).
    NotLoaded,
    /// It did not answer, for this reason.
    Failed(String),
    /// It answered.
    Read {
        /// Statements that it remembers.
        entries: i64,
        /// How often it threw out the least used ones since its reset; since 1.9.
        dealloc: Option<i64>,
        /// When it was reset last; since 1.9.
        stats_reset: Option<Timestamp>,
    },
}

/// What polls may cost, as far as the check looks at it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// `statement_timeout` as it was sent.
    pub statement_timeout_ms: u64,
    /// `lock_timeout` as it was sent.
    pub lock_timeout_ms: u64,
    /// Bytes of statement text that one reading may be expected to bring.
    pub text_budget_bytes: u64,
    /// Bytes that one text is taken for before any was read.
    pub assumed_text_bytes: u64,
}

/// The row of [`CHECK`]; what did not come is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Details {
    /// Why the statement was not answered.
    pub error: Option<String>,
    /// `max_connections`.
    pub max_connections: Option<i64>,
    /// `superuser_reserved_connections`.
    pub superuser_reserved_connections: Option<i64>,
    /// `reserved_connections`, 16 and later.
    pub reserved_connections: Option<i64>,
    /// Connections of clients, ours included.
    pub connections_used: Option<i64>,
    /// Connections of our role, ours included.
    pub role_connections_used: Option<i64>,
    /// The role's `CONNECTION LIMIT`; -1 is none.
    pub role_connection_limit: Option<i64>,
    /// Whether the role is a member of pg_monitor, even if it does not inherit its rights.
    pub is_member_of_monitor: Option<bool>,
    /// Whether the role has pg_use_reserved_connections, 16 and later.
    pub uses_reserved_connections: Option<bool>,
    /// Powerful roles that ours is a member of, separated by commas.
    pub excess_memberships: Option<String>,
    /// The version of pg_stat_statements that the server's packages offer.
    pub statements_offered: Option<String>,
    /// `shared_preload_libraries`, if we may know it.
    pub shared_preload_libraries: Option<String>,
    /// Whether the role may call `pg_stat_file(text, boolean)`.
    pub may_see_text_file: Option<bool>,
    /// Sequences of this database whose values the role cannot see.
    pub hidden_sequences: Option<i64>,
    /// Some of their schemas, quoted and separated by commas.
    pub hidden_sequence_schemas: Option<String>,
    /// The address that the server itself was reached at; none over a socket.
    pub server_address: Option<String>,
    /// The port that the server itself was reached at.
    pub server_port: Option<i64>,
    /// Whether the server offers TLS.
    pub server_has_tls: Option<bool>,
}

impl Details {
    /// Reads the one row.
    pub fn from_rows(rows: &Rows) -> Details {
        let index = |name| CHECK.column_index(name).unwrap_or(usize::MAX);
        let int = |name| rows.int(index(name), 0);
        let flag = |name| rows.flag(index(name), 0);
        let label = |name| rows.label(index(name), 0).map(str::to_owned);
        Details {
            error: None,
            max_connections: int("max_connections"),
            superuser_reserved_connections: int("superuser_reserved_connections"),
            reserved_connections: int("reserved_connections"),
            connections_used: int("connections_used"),
            role_connections_used: int("role_connections_used"),
            role_connection_limit: int("role_connection_limit"),
            is_member_of_monitor: flag("is_member_of_monitor"),
            uses_reserved_connections: flag("uses_reserved_connections"),
            excess_memberships: label("excess_memberships"),
            statements_offered: label("statements_offered"),
            shared_preload_libraries: label("shared_preload_libraries"),
            may_see_text_file: flag("may_see_text_file"),
            hidden_sequences: int("hidden_sequences"),
            hidden_sequence_schemas: label("hidden_sequence_schemas"),
            server_address: label("server_address"),
            server_port: int("server_port"),
            server_has_tls: flag("server_has_tls"),
        }
    }
}
