//! Statement counters without their texts, by the version of the extension and not the server's.
//!
//! The function is called without a schema: `search_path` is the extension's own for this one transaction.

use crate::unit::Unit;
use crate::view::{
    Cadence, Column, MeasuredIf, Needs, Reading, Requirement, Scope, Statement, VersionedBy, View, counter,
    counter_ms, flag, gauge_float, label_int, text, time,
};

const fn planning(name: &'static str) -> Column {
    counter_ms(name).since(8).measured_if(MeasuredIf::TrackPlanning)
}

const fn io_time(name: &'static str) -> Column {
    counter_ms(name).measured_if(MeasuredIf::TrackIoTiming)
}

const fn milliseconds(name: &'static str) -> Column {
    gauge_float(name, Unit::Milliseconds)
}

/// How PostgreSQL's statements end.
const END: &str = "\nfrom pg_stat_statements(false)\n";
/// How Aurora's do, which are the same but for that: its function has PostgreSQL's columns and some more.
const AURORAS_END: &str = ",
    storage_blks_read::pg_catalog.int8,
    orcache_blks_hit::pg_catalog.int8,
    storage_blk_read_time::pg_catalog.float8,
    orcache_blk_read_time::pg_catalog.float8
from pg_catalog.aurora_stat_statements(false)
";

/// Makes Aurora's statement of the file that has PostgreSQL's, when this is compiled.
macro_rules! on_aurora {
    ($file:literal) => {{
        const PLAIN: &str = include_str!($file);
        const AURORAS: [u8; PLAIN.len() - END.len() + AURORAS_END.len()] = ended_for_aurora(PLAIN);
        match std::str::from_utf8(&AURORAS) {
            Ok(sql) => sql,
            Err(_) => panic!("a statement is text"),
        }
    }};
}

/// Puts Aurora's end in the place of the usual one.
const fn ended_for_aurora<const LENGTH: usize>(plain: &str) -> [u8; LENGTH] {
    let (plain, end, auroras) = (plain.as_bytes(), END.as_bytes(), AURORAS_END.as_bytes());
    let kept = plain.len() - end.len();
    let mut sql = [0; LENGTH];
    let mut place = 0;
    while place < plain.len() {
        assert!(place < kept || plain[place] == end[place - kept], "the statement ends otherwise");
        if place < kept {
            sql[place] = plain[place];
        }
        place += 1;
    }
    let mut place = kept;
    while place < LENGTH {
        sql[place] = auroras[place - kept];
        place += 1;
    }
    sql
}

/// `pg_stat_statements(false)`, or `aurora_stat_statements(false)` in its place. Before 1.8 `total_time` and its kin are read under their later names.
pub const VIEW: View = View {
    name: "pg_stat_statements",
    about: "Counters of every normalised statement the server remembers",
    scope: Scope::Server,
    cadence: Cadence::EveryPoll,
    versioned_by: VersionedBy::Statements,
    key: &["dbid", "userid", "queryid", "toplevel"],
    reset_column: Some("stats_since"),
    baseline_also: &["stddev_plan_time", "stddev_exec_time"],
    columns: &[
        label_int("dbid"),
        label_int("userid"),
        label_int("queryid"),
        flag("toplevel").since(9),
        counter("plans", Unit::Count).since(8).measured_if(MeasuredIf::TrackPlanning),
        planning("total_plan_time"),
        milliseconds("min_plan_time").since(8).measured_if(MeasuredIf::TrackPlanning),
        milliseconds("max_plan_time").since(8).measured_if(MeasuredIf::TrackPlanning),
        milliseconds("stddev_plan_time").since(8).measured_if(MeasuredIf::TrackPlanning),
        counter("calls", Unit::Count),
        counter_ms("total_exec_time"),
        milliseconds("min_exec_time"),
        milliseconds("max_exec_time"),
        milliseconds("stddev_exec_time"),
        counter("rows", Unit::Count),
        counter("shared_blks_hit", Unit::Blocks),
        counter("shared_blks_read", Unit::Blocks),
        counter("shared_blks_dirtied", Unit::Blocks),
        counter("shared_blks_written", Unit::Blocks),
        counter("local_blks_hit", Unit::Blocks),
        counter("local_blks_read", Unit::Blocks),
        counter("local_blks_dirtied", Unit::Blocks),
        counter("local_blks_written", Unit::Blocks),
        counter("temp_blks_read", Unit::Blocks),
        counter("temp_blks_written", Unit::Blocks),
        // Named blk_read_time and blk_write_time before 1.11, where they also held local blocks' times.
        io_time("shared_blk_read_time"),
        io_time("shared_blk_write_time"),
        io_time("local_blk_read_time").since(11),
        io_time("local_blk_write_time").since(11),
        io_time("temp_blk_read_time").since(10),
        io_time("temp_blk_write_time").since(10),
        counter("wal_records", Unit::Count).since(8),
        counter("wal_fpi", Unit::Count).since(8),
        counter("wal_bytes", Unit::Bytes).since(8),
        counter("wal_buffers_full", Unit::Count).since(12),
        counter("jit_functions", Unit::Count).since(10),
        counter_ms("jit_generation_time").since(10),
        counter("jit_inlining_count", Unit::Count).since(10),
        counter_ms("jit_inlining_time").since(10),
        counter("jit_optimization_count", Unit::Count).since(10),
        counter_ms("jit_optimization_time").since(10),
        counter("jit_emission_count", Unit::Count).since(10),
        counter_ms("jit_emission_time").since(10),
        counter("jit_deform_count", Unit::Count).since(11),
        counter_ms("jit_deform_time").since(11),
        counter("parallel_workers_to_launch", Unit::Count).since(12),
        counter("parallel_workers_launched", Unit::Count).since(12),
        counter("storage_blks_read", Unit::Blocks).since(9).on_aurora(),
        counter("orcache_blks_hit", Unit::Blocks).since(9).on_aurora(),
        io_time("storage_blk_read_time").since(9).on_aurora(),
        io_time("orcache_blk_read_time").since(9).on_aurora(),
        time("stats_since").since(11),
        time("minmax_stats_since").since(11),
    ],
    requires: &[Requirement::Statements],
    needs: Needs::Monitor {
        without: "queryid is NULL for other roles' statements: they are counted and never named",
    },
    reading: Reading::Special,
    statements: &[
        Statement { since: 7, sql: include_str!("statements.7.sql") },
        Statement { since: 8, sql: include_str!("statements.8.sql") },
        Statement { since: 9, sql: include_str!("statements.9.sql") },
        Statement { since: 10, sql: include_str!("statements.10.sql") },
        Statement { since: 11, sql: include_str!("statements.11.sql") },
        Statement { since: 12, sql: include_str!("statements.12.sql") },
    ],
    aurora_statements: &[
        Statement { since: 9, sql: on_aurora!("statements.9.sql") },
        Statement { since: 10, sql: on_aurora!("statements.10.sql") },
        Statement { since: 11, sql: on_aurora!("statements.11.sql") },
        Statement { since: 12, sql: on_aurora!("statements.12.sql") },
    ],
};

/// Times of blocks. Aurora's are wrong for utility statements, which are not read through the executor there.
pub const BLOCK_TIMES: [&str; 6] = [
    "shared_blk_read_time",
    "shared_blk_write_time",
    "local_blk_read_time",
    "local_blk_write_time",
    "temp_blk_read_time",
    "temp_blk_write_time",
];

/// What pg_stat_statements says of itself, read before and after the counters so that a reset in between shows.
pub const INFO: View = View {
    name: "pg_stat_statements_info",
    about: "Evictions and last reset of pg_stat_statements; read before and after the counters",
    versioned_by: VersionedBy::Statements,
    columns: &[counter("dealloc", Unit::Count).since(9), time("stats_reset").since(9), time("read_at")],
    requires: &[Requirement::Statements],
    reading: Reading::Special,
    statements: &[
        Statement { since: 7, sql: include_str!("statements_info.7.sql") },
        Statement { since: 9, sql: include_str!("statements_info.9.sql") },
    ],
    ..View::BASE
};

/// The texts, all of them in one streamed reading: the server pays for the whole file whatever is asked.
pub const TEXTS: View = View {
    name: "pg_stat_statements_texts",
    about: "Texts of the statements, streamed when too much execution time has no known text",
    cadence: Cadence::Hours,
    versioned_by: VersionedBy::Statements,
    key: &["dbid", "queryid"],
    columns: &[label_int("dbid"), label_int("queryid"), text("query")],
    requires: &[Requirement::Statements],
    needs: Needs::Monitor { without: "only the texts of the role's own statements" },
    reading: Reading::Special,
    statements: &[Statement { since: 7, sql: include_str!("statements_texts.7.sql") }],
    ..View::BASE
};
