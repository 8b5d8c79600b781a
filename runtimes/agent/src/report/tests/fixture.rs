//! Polls made by hand: rows as records of named cells, windows by the real subtraction.

use pgquerylens_model::baseline::{Baseline, Snapshot, StatementsInfo};
use pgquerylens_model::capabilities::{Capabilities, Provider, Rights, StatementsExtension, Switches};
use pgquerylens_model::coverage::{Coverage, coverage};
use pgquerylens_model::delta::{since_reset, subtract};
use pgquerylens_model::identity::{Identity, Visibility};
use pgquerylens_model::probe::{Probe, SessionSettings};
use pgquerylens_model::report::{
    CollectorReport, Cost, NamedStatement, Notice, Outcome, PollReport, StatementMetrics, Status,
    UnifiedMetrics, ViewMetrics,
};
use pgquerylens_model::rows::{Rows, Series};
use pgquerylens_model::selection::{Order, select};
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::version::{ExtensionVersion, ServerVersion};
use pgquerylens_model::view::{Kind, Scope, View};
use pgquerylens_model::views::{self, statements};

use super::super::fields::is_interval;

pub(super) const NOW: Timestamp = Timestamp(1_767_276_202_000_000);
const BEFORE: Timestamp = Timestamp(NOW.0 - 12_000_000);
const STARTED: Timestamp = Timestamp(NOW.0 - 273_600_000_000);
const RESET: Timestamp = Timestamp(NOW.0 - 86_400_000_000);
/// Role oid of our own statements.
pub(super) const OWN_ROLE: i64 = 99;

/// One value; a column that no record names is absent, one that a record leaves out is NULL there.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Int(i64),
    Float(f64),
    Label(String),
    Flag(bool),
    Time(Timestamp),
    List(Vec<i64>),
}

pub(super) type Record = Vec<(&'static str, Cell)>;
/// A view by name: its records at the reading before, if there was one, and now.
type Reading = (&'static str, Option<Vec<Record>>, Vec<Record>);

impl From<i64> for Cell {
    fn from(value: i64) -> Cell {
        Cell::Int(value)
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Cell {
        Cell::Float(value)
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Cell {
        Cell::Label(value.to_owned())
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Cell {
        Cell::Flag(value)
    }
}

impl From<Timestamp> for Cell {
    fn from(value: Timestamp) -> Cell {
        Cell::Time(value)
    }
}

impl From<Vec<i64>> for Cell {
    fn from(value: Vec<i64>) -> Cell {
        Cell::List(value)
    }
}

/// Makes a record of names and values.
macro_rules! record {
    ($($name:ident: $value:expr),* $(,)?) => { vec![$((stringify!($name), $crate::report::tests::fixture::Cell::from($value))),*] };
}
pub(super) use record;

/// Returns the moment so many seconds before the reading.
pub(super) fn ago(seconds: f64) -> Timestamp {
    Timestamp(NOW.0 - (seconds * 1e6) as i64)
}

/// A poll in the making.
pub(super) struct Poll {
    pub(super) version: u32,
    pub(super) in_recovery: bool,
    pub(super) provider: Provider,
    pub(super) has_statements: bool,
    pub(super) views: Vec<Reading>,
    pub(super) texts: Vec<(i64, &'static str)>,
    pub(super) evictions: i64,
    pub(super) coverage: Option<Coverage>,
    pub(super) notices: Vec<Notice>,
    pub(super) failed: Vec<(&'static str, &'static str)>,
    pub(super) cost: Cost,
}

impl Default for Poll {
    fn default() -> Poll {
        Poll {
            version: 180_004,
            in_recovery: false,
            provider: Provider::SelfManaged,
            has_statements: true,
            views: Vec::new(),
            texts: Vec::new(),
            evictions: 0,
            coverage: coverage((20_900.0, 12.0), Some((21_600.0, 12.0))),
            notices: Vec::new(),
            failed: Vec::new(),
            cost: Cost {
                connections: 0,
                statements: 14,
                round_trips: 2,
                received_bytes: 1_468_006,
                sent_bytes: 9_120,
                duration_ms: 41.3,
                own_exec_time_ms: Some(23.4),
                own_temp_blks_written: Some(0),
            },
        }
    }
}

impl Poll {
    /// Adds a view read now and, for a window, twelve seconds ago.
    pub(super) fn view(
        mut self,
        name: &'static str,
        before: Option<Vec<Record>>,
        after: Vec<Record>,
    ) -> Poll {
        self.views.push((name, before, after));
        self
    }

    pub(super) fn report(self) -> PollReport {
        let mut baseline = None;
        let mut read = Vec::new();
        for (name, before, after) in &self.views {
            let view = views::by_name(name).unwrap();
            let snapshot = self.snapshot(view, NOW, self.evictions, after);
            let earlier = before.as_ref().map(|rows| Baseline::of(&self.snapshot(view, BEFORE, 0, rows)));
            let window = view.has_counters().then(|| subtract(earlier.as_ref(), &snapshot));
            if view.name == statements::VIEW.name {
                baseline = earlier;
            }
            let database = (view.scope == Scope::Database).then(|| "shop".to_owned());
            read.push(ViewMetrics { view, database, snapshot, window, since: None });
        }
        let statements = self.statements(&read, baseline);
        let mut collectors: Vec<CollectorReport> = read
            .iter()
            .map(|view| collector(view.view.name, Outcome::Read { row_count: view.snapshot.rows.len() }))
            .collect();
        collectors.extend(self.failed.iter().map(|(view, error)| collector(view, failed(error))));
        let degraded = self.notices.iter().any(|notice| notice.degrades);
        PollReport {
            target: "db.example.com:5432/shop".to_owned(),
            window_id: "5a3b6cf1e20d4c78-1".to_owned(),
            status: if degraded { Status::Degraded } else { Status::Ok },
            collectors,
            steps: Vec::new(),
            notices: self.notices.clone(),
            cost: self.cost,
            walk: None,
            metrics: Some(UnifiedMetrics {
                provider: self.provider,
                identity: self.identity(),
                read_at: NOW,
                probe: self.probe(),
                views: read,
                statements,
                coverage: self.coverage,
                measures: Vec::new(),
            }),
            deliveries: Vec::new(),
        }
    }

    fn statements(&self, read: &[ViewMetrics], baseline: Option<Baseline>) -> Option<StatementMetrics> {
        let view = read.iter().find(|found| found.view.name == statements::VIEW.name)?;
        let interval = view.window.clone().filter(is_interval);
        let window = interval.unwrap_or_else(|| since_reset(&view.snapshot, Some(RESET)));
        let int = |name: &str, row: usize| {
            view.snapshot
                .rows
                .int(statements::VIEW.column_index(name).unwrap(), window.deltas.row_indexes[row])
        };
        let selection = select(
            &window,
            3,
            &[Order::Time, Order::Wal],
            |row| int("userid", row) == Some(OWN_ROLE),
            |_| true,
        );
        let named = |row: usize| NamedStatement {
            datname: Some("shop".to_owned()),
            rolname: Some("app".to_owned()),
            query: self
                .texts
                .iter()
                .find(|(id, _)| Some(*id) == int("queryid", row))
                .map(|(_, text)| (*text).to_owned()),
            ..NamedStatement::default()
        };
        let named = selection.selected.iter().map(|selected| named(selected.row)).collect();
        let entries = view.snapshot.rows.len();
        Some(StatementMetrics {
            window,
            baseline,
            selection,
            named,
            hidden_entries: 0,
            entries,
            running: None,
        })
    }

    fn snapshot(
        &self,
        view: &'static View,
        taken_at: Timestamp,
        dealloc: i64,
        records: &[Record],
    ) -> Snapshot {
        let info = StatementsInfo {
            stats_reset: Some(RESET),
            dealloc_before: Some(dealloc),
            dealloc_after: Some(dealloc),
            max_entries: Some(5_000),
        };
        Snapshot {
            view,
            database: (view.scope == Scope::Database).then_some(16_384),
            taken_at,
            identity: self.identity(),
            visibility: Visibility { role: "monitor".to_owned(), read_all_stats: true },
            statements: (view.name == statements::VIEW.name).then_some(info),
            rows: rows(view, records),
        }
        .in_key_order()
    }

    fn identity(&self) -> Identity {
        Identity {
            system_identifier: Some(7),
            timeline: Some(1),
            version: ServerVersion(self.version),
            postmaster_start: STARTED,
            statistics_since: Some(STARTED),
            in_recovery: self.in_recovery,
        }
    }

    fn probe(&self) -> Probe {
        let text = str::to_owned;
        let version = ExtensionVersion { major: 1, minor: 12 };
        let extension = StatementsExtension { schema: text("public"), version, preloaded: Some(true) };
        Probe {
            read_at: NOW,
            identity: self.identity(),
            capabilities: Capabilities {
                version: ServerVersion(self.version),
                provider: self.provider,
                in_recovery: self.in_recovery,
                statements: self.has_statements.then_some(extension),
                rights: Rights::default(),
                switches: Switches::default(),
                aurora: Vec::new(),
            },
            pid: 1,
            database_oid: 16_384,
            database_name: text("shop"),
            block_size: 8_192,
            max_connections: 100,
            session: SessionSettings {
                search_path: text("pg_catalog"),
                transaction_read_only: text("on"),
                statement_timeout: text("10s"),
                lock_timeout: text("250ms"),
            },
            in_progress: Vec::new(),
            excess_attributes: Vec::new(),
            is_monitor: true,
            track_activity_query_size: None,
            server_encoding: text("UTF8"),
            statements_track: None,
        }
    }
}

fn failed(error: &str) -> Outcome {
    Outcome::Failed { error: error.to_owned(), class: "XX000".to_owned() }
}

fn collector(view: &'static str, outcome: Outcome) -> CollectorReport {
    CollectorReport { view, database: None, outcome, after_ms: 0.0, duration_ms: 1.0 }
}

fn rows(view: &View, records: &[Record]) -> Rows {
    let series = |(name, kind): (&'static str, Kind)| {
        let cells: Vec<Option<&Cell>> = records
            .iter()
            .map(|record| record.iter().find(|(cell, _)| *cell == name).map(|(_, cell)| cell))
            .collect();
        cells.iter().any(Option::is_some).then(|| of_kind(kind, &cells))
    };
    let columns = view.columns.iter().map(|column| (column.name, column.kind));
    Rows::from_series(columns.map(series).collect(), records.len())
}

fn of_kind(kind: Kind, cells: &[Option<&Cell>]) -> Series {
    macro_rules! values {
        ($series:ident, $variant:ident, $value:ident => $made:expr) => {
            Series::$series(
                cells
                    .iter()
                    .map(|cell| match cell {
                        Some(Cell::$variant($value)) => Some($made),
                        None => None,
                        Some(other) => panic!("{other:?} in a column of {kind:?}"),
                    })
                    .collect(),
            )
        };
    }
    match kind {
        Kind::Counter | Kind::Gauge | Kind::LabelInt => values!(Int, Int, value => *value),
        Kind::CounterFloat | Kind::GaugeFloat => values!(Float, Float, value => *value),
        // Texts come normalised, as labels.
        Kind::Label | Kind::Text => values!(Label, Label, value => value.as_str().into()),
        Kind::Flag => values!(Flag, Flag, value => *value),
        Kind::Time => values!(Time, Time, value => *value),
        Kind::IntList => values!(IntList, List, value => value.as_slice().into()),
    }
}
