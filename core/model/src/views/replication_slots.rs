//! Replication slots: what they keep from being removed, and what logical decoding spilled and streamed.

use crate::unit::Unit;
use crate::view::{Column, READ_AT, Statement, View, counter, flag, gauge, label, label_int, time};

const fn decoded(name: &'static str, unit: Unit) -> Column {
    counter(name, unit).since(14)
}

/// `pg_replication_slots` with `pg_stat_replication_slots`, whose counters are NULL for physical slots.
pub const VIEW: View = View {
    name: "pg_replication_slots",
    about: "Replication slots, the WAL and transactions they hold back, and their logical decoding",
    key: &["slot_name"],
    reset_column: Some("stats_reset"),
    columns: &[
        label("slot_name"),
        label("plugin"),
        label("slot_type"),
        label_int("datoid"),
        label("database"),
        flag("temporary"),
        flag("active"),
        label_int("active_pid"),
        gauge("xmin_age", Unit::Transactions),
        gauge("catalog_xmin_age", Unit::Transactions),
        // The WAL that the slot retains.
        gauge("restart_lsn_lag", Unit::Bytes),
        gauge("confirmed_flush_lsn_lag", Unit::Bytes),
        label("wal_status").since(13),
        // NULL where max_slot_wal_keep_size sets no limit, and for a lost slot.
        gauge("safe_wal_size", Unit::Bytes).since(13),
        flag("two_phase").since(14),
        label("two_phase_at").since(18),
        time("inactive_since").since(17),
        flag("conflicting").since(16),
        label("invalidation_reason").since(17),
        flag("failover").since(17),
        flag("synced").since(17),
        decoded("spill_txns", Unit::Count),
        decoded("spill_count", Unit::Count),
        decoded("spill_bytes", Unit::Bytes),
        decoded("stream_txns", Unit::Count),
        decoded("stream_count", Unit::Count),
        decoded("stream_bytes", Unit::Bytes),
        decoded("total_txns", Unit::Count),
        decoded("total_bytes", Unit::Bytes),
        time("stats_reset").since(14),
        READ_AT,
    ],
    statements: &[
        Statement { since: 12, sql: include_str!("replication_slots.sql") },
        Statement { since: 13, sql: include_str!("replication_slots.13.sql") },
        Statement { since: 14, sql: include_str!("replication_slots.14.sql") },
        Statement { since: 16, sql: include_str!("replication_slots.16.sql") },
        Statement { since: 17, sql: include_str!("replication_slots.17.sql") },
        Statement { since: 18, sql: include_str!("replication_slots.18.sql") },
    ],
    ..View::BASE
};
