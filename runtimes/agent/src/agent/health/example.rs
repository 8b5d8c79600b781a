//! What the tests of the pages show: a process with servers in every condition, and one where all is well.

use std::collections::BTreeMap;
use std::time::Duration;

use pgquerylens_model::delivery::Count;
use pgquerylens_model::report::Cost;
use pgquerylens_model::time::Timestamp;

use super::snapshot::Snapshot;
use super::vitals::Vitals;
use crate::agent::board::{ExporterState, ProcessState, Resting, ServerState};

/// 2026-07-01 12:00 UTC.
const NOW_SECONDS: i64 = 1_782_907_200;
const UPTIME_SECONDS: i64 = 93_784;

fn ago(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp((NOW_SECONDS - seconds) * 1_000_000))
}

fn uptime(seconds_ago: i64) -> Option<Duration> {
    Some(Duration::from_secs((UPTIME_SECONDS - seconds_ago) as u64))
}

/// One server that is read in time.
pub(in crate::agent) fn quiet() -> Snapshot {
    Snapshot { servers: BTreeMap::from([("shop".to_owned(), in_time())]), ..process() }
}

/// Servers in every condition.
pub(in crate::agent) fn busy() -> Snapshot {
    let servers = [
        ("shop", in_time()),
        ("billing", degraded()),
        ("archive", late()),
        ("reports", stopped()),
        ("<b>new</b>", starting()),
    ];
    Snapshot {
        servers: servers.map(|(name, state)| (name.to_owned(), state)).into_iter().collect(),
        ..process()
    }
}

fn process() -> Snapshot {
    Snapshot {
        now: Timestamp(NOW_SECONDS * 1_000_000),
        uptime: Duration::from_secs(UPTIME_SECONDS as u64),
        version: "0.1.0",
        pid: 4_711,
        vitals: Vitals {
            cpu_seconds: 12.345_678,
            memory_bytes: Some(31 << 20),
            peak_memory_bytes: Some(38 << 20),
            open_files: Some(17),
        },
        process: ProcessState {
            started: Timestamp((NOW_SECONDS - UPTIME_SECONDS) * 1_000_000),
            configuration_file: Some("/etc/pgquerylens/pgquerylens.yaml".to_owned()),
            is_stopping: false,
            beat: Duration::from_millis((UPTIME_SECONDS * 1_000 - 400) as u64),
            reloads: 2,
            failed_reloads: 1,
            reload_trouble: Some("the configuration has 2 mistakes".to_owned()),
        },
        servers: BTreeMap::new(),
    }
}

fn in_time() -> ServerState {
    let well = ExporterState {
        total: Count { accepted: 1_284_220, rejected: 0, dropped: 0 },
        ..ExporterState::default()
    };
    ServerState {
        address: "db-1.example.com:5432/shop".to_owned(),
        every_seconds: 60.0,
        deadline_seconds: 30.0,
        status: Some("ok"),
        first_due: Some(Duration::ZERO),
        last_poll: ago(12),
        last_good: ago(12),
        last_good_uptime: uptime(12),
        next_poll: ago(-48),
        polls: 1_563,
        failed_polls: 2,
        ticks_skipped: 1,
        poll_seconds: 130.25,
        last_poll_seconds: Some(0.083_4),
        cost: Cost {
            statements: 41,
            round_trips: 3,
            received_bytes: 84_512,
            sent_bytes: 9_120,
            duration_ms: 61.25,
            own_exec_time_ms: Some(38.5),
            own_temp_blks_written: Some(0),
            ..Cost::default()
        },
        version: Some("18.4".to_owned()),
        role: Some("primary"),
        exporters: BTreeMap::from([("otlp".to_owned(), well)]),
        ..ServerState::default()
    }
}

fn degraded() -> ServerState {
    let waiting = ExporterState {
        total: Count { accepted: 920_110, rejected: 12, dropped: 340 },
        trouble: Some("the receiver answered 503: try again later".to_owned()),
        outbox_entries: 14,
        outbox_bytes: 1_843_200,
        ..ExporterState::default()
    };
    let lines = ExporterState {
        is_off: true,
        total: Count { accepted: 88, ..Count::default() },
        ..ExporterState::default()
    };
    ServerState {
        address: "db-2.example.com:5432/billing".to_owned(),
        status: Some("degraded"),
        trouble: vec![
            "pg_stat_statements is not in shared_preload_libraries: statements are not counted".to_owned(),
            "pg_stat_wal was not read: permission denied".to_owned(),
        ],
        version: Some("14.18".to_owned()),
        role: Some("standby"),
        views_off: vec!["pg_locks".to_owned(), "pg_stat_archiver".to_owned()],
        failed_views: 1,
        resting_views: BTreeMap::from([(
            "pg_statio_user_tables in billing".to_owned(),
            Timestamp((NOW_SECONDS + 240) * 1_000_000),
        )]),
        exporters: BTreeMap::from([("otlp".to_owned(), waiting), ("lines".to_owned(), lines)]),
        ..in_time()
    }
}

fn late() -> ServerState {
    ServerState {
        address: "10.0.0.7:5432/archive".to_owned(),
        status: Some("failed"),
        trouble: vec!["reach 10.0.0.7:5432/archive · connection refused · → is it running?".to_owned()],
        last_poll: ago(340),
        last_good: ago(2_460),
        last_good_uptime: uptime(2_460),
        failed_polls: 12,
        failures_in_a_row: 10,
        rested_polls: 30,
        last_poll_seconds: Some(5.004),
        resting: Some(Resting { until: Timestamp((NOW_SECONDS + 560) * 1_000_000), failures: 10 }),
        ..in_time()
    }
}

fn stopped() -> ServerState {
    ServerState {
        address: "db-3.example.com:5432/reports".to_owned(),
        stopped: Some("upgrade to 18, ask ops".to_owned()),
        last_poll: ago(7_200),
        last_good: ago(7_200),
        last_good_uptime: uptime(7_200),
        ..in_time()
    }
}

fn starting() -> ServerState {
    ServerState {
        address: "[::1]:5432/new".to_owned(),
        every_seconds: 60.0,
        deadline_seconds: 30.0,
        first_due: uptime(-20),
        next_poll: ago(-20),
        exporters: BTreeMap::from([("otlp".to_owned(), ExporterState::default())]),
        ..ServerState::default()
    }
}
