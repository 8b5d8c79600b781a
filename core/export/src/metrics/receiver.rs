//! The metrics of OpenTelemetry's postgresqlreceiver by its names, units, kinds and attributes, so that dashboards
//! made for it go on working. Source: `metadata.yaml` of that receiver, v0.156.

use pgquerylens_model::view::View;
use pgquerylens_model::views::{
    archiver, bgwriter, checkpointer, database, database_sizes, functions, index_sizes, indexes,
    lock_relations, replication, table_sizes, tables,
};

use super::MetricKind::{self, Counter, Gauge, UpDownCounter};

/// One metric of the receiver and the columns it is made of.
#[derive(Debug)]
pub struct ReceiverMetric {
    /// Its name.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// Its kind.
    pub kind: MetricKind,
    /// What it tells.
    pub about: &'static str,
    /// Where it comes from.
    pub sources: &'static [Source],
}

/// A column behind a metric.
#[derive(Debug)]
pub struct Source {
    /// The view.
    pub view: &'static View,
    /// Its column.
    pub column: &'static str,
    /// The attribute that tells this column's value from the other sources'.
    pub attribute: Option<(&'static str, &'static str)>,
    /// What is done with a value.
    pub convert: Convert,
}

/// What is done with a column's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convert {
    /// Nothing.
    AsIs,
    /// Fractions are cut off.
    Whole,
    /// A moment becomes the seconds since then, cut off.
    Age,
}

const fn of(view: &'static View, column: &'static str) -> Source {
    Source { view, column, attribute: None, convert: Convert::AsIs }
}

impl Source {
    const fn with(self, key: &'static str, value: &'static str) -> Source {
        Source { attribute: Some((key, value)), ..self }
    }

    const fn converted(self, convert: Convert) -> Source {
        Source { convert, ..self }
    }
}

const fn metric(
    name: &'static str,
    unit: &'static str,
    kind: MetricKind,
    about: &'static str,
    sources: &'static [Source],
) -> ReceiverMetric {
    ReceiverMetric { name, unit, kind, about, sources }
}

/// All of them but those that no single column holds, which [`super::derived`], [`super::statements`] and
/// [`super::vectors`] make.
pub const METRICS: &[ReceiverMetric] = &[
    metric(
        "postgresql.bgwriter.buffers.allocated",
        "{buffers}",
        Counter,
        "Buffers allocated",
        &[of(&bgwriter::VIEW, "buffers_alloc")],
    ),
    metric(
        "postgresql.bgwriter.buffers.writes",
        "{buffers}",
        Counter,
        "Buffers written",
        &[
            of(&bgwriter::VIEW, "buffers_backend").with("source", "backend"),
            of(&bgwriter::VIEW, "buffers_backend_fsync").with("source", "backend_fsync"),
            of(&bgwriter::VIEW, "buffers_checkpoint").with("source", "checkpoints"),
            of(&checkpointer::VIEW, "buffers_written").with("source", "checkpoints"),
            of(&bgwriter::VIEW, "buffers_clean").with("source", "bgwriter"),
        ],
    ),
    metric(
        "postgresql.bgwriter.checkpoint.count",
        "{checkpoints}",
        Counter,
        "Checkpoints",
        &[
            of(&bgwriter::VIEW, "checkpoints_req").with("type", "requested"),
            of(&bgwriter::VIEW, "checkpoints_timed").with("type", "scheduled"),
            of(&checkpointer::VIEW, "num_requested").with("type", "requested"),
            of(&checkpointer::VIEW, "num_timed").with("type", "scheduled"),
        ],
    ),
    metric(
        "postgresql.bgwriter.duration",
        "ms",
        Counter,
        "Time spent writing and syncing at checkpoints",
        &[
            of(&bgwriter::VIEW, "checkpoint_sync_time").with("type", "sync"),
            of(&bgwriter::VIEW, "checkpoint_write_time").with("type", "write"),
            of(&checkpointer::VIEW, "sync_time").with("type", "sync"),
            of(&checkpointer::VIEW, "write_time").with("type", "write"),
        ],
    ),
    metric(
        "postgresql.bgwriter.maxwritten",
        "1",
        Counter,
        "Cleaning scans that stopped because too many buffers were written",
        &[of(&bgwriter::VIEW, "maxwritten_clean")],
    ),
    metric(
        "postgresql.blks_hit",
        "{blks_hit}",
        Counter,
        "Blocks found in the buffer cache",
        &[of(&database::VIEW, "blks_hit")],
    ),
    metric(
        "postgresql.blks_read",
        "{blks_read}",
        Counter,
        "Blocks read",
        &[of(&database::VIEW, "blks_read")],
    ),
    metric(
        "postgresql.blocks_read",
        "1",
        Counter,
        "Blocks of a table read or found in the buffer cache",
        &[
            of(&tables::VIEW, "heap_blks_read").with("source", "heap_read"),
            of(&tables::VIEW, "heap_blks_hit").with("source", "heap_hit"),
            of(&tables::VIEW, "idx_blks_read").with("source", "idx_read"),
            of(&tables::VIEW, "idx_blks_hit").with("source", "idx_hit"),
            of(&tables::VIEW, "toast_blks_read").with("source", "toast_read"),
            of(&tables::VIEW, "toast_blks_hit").with("source", "toast_hit"),
            of(&tables::VIEW, "tidx_blks_read").with("source", "tidx_read"),
            of(&tables::VIEW, "tidx_blks_hit").with("source", "tidx_hit"),
        ],
    ),
    metric("postgresql.commits", "1", Counter, "Commits", &[of(&database::VIEW, "xact_commit")]),
    metric(
        "postgresql.database.locks",
        "{lock}",
        Gauge,
        "Locks on relations, held and awaited",
        &[of(&lock_relations::VIEW, "lock_count")],
    ),
    metric(
        "postgresql.db_size",
        "By",
        UpDownCounter,
        "Disk space used by a database",
        &[of(&database_sizes::VIEW, "database_size")],
    ),
    metric("postgresql.deadlocks", "{deadlock}", Counter, "Deadlocks", &[of(&database::VIEW, "deadlocks")]),
    metric(
        "postgresql.function.calls",
        "{call}",
        Counter,
        "Calls of a function; needs track_functions",
        &[of(&functions::VIEW, "calls")],
    ),
    metric(
        "postgresql.index.scans",
        "{scans}",
        Counter,
        "Scans of an index",
        &[of(&indexes::VIEW, "idx_scan")],
    ),
    metric(
        "postgresql.index.size",
        "By",
        Gauge,
        "Disk space used by an index",
        &[of(&index_sizes::VIEW, "relation_size")],
    ),
    metric(
        "postgresql.operations",
        "1",
        Counter,
        "Rows inserted, updated and deleted",
        &[
            of(&tables::VIEW, "n_tup_ins").with("operation", "ins"),
            of(&tables::VIEW, "n_tup_upd").with("operation", "upd"),
            of(&tables::VIEW, "n_tup_del").with("operation", "del"),
            of(&tables::VIEW, "n_tup_hot_upd").with("operation", "hot_upd"),
        ],
    ),
    metric(
        "postgresql.query.conflicts",
        "{query}",
        Counter,
        "Queries cancelled by conflicts with recovery",
        &[
            of(&database::VIEW, "confl_tablespace").with("postgresql.conflict.type", "tablespace"),
            of(&database::VIEW, "confl_lock").with("postgresql.conflict.type", "lock"),
            of(&database::VIEW, "confl_snapshot").with("postgresql.conflict.type", "snapshot"),
            of(&database::VIEW, "confl_bufferpin").with("postgresql.conflict.type", "bufferpin"),
            of(&database::VIEW, "confl_deadlock").with("postgresql.conflict.type", "deadlock"),
        ],
    ),
    metric(
        "postgresql.replication.data_delay",
        "By",
        Gauge,
        "WAL that a standby has not replayed yet",
        &[of(&replication::VIEW, "replay_lsn_lag")],
    ),
    metric("postgresql.rollbacks", "1", Counter, "Rollbacks", &[of(&database::VIEW, "xact_rollback")]),
    metric(
        "postgresql.rows",
        "1",
        UpDownCounter,
        "Rows of a table, as the statistics estimate them",
        &[
            of(&tables::VIEW, "n_dead_tup").with("state", "dead"),
            of(&tables::VIEW, "n_live_tup").with("state", "live"),
        ],
    ),
    metric(
        "postgresql.sequential_scans",
        "{sequential_scan}",
        Counter,
        "Sequential scans of a table",
        &[of(&tables::VIEW, "seq_scan")],
    ),
    metric(
        "postgresql.table.size",
        "By",
        UpDownCounter,
        "Disk space used by a table's main fork",
        &[of(&table_sizes::VIEW, "relation_size")],
    ),
    metric(
        "postgresql.table.vacuum.count",
        "{vacuum}",
        Counter,
        "Manual vacuums of a table",
        &[of(&tables::VIEW, "vacuum_count")],
    ),
    metric(
        "postgresql.temp.io",
        "By",
        Counter,
        "Bytes written to temporary files",
        &[of(&database::VIEW, "temp_bytes")],
    ),
    metric(
        "postgresql.temp_files",
        "{temp_file}",
        Counter,
        "Temporary files",
        &[of(&database::VIEW, "temp_files")],
    ),
    metric(
        "postgresql.tup_deleted",
        "{tup_deleted}",
        Counter,
        "Rows deleted",
        &[of(&database::VIEW, "tup_deleted")],
    ),
    metric(
        "postgresql.tup_fetched",
        "{tup_fetched}",
        Counter,
        "Rows fetched by index scans",
        &[of(&database::VIEW, "tup_fetched")],
    ),
    metric(
        "postgresql.tup_inserted",
        "{tup_inserted}",
        Counter,
        "Rows inserted",
        &[of(&database::VIEW, "tup_inserted")],
    ),
    metric(
        "postgresql.tup_returned",
        "{tup_returned}",
        Counter,
        "Rows returned by scans",
        &[of(&database::VIEW, "tup_returned")],
    ),
    metric(
        "postgresql.tup_updated",
        "{tup_updated}",
        Counter,
        "Rows updated",
        &[of(&database::VIEW, "tup_updated")],
    ),
    metric(
        "postgresql.wal.age",
        "s",
        Gauge,
        "Time since the last WAL file was archived",
        &[of(&archiver::VIEW, "last_archived_time").converted(Convert::Age)],
    ),
    metric(
        "postgresql.wal.delay",
        "s",
        Gauge,
        "Time until a standby confirms WAL that was flushed here",
        &[
            of(&replication::VIEW, "flush_lag").with("operation", "flush"),
            of(&replication::VIEW, "replay_lag").with("operation", "replay"),
            of(&replication::VIEW, "write_lag").with("operation", "write"),
        ],
    ),
    metric(
        "postgresql.wal.lag",
        "s",
        Gauge,
        "The same in whole seconds",
        &[
            of(&replication::VIEW, "flush_lag").with("operation", "flush").converted(Convert::Whole),
            of(&replication::VIEW, "replay_lag").with("operation", "replay").converted(Convert::Whole),
            of(&replication::VIEW, "write_lag").with("operation", "write").converted(Convert::Whole),
        ],
    ),
];
