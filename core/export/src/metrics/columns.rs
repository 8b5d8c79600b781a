//! How the rows of a view become series: who owns a row, and which of its labels tell series apart. And the names of
//! columns that the receiver has no name for: `postgresql.`, the view, the column, all as PostgreSQL calls them.

use pgquerylens_model::unit::Unit;
use pgquerylens_model::view::{Column, Kind, View};

use super::MetricKind;

/// Who owns the rows of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnedBy {
    /// The server.
    Server,
    /// The database that this column names. Rows without one are of no database, and are left out.
    Database(&'static str),
    /// The schema that the columns `schemaname` names, in the database that was read.
    Schema,
    /// The table that `schemaname` and `relname` name.
    Table,
    /// The table that `relid` points to in pg_stat_user_tables.
    TableById,
    /// The sequence that `relid` points to in pg_sequences, as an attribute of its schema.
    SequenceById,
    /// The index that `schemaname`, `relname` and `indexrelname` name.
    Index,
    /// The index that `indexrelid` points to in pg_stat_user_indexes.
    IndexById,
}

/// What rows of a view are together that are one series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// Their sum: the calls of two functions of a name, what two relations of a kind are locked by.
    AddedUp,
    /// The largest of them: of two standbys behind one address the one that lags more.
    Largest,
}

/// How the rows of one view become series.
#[derive(Debug)]
pub struct Shape {
    /// The view.
    pub view: &'static str,
    /// Who owns a row.
    pub owner: OwnedBy,
    /// Columns that tell series apart, and the attributes they are sent as.
    pub attributes: &'static [(&'static str, &'static str)],
    /// Where there can be any number of rows: the column by which the first [`MAX_ROWS`] of a database are sent.
    pub ranked_by: Option<&'static str>,
    /// What rows of the same series are together.
    pub shared: Shared,
}

/// The most rows of one view and database that become series, where there can be any number.
pub const MAX_ROWS: usize = 1_000;

const fn shape(
    view: &'static str,
    owner: OwnedBy,
    attributes: &'static [(&'static str, &'static str)],
) -> Shape {
    Shape { view, owner, attributes, ranked_by: None, shared: Shared::AddedUp }
}

impl Shape {
    const fn ranked_by(self, column: &'static str) -> Shape {
        Shape { ranked_by: Some(column), ..self }
    }

    const fn largest(self) -> Shape {
        Shape { shared: Shared::Largest, ..self }
    }
}

const PROGRESS: &[(&str, &str)] =
    &[("pid", "pid"), ("schemaname", "schema"), ("relname", "relation"), ("phase", "phase")];

/// Every view that has figures of its own.
pub const SHAPES: &[Shape] = &[
    shape("aurora_replica_status", OwnedBy::Server, &[("server_id", "server_id")]),
    shape(
        "aurora_stat_system_waits",
        OwnedBy::Server,
        &[("type_name", "postgresql.wait_event_type"), ("event_name", "postgresql.wait_event")],
    ),
    shape("pg_database", OwnedBy::Database("datname"), &[]),
    shape("pg_database_size", OwnedBy::Database("datname"), &[]),
    shape(
        "pg_locks",
        OwnedBy::Server,
        &[("datname", "db.namespace"), ("locktype", "lock_type"), ("mode", "mode"), ("granted", "granted")],
    ),
    shape(
        "pg_locks_by_relation",
        OwnedBy::Schema,
        &[("relname", "relation"), ("mode", "mode"), ("locktype", "lock_type")],
    ),
    shape("pg_relation_size", OwnedBy::IndexById, &[]).ranked_by("relation_size"),
    shape(
        "pg_replication_slots",
        OwnedBy::Server,
        &[("slot_name", "slot_name"), ("slot_type", "slot_type"), ("database", "db.namespace")],
    ),
    shape("pg_roles", OwnedBy::Server, &[("rolname", "postgresql.rolname")]),
    shape("pg_sequence_last_value", OwnedBy::SequenceById, &[]).ranked_by("used_ratio"),
    shape("pg_stat_archiver", OwnedBy::Server, &[]),
    shape("pg_stat_bgwriter", OwnedBy::Server, &[]),
    shape("pg_stat_checkpointer", OwnedBy::Server, &[]),
    shape("pg_stat_database", OwnedBy::Database("datname"), &[]),
    shape(
        "pg_stat_io",
        OwnedBy::Server,
        &[("backend_type", "backend_type"), ("object", "object"), ("context", "context")],
    ),
    shape("pg_stat_progress_analyze", OwnedBy::Database("datname"), PROGRESS),
    shape("pg_stat_progress_basebackup", OwnedBy::Server, &[("pid", "pid"), ("phase", "phase")]),
    shape("pg_stat_progress_cluster", OwnedBy::Database("datname"), PROGRESS),
    shape("pg_stat_progress_copy", OwnedBy::Database("datname"), PROGRESS),
    shape("pg_stat_progress_create_index", OwnedBy::Database("datname"), PROGRESS),
    shape("pg_stat_progress_vacuum", OwnedBy::Database("datname"), PROGRESS),
    shape("pg_stat_recovery_prefetch", OwnedBy::Server, &[]),
    shape(
        "pg_stat_replication",
        OwnedBy::Server,
        &[("client_addr", "replication_client"), ("application_name", "postgresql.application_name")],
    )
    .largest(),
    shape("pg_stat_slru", OwnedBy::Server, &[("name", "name")]),
    shape("pg_stat_subscription_stats", OwnedBy::Server, &[("subname", "subscription")]),
    shape("pg_stat_user_functions", OwnedBy::Schema, &[("funcname", "function")]).ranked_by("calls"),
    shape("pg_stat_user_indexes", OwnedBy::Index, &[]).ranked_by("relpages"),
    shape("pg_stat_user_tables", OwnedBy::Table, &[]).ranked_by("relpages"),
    shape("pg_stat_wal", OwnedBy::Server, &[]),
    shape("pg_total_relation_size", OwnedBy::TableById, &[]).ranked_by("total_relation_size"),
    shape("recovery", OwnedBy::Server, &[]),
];

/// Returns how a view's rows become series, if they do.
pub fn shape_of(view: &View) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.view == view.name)
}

/// Returns the name of a column's metric: `pg_stat_io.reads` is `postgresql.io.reads`.
pub fn name_of(view: &View, column: &Column) -> String {
    let short = view.name.strip_prefix("pg_").unwrap_or(view.name);
    let short = short.strip_prefix("stat_").unwrap_or(short);
    format!("postgresql.{short}.{}", column.name)
}

/// Returns the kind of a column's metric, or nothing for what is no figure.
pub fn kind_of(column: &Column) -> Option<MetricKind> {
    match column.kind {
        Kind::Counter | Kind::CounterFloat => Some(MetricKind::Counter),
        Kind::Gauge | Kind::GaugeFloat => Some(MetricKind::Gauge),
        Kind::Label | Kind::LabelInt | Kind::Flag | Kind::Text | Kind::Time | Kind::IntList => None,
    }
}

/// Returns a unit as UCUM writes it.
pub fn ucum(unit: Unit) -> &'static str {
    match unit {
        Unit::Count | Unit::None => "1",
        Unit::Bytes => "By",
        Unit::Blocks => "{block}",
        Unit::Microseconds => "us",
        Unit::Milliseconds => "ms",
        Unit::Seconds => "s",
        Unit::Transactions => "{transaction}",
    }
}
