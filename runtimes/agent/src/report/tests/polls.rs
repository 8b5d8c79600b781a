//! The polls behind the snapshots.

use pgquerylens_model::capabilities::Provider;
use pgquerylens_model::report::Notice;

use super::fixture::{NOW, OWN_ROLE, Poll, Record, ago, record};

fn notice(degrades: bool, message: &str, mend: Option<&str>) -> Notice {
    Notice { degrades, message: message.to_owned(), mend: mend.map(str::to_owned) }
}

fn statement(queryid: i64, userid: i64, calls: i64, time: f64, stddev: f64, wal: i64) -> Record {
    record! {
        dbid: 16_384, userid: userid, queryid: queryid, toplevel: true,
        calls: calls, total_exec_time: time, stddev_exec_time: stddev, rows: calls * 10,
        shared_blks_hit: calls * 100, shared_blks_read: calls / 2,
        shared_blk_read_time: time / 40.0, shared_blk_write_time: 0.0,
        wal_bytes: wal, temp_blks_written: if queryid == 11 { calls * 40 } else { 0 },
    }
}

const SLOW: i64 = -8_123_456_789_012_345_678;

fn statements_before() -> Vec<Record> {
    vec![
        statement(SLOW, 10, 100, 1_000.0, 3.0, 0),
        statement(11, 10, 50, 900.0, 9.0, 0),
        statement(12, 10, 9_000, 700.0, 0.02, 1_000_000),
        statement(13, 10, 70, 30.0, 0.1, 5_000),
        statement(14, 10, 10, 30.0, 0.1, 0),
        statement(15, OWN_ROLE, 10, 200.0, 0.5, 0),
    ]
}

fn statements_after() -> Vec<Record> {
    vec![
        statement(SLOW, 10, 1_252, 13_900.0, 3.3, 0),
        statement(11, 10, 98, 5_140.0, 52.5, 0),
        statement(12, 10, 61_300, 3_900.0, 0.03, 18_350_080),
        statement(13, 10, 150, 40.0, 0.1, 40_000_000),
        statement(14, 10, 11, 31.0, 0.1, 0),
        statement(15, OWN_ROLE, 11, 223.4, 0.5, 0),
    ]
}

const SLOW_TEXT: &str = "select o.id, o.total, c.name from orders o join customers c on c.id = o.customer_id\n  \
    where c.region = $1 and o.created_at > $2 order by o.total desc limit $3";

fn texts() -> Vec<(i64, &'static str)> {
    vec![
        (SLOW, SLOW_TEXT),
        (11, "select customer_id, sum(total) from orders group by customer_id"),
        (12, "update stock set quantity = quantity - $1 where product_id = $2"),
        (13, "insert into order_lines select * from staging"),
    ]
}

fn session(pid: i64, state: &str, wait: Option<(&str, &str)>, seconds: f64, query: &str) -> Record {
    let mut session = record! {
        pid: pid, backend_start: ago(3_600.0), datname: "shop", usename: "app", backend_type: "client backend",
        state: state, query_start: ago(seconds), state_change: ago(seconds),
        own_session: false, insufficient_privilege: false, read_at: NOW,
    };
    if let Some((kind, event)) = wait {
        session.extend(record! { wait_event_type: kind, wait_event: event });
    }
    if state != "idle" {
        session.extend(record! { xact_start: ago(seconds), query: query });
    }
    session
}

fn sessions() -> Vec<Record> {
    let mut sessions = vec![
        session(4_101, "active", None, 0.012, SLOW_TEXT),
        session(
            4_102,
            "active",
            Some(("IO", "DataFileRead")),
            1.4,
            "select customer_id, sum(total) from orders group by customer_id",
        ),
    ];
    sessions.extend((4_110..4_127).map(|pid| session(pid, "idle", Some(("Client", "ClientRead")), 2.0, "")));
    sessions.push(record! {
        pid: 77, backend_start: ago(9_000.0), backend_type: "checkpointer", own_session: false, read_at: NOW,
        wait_event_type: "Activity", wait_event: "CheckpointerMain",
    });
    let mut own = session(9_999, "active", None, 0.0, "select pg_stat_activity");
    own.retain(|(name, _)| *name != "own_session");
    own.extend(record! { own_session: true });
    sessions.push(own);
    sessions
}

fn database(name: &str, oid: i64, times: i64) -> Record {
    record! {
        datid: oid, datname: name, numbackends: if name == "shop" { 19 } else { 0 },
        xact_commit: 4_500 * times, xact_rollback: 3 * times, blks_hit: 1_200_000 * times, blks_read: 6_000 * times,
        tup_returned: 2_000_000 * times, tup_inserted: 300 * times, tup_updated: 4_300 * times, tup_deleted: 0,
        temp_bytes: 15_728_640 * times, deadlocks: 0, conflicts: 0, active_time: 21_600.0 * times as f64,
        datallowconn: true, datistemplate: false,
    }
}

fn databases(times: i64) -> Vec<Record> {
    let mut template = database("template1", 1, 0);
    template.retain(|(name, _)| *name != "datistemplate");
    template.extend(record! { datistemplate: true });
    vec![
        template,
        database("shop", 16_384, times),
        database("rdsadmin", 16_390, times),
        database("attic", 16_391, 0),
    ]
}

fn wal(times: i64) -> Vec<Record> {
    vec![record! { wal_bytes: 57_000_000 * times, wal_fpi: 312 * times, wal_buffers_full: 0, read_at: NOW }]
}

pub(super) fn busy() -> Poll {
    Poll {
        texts: texts(),
        notices: vec![notice(
            false,
            "pg_stat_statements is 1.11, the server offers 1.12: newer columns are missing",
            Some("alter extension pg_stat_statements update"),
        )],
        ..Poll::default()
    }
    .view("pg_stat_statements", Some(statements_before()), statements_after())
    .view("pg_stat_activity", None, sessions())
    .view("pg_stat_database", Some(databases(10)), databases(11))
    .view("pg_stat_wal", Some(wal(3)), wal(4))
}

pub(super) fn first() -> Poll {
    let rows = statements_after().into_iter().map(without_io_times).collect();
    let mut poll = Poll {
        version: 170_002,
        coverage: None,
        texts: texts(),
        notices: vec![notice(
            false,
            "track_io_timing is off: I/O times are not measured",
            Some("alter system set track_io_timing = on; select pg_reload_conf()"),
        )],
        ..Poll::default()
    }
    .view("pg_stat_statements", None, rows)
    .view("pg_stat_activity", None, sessions())
    .view("pg_stat_database", None, databases(11))
    .view("pg_stat_wal", None, wal(4));
    poll.cost.connections = 1;
    poll.cost.own_exec_time_ms = None;
    poll
}

fn without_io_times(mut record: Record) -> Record {
    record.retain(|(name, _)| !name.ends_with("_time") || name.ends_with("exec_time"));
    record
}

fn waiter(pid: i64, blocked_by: Vec<i64>, seconds: f64) -> Record {
    record! {
        pid: pid, backend_start: ago(3_600.0), blocked_by: blocked_by, datname: "shop", usename: "app",
        query_start: ago(seconds), waitstart: ago(seconds), read_at: NOW,
    }
}

fn with(mut record: Record, more: Record) -> Record {
    record.extend(more);
    record
}

pub(super) fn blocked() -> Poll {
    let waits = Some(("Lock", "transactionid"));
    let mut idle = session(
        4_200,
        "idle in transaction",
        Some(("Client", "ClientRead")),
        74.0,
        "update stock set quantity = $1 where id = $2",
    );
    idle.retain(|(name, _)| *name != "xact_start");
    idle.extend(record! { xact_start: ago(91.0) });
    let activity = vec![
        idle,
        session(4_201, "active", waits, 2.3, "update stock set quantity = $1 where id = $2"),
        session(
            4_202,
            "active",
            Some(("Lock", "tuple")),
            1.1,
            "update stock set quantity = $1 where id = $2",
        ),
        session(4_203, "active", Some(("Lock", "relation")), 0.4, "alter table stock add column note text"),
    ];
    let on_table = |kind: &str, mode: &str| record! { locktype: kind, mode: mode, schemaname: "public", relname: "stock" };
    let waiters = vec![
        with(waiter(4_201, vec![4_200], 2.3), record! { locktype: "transactionid", mode: "ShareLock" }),
        with(waiter(4_202, vec![4_201], 1.1), on_table("tuple", "ExclusiveLock")),
        with(waiter(4_203, vec![0, 4_200, 4_201, 4_202], 0.4), on_table("relation", "AccessExclusiveLock")),
    ];
    Poll { texts: texts(), ..Poll::default() }
        .view("pg_stat_statements", Some(statements_before()), statements_after())
        .view("pg_stat_activity", None, activity)
        .view("pg_blocking_pids", None, waiters)
}

pub(super) fn circle() -> Poll {
    let waits = Some(("Lock", "transactionid"));
    let activity =
        vec![session(1, "active", waits, 0.5, "update a"), session(2, "active", waits, 0.4, "update b")];
    Poll::default().view("pg_stat_activity", None, activity).view(
        "pg_blocking_pids",
        None,
        vec![waiter(1, vec![2], 0.5), waiter(2, vec![1], 0.4)],
    )
}

pub(super) fn standby() -> Poll {
    let recovery = record! { replay_lsn_lag: 12_582_912, replay_delay: 14.2, is_wal_replay_paused: false };
    let receiver = record! { pid: 5, status: "streaming", sender_host: "10.0.0.1" };
    let downstream = record! {
        pid: 31, backend_start: ago(9_000.0), application_name: "cascade", client_addr: "10.0.0.9",
        state: "streaming", sync_state: "async", replay_lsn_lag: 0, replay_lag: 3.0,
    };
    Poll { in_recovery: true, provider: Provider::Rds, texts: texts(), evictions: 7, ..Poll::default() }
        .view("pg_stat_statements", Some(statements_before()), statements_after())
        .view("pg_stat_activity", None, sessions())
        .view("pg_stat_database", Some(databases(10)), databases(11))
        .view("recovery", None, vec![recovery])
        .view("pg_stat_wal_receiver", None, vec![receiver])
        .view("pg_stat_replication", None, vec![downstream])
}

pub(super) fn without_statements() -> Poll {
    let mend = "add pg_stat_statements to shared_preload_libraries, restart, then: create extension pg_stat_statements";
    let mut poll = Poll {
        has_statements: false,
        coverage: None,
        notices: vec![notice(
            true,
            "the database \"shop\" does not have pg_stat_statements: no statements are shown",
            Some(mend),
        )],
        ..Poll::default()
    }
    .view("pg_stat_activity", None, sessions())
    .view("pg_stat_database", Some(databases(10)), databases(11));
    poll.cost.own_exec_time_ms = None;
    poll
}

pub(super) fn failed_collector() -> Poll {
    let error = "canceling statement due to lock timeout";
    Poll {
        failed: vec![("pg_stat_user_tables", error)],
        notices: vec![
            notice(false, "track_io_timing is off: I/O times are not measured", None),
            notice(
                true,
                "pg_stat_user_tables in \"shop\" was not read: canceling statement due to lock timeout",
                None,
            ),
        ],
        ..Poll::default()
    }
    .view("pg_stat_activity", None, sessions())
    .view("pg_stat_database", Some(databases(10)), databases(11))
}

pub(super) fn in_trouble() -> Poll {
    let checkpoints = |requested: i64| {
        vec![record! {
            num_timed: 4, num_requested: requested, buffers_written: 1_000 * requested,
            write_time: 700.0 * requested as f64, sync_time: 50.0, read_at: NOW,
        }]
    };
    let archiver = |failed: i64| {
        vec![record! {
            archived_count: 10, last_archived_time: ago(900.0), failed_count: failed,
            last_failed_wal: "000000010000000000000042", last_failed_time: ago(30.0), read_at: NOW,
        }]
    };
    let slot = record! {
        slot_name: "old_replica", active: false, restart_lsn_lag: 53_687_091_200i64, wal_status: "unreserved", read_at: NOW,
    };
    let vacuum = record! {
        pid: 812, datname: "shop", schemaname: "public", relname: "orders", phase: "scanning heap",
        heap_blks_total: 50_000, heap_blks_scanned: 12_500,
    };
    let old = record! { datid: 16_384, datname: "shop", datfrozenxid_age: 1_620_000_000 };
    let prepared = record! { transaction: "731", prepared: ago(7_300.0) };
    let index = |oid: i64, name: &str, scans: i64, valid: bool| {
        record! {
            indexrelid: oid, schemaname: "public", relname: "orders", indexrelname: name, idx_scan: scans, indisvalid: valid,
            indisunique: false, indisprimary: false, indisexclusion: false, indisreplident: false,
        }
    };
    let duplicate =
        record! { indexrelid: 3, covering_indexrelid: 2, schemaname: "public", indexrelname: "orders_x" };
    let sequence = record! { relid: 9, schemaname: "public", sequencename: "orders_id_seq" };
    let value = record! { relid: 9, last_value: 1_900_000_000, used_ratio: 0.88 };
    Poll::default()
        .view("pg_stat_checkpointer", Some(checkpoints(2)), checkpoints(5))
        .view("pg_stat_archiver", Some(archiver(40)), archiver(44))
        .view("pg_replication_slots", None, vec![slot])
        .view("pg_stat_progress_vacuum", None, vec![vacuum])
        .view("pg_database", None, vec![old])
        .view("pg_prepared_xacts", None, vec![prepared])
        .view(
            "pg_stat_user_indexes",
            None,
            vec![index(2, "orders_y", 0, true), index(3, "orders_x", 8, false)],
        )
        .view("index_duplicates", None, vec![duplicate])
        .view("pg_sequences", None, vec![sequence])
        .view("pg_sequence_last_value", None, vec![value])
}

pub(super) fn hostile() -> Poll {
    let mut evil = session(666, "active", None, 5.0, "select \u{1b}]0;owned\u{7}\u{202e}1");
    evil.retain(|(name, _)| *name != "usename");
    evil.extend(record! { usename: "evil\u{1b}[2Jrole" });
    let database = |times: i64| vec![database("two\nlines\u{200b}", 16_384, times)];
    Poll::default().view("pg_stat_activity", None, vec![evil]).view(
        "pg_stat_database",
        Some(database(1)),
        database(2),
    )
}
