//! Reads, writes, extensions and fsyncs by kind of process, object and context.
//!
//! Which of two settings measures the times depends on the row (WAL or not), so the statement decides it:
//! no column here has `measured_if`, and a time that was not measured comes as NULL.

use crate::unit::Unit;
use crate::view::{Column, READ_AT, Statement, View, counter, counter_ms, gauge, label, time};

const fn operations(name: &'static str) -> Column {
    counter(name, Unit::Count).since(16)
}

const fn bytes(name: &'static str) -> Column {
    counter(name, Unit::Bytes).since(18)
}

const fn io_time(name: &'static str) -> Column {
    counter_ms(name).since(16)
}

/// `pg_stat_io`. What cannot happen in a row (a checkpointer that reads) is NULL.
pub const VIEW: View = View {
    name: "pg_stat_io",
    about: "I/O by kind of process, object and context; WAL too from 18 on",
    key: &["backend_type", "object", "context"],
    reset_column: Some("stats_reset"),
    columns: &[
        label("backend_type").since(16),
        label("object").since(16),
        label("context").since(16),
        operations("reads"),
        bytes("read_bytes"),
        io_time("read_time"),
        operations("writes"),
        bytes("write_bytes"),
        io_time("write_time"),
        operations("writebacks"),
        io_time("writeback_time"),
        operations("extends"),
        bytes("extend_bytes"),
        io_time("extend_time"),
        // The size of every operation before 18 counted bytes themselves.
        gauge("op_bytes", Unit::Bytes).since(16).until(17),
        operations("hits"),
        operations("evictions"),
        operations("reuses"),
        operations("fsyncs"),
        io_time("fsync_time"),
        time("stats_reset").since(16),
        READ_AT,
    ],
    statements: &[
        Statement { since: 16, sql: include_str!("io.16.sql") },
        Statement { since: 18, sql: include_str!("io.18.sql") },
    ],
    ..View::BASE
};
