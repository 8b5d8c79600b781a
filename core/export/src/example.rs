//! A small poll made by hand: the example that the reference shows and that the tests check.

use pgquerylens_model::baseline::{Baseline, Snapshot, StatementsInfo};
use pgquerylens_model::capabilities::{Capabilities, Provider, Rights, StatementsExtension, Switches};
use pgquerylens_model::coverage::coverage;
use pgquerylens_model::delta::subtract;
use pgquerylens_model::identity::{Identity, Visibility};
use pgquerylens_model::probe::{Probe, SessionSettings};
use pgquerylens_model::report::{
    CollectorReport, Cost, NamedStatement, Notice, Outcome, PollReport, RunningMetrics, StatementMetrics,
    Status, Step, UnifiedMetrics, ViewMetrics,
};
use pgquerylens_model::rows::{Rows, Series};
use pgquerylens_model::running::{RunningSums, SeriesRules, Told};
use pgquerylens_model::selection::{Order, select};
use pgquerylens_model::since::since;
use pgquerylens_model::statements::StatementKey;
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::version::{ExtensionVersion, ServerVersion};
use pgquerylens_model::view::View;
use pgquerylens_model::views::{activity, database, statements};
use pgquerylens_model::window::Window;

const STARTED: Timestamp = Timestamp(1_767_254_400_000_000);
const EARLIER: Timestamp = Timestamp(1_767_257_940_000_000);
const BEFORE: Timestamp = Timestamp(1_767_258_000_000_000);
/// When the poll began.
pub(crate) const NOW: Timestamp = Timestamp(1_767_258_060_000_000);
/// The queries of the example that are our own: the last one.
const OWN_ROW: usize = 2;

/// Returns rows of a view in which the named columns are there and the others are absent.
pub fn rows_of(view: &View, row_count: usize, columns: Vec<(&str, Series)>) -> Rows {
    let mut series = vec![None; view.columns.len()];
    for (name, values) in columns {
        if let Some(slot) = view.column_index(name).and_then(|index| series.get_mut(index)) {
            *slot = Some(values);
        }
    }
    Rows::from_series(series, row_count)
}

/// Returns the third poll of a server with three statements, one of them our own.
pub fn report() -> PollReport {
    let views = vec![statement_view(), activity_view(), database_view()];
    let statements = statement_metrics(&views[0]);
    PollReport {
        target: "db.example.com:5432/shop".to_owned(),
        window_id: "5a3b6cf1e20d4c78-1".to_owned(),
        status: Status::Ok,
        collectors: vec![
            collector(statements::VIEW.name, Outcome::Read { row_count: 3 }),
            collector(activity::VIEW.name, Outcome::Read { row_count: 1 }),
            collector("pg_settings", Outcome::NotDue),
        ],
        steps: vec![Step { name: "probe", after_ms: 0.0, duration_ms: 3.0 }],
        notices: vec![Notice {
            degrades: false,
            message: "track_io_timing is off: I/O times are not measured".to_owned(),
            mend: Some("alter system set track_io_timing = on; select pg_reload_conf()".to_owned()),
        }],
        cost: Cost {
            statements: 14,
            round_trips: 2,
            received_bytes: 48_213,
            sent_bytes: 9_120,
            duration_ms: 11.5,
            own_exec_time_ms: Some(4.5),
            own_temp_blks_written: Some(0),
            ..Cost::default()
        },
        walk: None,
        metrics: Some(UnifiedMetrics {
            provider: Provider::SelfManaged,
            identity: identity(),
            read_at: NOW,
            probe: probe(),
            coverage: coverage((2_404.5, 60.0), Some((2_500.0, 60.0))),
            statements: Some(statements),
            views,
            measures: Vec::new(),
        }),
        deliveries: Vec::new(),
    }
}

/// Returns a poll that could not read anything.
pub fn failed_report() -> PollReport {
    PollReport {
        target: "db.example.com:5432/shop".to_owned(),
        window_id: String::new(),
        status: Status::Failed,
        collectors: Vec::new(),
        steps: Vec::new(),
        notices: Vec::new(),
        cost: Cost::default(),
        walk: None,
        metrics: None,
        deliveries: Vec::new(),
    }
}

fn collector(view: &'static str, outcome: Outcome) -> CollectorReport {
    CollectorReport { view, database: None, outcome, after_ms: 3.0, duration_ms: 1.5 }
}

fn identity() -> Identity {
    Identity {
        system_identifier: Some(7_590_123_456_789_012_345),
        timeline: Some(1),
        version: ServerVersion(180_004),
        postmaster_start: STARTED,
        statistics_since: Some(STARTED),
        in_recovery: false,
    }
}

fn probe() -> Probe {
    Probe {
        read_at: NOW,
        identity: identity(),
        capabilities: Capabilities {
            version: ServerVersion(180_004),
            provider: Provider::SelfManaged,
            in_recovery: false,
            statements: Some(StatementsExtension {
                schema: "public".to_owned(),
                version: ExtensionVersion { major: 1, minor: 12 },
                preloaded: Some(true),
            }),
            rights: Rights {
                role: "monitor".to_owned(),
                superuser: false,
                read_all_stats: true,
                read_all_settings: true,
            },
            switches: Switches { track_io_timing: Some(false), ..Switches::default() },
            aurora: Vec::new(),
        },
        pid: 4_321,
        database_oid: 16_384,
        database_name: "shop".to_owned(),
        block_size: 8_192,
        max_connections: 100,
        session: SessionSettings {
            search_path: "pg_catalog".to_owned(),
            transaction_read_only: "on".to_owned(),
            statement_timeout: "10s".to_owned(),
            lock_timeout: "250ms".to_owned(),
        },
        in_progress: Vec::new(),
        excess_attributes: Vec::new(),
        is_monitor: true,
        track_activity_query_size: Some("1kB".to_owned()),
        server_encoding: "UTF8".to_owned(),
        statements_track: Some("top".to_owned()),
    }
}

fn ints(values: &[i64]) -> Series {
    Series::Int(values.iter().copied().map(Some).collect())
}

fn floats(values: &[f64]) -> Series {
    Series::Float(values.iter().copied().map(Some).collect())
}

fn labels(values: &[Option<&str>]) -> Series {
    Series::Label(values.iter().map(|value| value.map(Into::into)).collect())
}

fn times(values: &[Timestamp]) -> Series {
    Series::Time(values.iter().copied().map(Some).collect())
}

fn snapshot(view: &'static View, taken_at: Timestamp, rows: Rows) -> Snapshot {
    let statements = (view.name == statements::VIEW.name).then_some(StatementsInfo {
        stats_reset: Some(STARTED),
        dealloc_before: Some(0),
        dealloc_after: Some(0),
        max_entries: Some(5_000),
    });
    let visibility = Visibility { role: "monitor".to_owned(), read_all_stats: true };
    Snapshot { view, database: None, taken_at, identity: identity(), visibility, statements, rows }
        .in_key_order()
}

fn metrics(view: &'static View, before: Rows, after: Rows) -> ViewMetrics {
    let snapshot_now = snapshot(view, NOW, after);
    let window = view
        .has_counters()
        .then(|| subtract(Some(&Baseline::of(&snapshot(view, BEFORE, before))), &snapshot_now));
    let since = window.as_ref().map(|window| since(None, window, &snapshot_now));
    ViewMetrics { view, database: None, snapshot: snapshot_now, window, since }
}

fn statement_rows(calls: &[i64], total: &[f64], stddev: &[f64]) -> Rows {
    rows_of(
        &statements::VIEW,
        3,
        vec![
            ("dbid", ints(&[16_384; 3])),
            ("userid", ints(&[16_385, 16_385, 16_390])),
            ("queryid", ints(&[-8_123_456_789_012_345_678, 2_345_678_901_234_567_890, 77])),
            ("toplevel", Series::Flag(vec![Some(true); 3])),
            ("calls", ints(calls)),
            ("total_exec_time", floats(total)),
            ("max_exec_time", floats(&[412.5, 9.25, 5.0])),
            ("stddev_exec_time", floats(stddev)),
            ("rows", ints(calls)),
            ("stats_since", times(&[STARTED; 3])),
        ],
    )
}

fn statement_view() -> ViewMetrics {
    let before = statement_rows(&[100, 900, 10], &[2_000.0, 450.0, 40.0], &[1.5, 0.25, 0.0]);
    let after = statement_rows(&[200, 1_700, 11], &[4_000.0, 850.0, 44.5], &[1.5, 0.25, 0.0]);
    metrics(&statements::VIEW, before, after)
}

fn known() -> NamedStatement {
    NamedStatement {
        datname: Some("shop".to_owned()),
        rolname: Some("app".to_owned()),
        query: Some("select * from orders where customer_id = $1".to_owned()),
        fingerprint: Some("a0dc27c2d8d4f4f2".to_owned()),
        statement_type: Some("SELECT".to_owned()),
        tables: vec!["orders".to_owned()],
    }
}

/// The first statement has a series of its own since the reading before the last.
fn running_metrics(view: &ViewMetrics, window: &Window, before: Rows) -> RunningMetrics {
    let rules = SeriesRules::default();
    let rows = window.deltas.row_indexes.iter();
    let keys: Vec<_> = rows.map(|row| StatementKey::of(&view.snapshot.rows, *row)).collect();
    let own: Vec<_> = keys.iter().flatten().filter(|key| key.queryid == 77).copied().collect();
    let first: Vec<_> = keys.iter().flatten().take(1).copied().collect();
    let told = Told { keys: &keys, first: &first, own: &own, vectors: &[], reset_at: None };
    let earlier = statement_rows(&[70, 500, 8], &[1_400.0, 250.0, 32.0], &[1.5, 0.25, 0.0]);
    let earlier = snapshot(&statements::VIEW, EARLIER, earlier);
    let window_before = subtract(Some(&Baseline::of(&earlier)), &snapshot(&statements::VIEW, BEFORE, before));
    let begun = RunningSums::add(None, &subtract(None, &earlier), &told, &rules).next;
    let grown = RunningSums::add(Some(begun), &window_before, &told, &rules).next;
    let sums = RunningSums::add(Some(grown), window, &told, &rules).now;
    let series = sums.series.into_iter().map(|series| (series, known())).collect();
    let databases = sums.databases.into_iter().map(|(_, running)| ("shop".to_owned(), running)).collect();
    RunningMetrics { series, other: sums.other, own: sums.own, databases, vectors: Vec::new() }
}

fn statement_metrics(view: &ViewMetrics) -> StatementMetrics {
    let window = view.window.clone().unwrap_or_else(|| subtract(None, &view.snapshot));
    let queryid = statements::VIEW.column_index("queryid").unwrap_or_default();
    let is_own = |row: usize| view.snapshot.rows.int(queryid, window.deltas.row_indexes[row]) == Some(77);
    let selection = select(&window, 1, &[Order::Time], is_own, |_| true);
    let before = statement_rows(&[100, 900, 10], &[2_000.0, 450.0, 40.0], &[1.5, 0.25, 0.0]);
    let running = running_metrics(view, &window, before.clone());
    StatementMetrics {
        window,
        baseline: Some(Baseline::of(&snapshot(&statements::VIEW, BEFORE, before))),
        named: vec![known()],
        selection,
        hidden_entries: 0,
        entries: OWN_ROW + 1,
        running: Some(running),
    }
}

fn activity_view() -> ViewMetrics {
    let rows = || {
        let columns = vec![
            ("datname", labels(&[Some("shop")])),
            ("pid", ints(&[4_177])),
            ("usename", labels(&[Some("app")])),
            ("backend_start", times(&[STARTED])),
            ("xact_start", times(&[Timestamp(NOW.0 - 250_000)])),
            ("wait_event_type", labels(&[None])),
            ("state", labels(&[Some("active")])),
            ("query_id", ints(&[-8_123_456_789_012_345_678])),
            ("query", labels(&[Some("select * from orders where customer_id = $1")])),
            ("own_session", Series::Flag(vec![Some(false)])),
        ];
        rows_of(&activity::VIEW, 1, columns)
    };
    metrics(&activity::VIEW, rows(), rows())
}

fn database_view() -> ViewMetrics {
    let rows = |commits: i64, active: f64| {
        let columns = vec![
            ("datid", ints(&[16_384])),
            ("datname", labels(&[Some("shop")])),
            ("numbackends", ints(&[3])),
            ("xact_commit", ints(&[commits])),
            ("active_time", floats(&[active])),
            ("stats_reset", Series::Time(vec![None])),
        ];
        rows_of(&database::VIEW, 1, columns)
    };
    metrics(&database::VIEW, rows(1_000, 2_600.0), rows(1_901, 5_100.0))
}
