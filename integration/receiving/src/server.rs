//! A server that exists only as its statistics: statements are executed by adding to counters, so that the truth is
//! known at every moment. It stands in for a live server behind the same trait.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pgquerylens_engine::dial::ConnectError;
use pgquerylens_engine::source::session::Mode;
use pgquerylens_engine::source::{Answer, Opened, ReadError, Source, TextSink, Unit};
use pgquerylens_export::example::rows_of;
use pgquerylens_model::probe::{CONTROL, PROBE};
use pgquerylens_model::report::Cost;
use pgquerylens_model::rows::{RawText, Rows, Series};
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::version::ServerVersion;
use pgquerylens_model::view::View;
use pgquerylens_model::views::{database, roles, statements};
use tokio::time::Instant;

const STARTED: Timestamp = Timestamp(1_767_254_400_000_000);
const MICROSECONDS: i64 = 1_000_000;
const VERSION: ServerVersion = ServerVersion(180_004);
const DATABASE_OID: i64 = 5;
const ROLE_OID: i64 = 10;
/// The query id of the statements that a poll itself executes.
pub const OWN_QUERYID: i64 = 9_999;

/// What the server has counted.
#[derive(Debug)]
struct Counted {
    now: Timestamp,
    commits: i64,
    /// As they were when they were last read.
    commits_read: i64,
    /// Every execution there was, by query id.
    executed: BTreeMap<i64, i64>,
    /// Calls by query id, and since when the entry counts.
    calls: BTreeMap<i64, (i64, Timestamp)>,
    reset_at: Timestamp,
    connections: u64,
}

/// The server. Clones are the same one.
#[derive(Clone, Debug)]
pub struct ModelServer {
    counted: Arc<Mutex<Counted>>,
}

impl Default for ModelServer {
    fn default() -> ModelServer {
        let counted = Counted {
            now: STARTED,
            commits: 0,
            commits_read: 0,
            executed: BTreeMap::new(),
            calls: BTreeMap::new(),
            reset_at: STARTED,
            connections: 0,
        };
        ModelServer { counted: Arc::new(Mutex::new(counted)) }
    }
}

impl ModelServer {
    /// Lets a minute pass and executes a statement so many times.
    pub fn execute(&self, queryid: i64, times: i64) {
        let mut counted = self.counted();
        counted.now.0 += 60 * MICROSECONDS;
        counted.add(queryid, times);
    }

    /// Takes an entry's counters away, as an eviction does; the statement's next execution makes a new one.
    pub fn evict(&self, queryid: i64) {
        let mut counted = self.counted();
        counted.now.0 += MICROSECONDS;
        counted.calls.remove(&queryid);
    }

    /// Takes all entries away and notes the moment.
    pub fn reset_statements(&self) {
        let mut counted = self.counted();
        counted.now.0 += MICROSECONDS;
        counted.reset_at = counted.now;
        counted.calls.clear();
    }

    /// Returns how often each statement was executed, whatever the server still knows of it.
    pub fn executed(&self) -> BTreeMap<i64, i64> {
        self.counted().executed.clone()
    }

    /// Returns how many transactions were committed.
    pub fn commits(&self) -> i64 {
        self.counted().commits
    }

    /// Returns how many there were when that was last read.
    pub fn commits_read(&self) -> i64 {
        self.counted().commits_read
    }

    /// Returns a source that reads it.
    pub fn source(&self) -> ModelSource {
        ModelSource { server: self.clone(), is_open: false }
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    fn add(&mut self, queryid: i64, times: i64) {
        let now = self.now;
        self.calls.entry(queryid).or_insert((0, now)).0 += times;
        *self.executed.entry(queryid).or_default() += times;
        self.commits += times;
    }

    fn rows(&self, view: &'static View) -> Rows {
        match view.name {
            name if name == PROBE.name => self.probe(),
            name if name == CONTROL.name => {
                rows_of(view, 1, vec![("system_identifier", int(7)), ("timeline", int(1))])
            }
            name if name == statements::INFO.name => rows_of(
                view,
                1,
                vec![("dealloc", int(0)), ("stats_reset", time(self.reset_at)), ("read_at", time(self.now))],
            ),
            name if name == statements::VIEW.name => self.statements(),
            name if name == database::VIEW.name => self.database(),
            name if name == roles::VIEW.name => {
                rows_of(view, 1, vec![("roleid", int(ROLE_OID)), ("rolname", label("app"))])
            }
            _ => Rows::empty(view),
        }
    }

    fn statements(&self) -> Rows {
        let ints = |value: &dyn Fn(i64, i64) -> i64| {
            let values = self.calls.iter().map(|(queryid, (calls, _))| Some(value(*queryid, *calls)));
            Series::Int(values.collect())
        };
        let times = self.calls.values().map(|(_, since)| Some(*since)).collect();
        let spent = self.calls.values().map(|(calls, _)| Some(*calls as f64 * 1.5)).collect();
        rows_of(
            &statements::VIEW,
            self.calls.len(),
            vec![
                ("dbid", ints(&|_, _| DATABASE_OID)),
                ("userid", ints(&|_, _| ROLE_OID)),
                ("queryid", ints(&|queryid, _| queryid)),
                ("toplevel", Series::Flag(vec![Some(true); self.calls.len()])),
                ("calls", ints(&|_, calls| calls)),
                ("rows", ints(&|_, calls| calls * 2)),
                ("total_exec_time", Series::Float(spent)),
                ("stats_since", Series::Time(times)),
            ],
        )
    }

    fn database(&self) -> Rows {
        rows_of(
            &database::VIEW,
            1,
            vec![
                ("datid", int(DATABASE_OID)),
                ("datname", label("shop")),
                ("xact_commit", int(self.commits)),
                ("numbackends", int(3)),
                ("read_at", time(self.now)),
            ],
        )
    }

    fn probe(&self) -> Rows {
        let flags = ["in_recovery", "is_superuser", "can_create_role", "can_create_database"];
        let others = ["can_replicate", "bypasses_rls", "track_planning", "track_io_timing"];
        let no = flags.iter().chain(&others).map(|name| (*name, flag(false)));
        let yes = ["read_all_stats", "read_all_settings", "is_monitor"].map(|name| (name, flag(true)));
        let mut columns = vec![
            ("server_version_num", int(i64::from(VERSION.0))),
            ("read_at", time(self.now)),
            ("postmaster_start", time(STARTED)),
            ("statistics_since", time(STARTED)),
            ("pid", int(4_177)),
            ("database_oid", int(DATABASE_OID)),
            ("database_name", label("shop")),
            ("server_encoding", label("UTF8")),
            ("block_size", int(8_192)),
            ("max_connections", int(100)),
            ("role_name", label("monitor")),
            ("statements_schema", label("public")),
            ("statements_version", label("1.12")),
            ("statements_max", int(5_000)),
            ("provider", label("")),
            ("search_path", label("pg_catalog")),
            ("transaction_read_only", label("on")),
            ("statement_timeout", label("10s")),
            ("lock_timeout", label("250ms")),
        ];
        columns.extend(no.chain(yes));
        rows_of(&PROBE, 1, columns)
    }
}

fn int(value: i64) -> Series {
    Series::Int(vec![Some(value)])
}

fn flag(value: bool) -> Series {
    Series::Flag(vec![Some(value)])
}

fn label(value: &str) -> Series {
    Series::Label(vec![Some(value.into())])
}

fn time(value: Timestamp) -> Series {
    Series::Time(vec![Some(value)])
}

/// Reads a [`ModelServer`]; every reading is itself an execution that the server counts.
#[derive(Debug)]
pub struct ModelSource {
    server: ModelServer,
    is_open: bool,
}

impl Source for ModelSource {
    fn is_open(&self) -> bool {
        self.is_open
    }

    async fn open(&mut self, _database: Option<&str>) -> Result<Opened, ConnectError> {
        self.is_open = true;
        self.server.counted().connections += 1;
        Ok(Opened { version: VERSION, tls: None, mode: Mode::Direct, is_rds_proxy: false })
    }

    fn close(&mut self) {
        self.is_open = false;
    }

    fn set_pooled(&mut self) {}

    fn cost(&self) -> Cost {
        Cost { connections: self.server.counted().connections, ..Cost::default() }
    }

    async fn read(&mut self, units: &[Unit], _deadline: Instant) -> Vec<Answer> {
        let mut counted = self.server.counted();
        let requests = units.iter().flat_map(|unit| &unit.requests);
        let answers = requests.map(|request| Answer {
            view: request.view,
            rows: Ok(counted.rows(request.view)),
            began: Instant::now(),
            duration: Duration::ZERO,
        });
        let answers = answers.collect();
        if units
            .iter()
            .flat_map(|unit| &unit.requests)
            .any(|request| request.view.name == database::VIEW.name)
        {
            counted.commits_read = counted.commits;
        }
        counted.now.0 += 1_000;
        counted.add(OWN_QUERYID, 1);
        answers
    }

    async fn stream_texts(
        &mut self,
        _unit: &Unit,
        _budget_bytes: u64,
        _deadline: Instant,
        sink: &mut TextSink<'_>,
    ) -> Result<u64, ReadError> {
        let mut bytes = 0;
        for queryid in self.server.executed().into_keys() {
            let own = format!("{} */ ", pgquerylens_sql::OWN_MARKER);
            let marker = if queryid == OWN_QUERYID { own.as_str() } else { "" };
            let text = format!("{marker}select * from t{queryid} where id = $1");
            bytes += text.len() as u64;
            sink(DATABASE_OID, queryid, &RawText::new(text.as_bytes()));
        }
        Ok(bytes)
    }
}
