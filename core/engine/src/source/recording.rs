//! Recordings: the result sets of a real server, written by a recorder around the live source and replayed by tests
//! and by `poll --replay`. Texts are normalised before they are written; a recording holds no literal.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pgquerylens_model::probe::PROBE;
use pgquerylens_model::report::Cost;
use pgquerylens_model::rows::{RawText, Rows, Series};
use pgquerylens_model::version::ServerVersion;
use pgquerylens_model::view::{Kind, View};
use pgquerylens_sql::{RawSql, analyse, cut};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::dial::ConnectError;

use super::session::{Mode, read_error_of};
use super::{Answer, Opened, ReadError, Request, Source, TextSink, Unit};

/// The format this version writes and reads.
pub const FORMAT: u32 = 1;
/// Bytes of one recorded poll: what a hostile folder may make us read.
pub const MAX_POLL_BYTES: u64 = 512 * 1024 * 1024;
/// Bytes of one recorded text.
const MAX_TEXT_BYTES: usize = 8_192;

/// The result sets of one poll, in the order in which they were read.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct RecordedPoll {
    format: u32,
    server_version_num: u32,
    results: Vec<RecordedResult>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RecordedResult {
    /// The database, for results of a walk; none for the target's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    database: Option<String>,
    view: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<RecordedRows>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<RecordedError>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct RecordedRows {
    row_count: usize,
    columns: BTreeMap<String, Series>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct RecordedError {
    sqlstate: String,
    message: String,
}

/// Why a recording cannot be written or replayed.
#[derive(Debug)]
pub enum RecordingError {
    /// The folder or a file in it.
    Io {
        /// What was being done, as a verb phrase.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file that is not a recording of ours.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No poll is in the folder.
    Empty(PathBuf),
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordingError::Io { action, path, .. } => write!(f, "{action} {}", path.display()),
            RecordingError::Unreadable { path, why } => {
                write!(f, "read the recording {}: {why}", path.display())
            }
            RecordingError::Empty(path) => {
                write!(f, "{} holds no recording (poll-001.json and on)", path.display())
            }
        }
    }
}

impl std::error::Error for RecordingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            RecordingError::Io { source, .. } => Some(source),
            RecordingError::Unreadable { .. } | RecordingError::Empty(_) => None,
        }
    }
}

/// A live source that writes down what it reads.
pub struct Recorder<S> {
    inner: S,
    database: Option<String>,
    poll: RecordedPoll,
}

impl<S: Source> Recorder<S> {
    /// Records what the source reads from now on.
    pub fn new(inner: S) -> Recorder<S> {
        Recorder { inner, database: None, poll: RecordedPoll::default() }
    }

    /// Writes what was read since the last call as the n-th poll of the folder, and returns the file's path.
    pub fn write(&mut self, folder: &Path, number: usize) -> Result<PathBuf, RecordingError> {
        let version = self.poll.server_version_num;
        let poll = std::mem::replace(
            &mut self.poll,
            RecordedPoll { server_version_num: version, ..RecordedPoll::default() },
        );
        let poll = RecordedPoll { format: FORMAT, ..poll };
        fs::create_dir_all(folder).map_err(|source| io_error("create the folder", folder, source))?;
        let path = poll_path(folder, number);
        let file = fs::File::create(&path).map_err(|source| io_error("create", &path, source))?;
        serde_json::to_writer(io::BufWriter::new(file), &poll)
            .map_err(|error| io_error("write", &path, io::Error::from(error)))?;
        Ok(path)
    }

    fn note(&mut self, view: &View, rows: &Result<Rows, ReadError>) {
        let database = self.database.clone();
        let view_name = view.name.to_owned();
        let result = match rows {
            Ok(rows) => RecordedResult {
                database,
                view: view_name,
                rows: Some(RecordedRows::of(view, rows)),
                error: None,
            },
            Err(error) => RecordedResult {
                database,
                view: view_name,
                rows: None,
                error: Some(RecordedError::of(error)),
            },
        };
        self.poll.results.push(result);
    }
}

impl<S: Source + Send> Source for Recorder<S> {
    fn is_open(&self) -> bool {
        self.inner.is_open()
    }

    async fn open(&mut self, database: Option<&str>) -> Result<Opened, ConnectError> {
        let opened = self.inner.open(database).await?;
        self.database = database.map(str::to_owned);
        self.poll.server_version_num = opened.version.0;
        Ok(opened)
    }

    fn close(&mut self) {
        self.inner.close();
    }

    fn set_pooled(&mut self) {
        self.inner.set_pooled();
        // The probe that found the settings missing is asked again; only the second answer counts.
        self.poll.results.clear();
    }

    fn cost(&self) -> Cost {
        self.inner.cost()
    }

    async fn read(&mut self, units: &[Unit], deadline: Instant) -> Vec<Answer> {
        let answers = self.inner.read(units, deadline).await;
        for answer in &answers {
            self.note(answer.view, &answer.rows);
        }
        answers
    }

    async fn stream_texts(
        &mut self,
        unit: &Unit,
        budget_bytes: u64,
        deadline: Instant,
        sink: &mut TextSink<'_>,
    ) -> Result<u64, ReadError> {
        let mut texts: Vec<(i64, i64, String)> = Vec::new();
        let mut both = |dbid: i64, queryid: i64, text: &RawText| {
            texts.push((dbid, queryid, normalised(text)));
            sink(dbid, queryid, text);
        };
        let bytes = self.inner.stream_texts(unit, budget_bytes, deadline, &mut both).await?;
        if let Some(request) = unit.requests.first() {
            let rows = RecordedRows::of_texts(texts);
            self.poll.results.push(RecordedResult {
                database: self.database.clone(),
                view: request.view.name.to_owned(),
                rows: Some(rows),
                error: None,
            });
        }
        Ok(bytes)
    }
}

/// A recording, replayed poll by poll. A probe that this poll has no answer for begins the next one.
#[derive(Debug)]
pub struct Replay {
    polls: VecDeque<RecordedPoll>,
    version: ServerVersion,
    database: Option<String>,
    answers: BTreeMap<(Option<String>, String), VecDeque<RecordedResult>>,
    is_open: bool,
}

impl Replay {
    /// Reads a folder's recording.
    pub fn open_folder(folder: &Path) -> Result<Replay, RecordingError> {
        let mut polls = VecDeque::new();
        for number in 1.. {
            let path = poll_path(folder, number);
            match fs::metadata(&path) {
                Ok(metadata) if metadata.len() > MAX_POLL_BYTES => {
                    return Err(RecordingError::Unreadable {
                        path,
                        why: format!("it has more than {MAX_POLL_BYTES} bytes"),
                    });
                }
                Ok(_) => polls.push_back(read_poll(&path)?),
                Err(_) => break,
            }
        }
        let version = polls.front().map(|poll| ServerVersion(poll.server_version_num));
        let version = version.ok_or_else(|| RecordingError::Empty(folder.to_owned()))?;
        Ok(Replay { polls, version, database: None, answers: BTreeMap::new(), is_open: false })
    }

    /// Returns how many polls are left.
    pub fn polls_left(&self) -> usize {
        self.polls.len()
    }

    fn begin_next_poll(&mut self) {
        let Some(poll) = self.polls.pop_front() else { return };
        self.answers.clear();
        for result in poll.results {
            self.answers.entry((result.database.clone(), result.view.clone())).or_default().push_back(result);
        }
    }

    fn next_rows(&mut self, view: &'static View) -> Result<Rows, ReadError> {
        let queue = self.answers.get_mut(&(self.database.clone(), view.name.to_owned()));
        let result = queue.and_then(VecDeque::pop_front).ok_or(ReadError::NotRecorded)?;
        match (result.rows, result.error) {
            (Some(rows), _) => rows.to_rows(view).ok_or(ReadError::NotRecorded),
            (None, Some(error)) => Err(read_error_of(&error.sqlstate, &error.message)),
            (None, None) => Err(ReadError::NotRecorded),
        }
    }

    fn answer(&mut self, request: &Request) -> Answer {
        let key = (self.database.clone(), request.view.name.to_owned());
        let unanswered = self.answers.get(&key).is_none_or(VecDeque::is_empty);
        let next_begins_here =
            self.polls.front().is_some_and(|poll| poll.begins_in(self.database.as_deref()));
        if request.view.name == PROBE.name && unanswered && next_begins_here {
            self.begin_next_poll();
        }
        let rows = self.next_rows(request.view);
        Answer { view: request.view, rows, began: Instant::now(), duration: Duration::ZERO }
    }
}

impl Source for Replay {
    fn is_open(&self) -> bool {
        self.is_open
    }

    async fn open(&mut self, database: Option<&str>) -> Result<Opened, ConnectError> {
        self.database = database.map(str::to_owned);
        self.is_open = true;
        Ok(Opened { version: self.version, tls: None, mode: Mode::Direct, is_rds_proxy: false })
    }

    fn close(&mut self) {
        self.is_open = false;
        self.database = None;
    }

    fn set_pooled(&mut self) {}

    fn cost(&self) -> Cost {
        Cost::default()
    }

    async fn read(&mut self, units: &[Unit], _deadline: Instant) -> Vec<Answer> {
        units.iter().flat_map(|unit| &unit.requests).map(|request| self.answer(request)).collect()
    }

    async fn stream_texts(
        &mut self,
        unit: &Unit,
        _budget_bytes: u64,
        _deadline: Instant,
        sink: &mut TextSink<'_>,
    ) -> Result<u64, ReadError> {
        let request = unit.requests.first().ok_or(ReadError::NotRecorded)?;
        let rows = self.next_rows(request.view)?;
        let mut bytes = 0;
        for row in 0..rows.len() {
            if let (Some(dbid), Some(queryid), Some(text)) =
                (rows.int(0, row), rows.int(1, row), rows.text(2, row))
            {
                bytes += text.as_bytes().len() as u64;
                sink(dbid, queryid, text);
            }
        }
        Ok(bytes)
    }
}

impl RecordedPoll {
    fn begins_in(&self, database: Option<&str>) -> bool {
        self.results.first().is_some_and(|result| result.database.as_deref() == database)
    }
}

impl RecordedRows {
    fn of(view: &View, rows: &Rows) -> RecordedRows {
        let columns = (0..view.columns.len())
            .filter_map(|index| Some((view.columns[index].name.to_owned(), written(rows.series(index)?))))
            .collect();
        RecordedRows { row_count: rows.len(), columns }
    }

    fn of_texts(texts: Vec<(i64, i64, String)>) -> RecordedRows {
        let row_count = texts.len();
        let mut columns = BTreeMap::new();
        columns.insert("dbid".to_owned(), Series::Int(texts.iter().map(|(dbid, ..)| Some(*dbid)).collect()));
        columns.insert("queryid".to_owned(), Series::Int(texts.iter().map(|(_, id, _)| Some(*id)).collect()));
        let labels = texts.into_iter().map(|(.., text)| Some(text.into_boxed_str())).collect();
        columns.insert("query".to_owned(), Series::Label(labels));
        RecordedRows { row_count, columns }
    }

    /// Nothing if a column does not fit the view: an edited recording must not bring inconsistent rows.
    fn to_rows(&self, view: &'static View) -> Option<Rows> {
        let mut series = vec![None; view.columns.len()];
        for (name, values) in &self.columns {
            let Some(index) = view.column_index(name) else { continue };
            let kind = view.columns[index].kind;
            let read = if kind == Kind::Text { raw(values)? } else { values.clone() };
            let fits = std::mem::discriminant(&read) == std::mem::discriminant(&Series::of(kind));
            if !fits || read.len() != self.row_count {
                return None;
            }
            series[index] = Some(read);
        }
        Some(Rows::from_series(series, self.row_count))
    }
}

impl RecordedError {
    fn of(error: &ReadError) -> RecordedError {
        let (sqlstate, message) = match error {
            ReadError::Denied => ("42501", String::new()),
            ReadError::LockTimeout => ("55P03", String::new()),
            ReadError::StatementTimeout => ("57014", String::new()),
            ReadError::Server { sqlstate, message } => (sqlstate.as_str(), message.clone()),
            other => ("XX000", other.to_string()),
        };
        RecordedError { sqlstate: sqlstate.to_owned(), message }
    }
}

/// Raw texts become normalised labels; everything else is written as it is.
fn written(series: &Series) -> Series {
    match series {
        Series::Text(texts) => Series::Label(
            texts.iter().map(|text| text.as_ref().map(|text| normalised(text).into_boxed_str())).collect(),
        ),
        other => other.clone(),
    }
}

fn raw(series: &Series) -> Option<Series> {
    let Series::Label(labels) = series else { return None };
    let texts =
        labels.iter().map(|label| label.as_ref().map(|label| RawText::new(label.as_bytes()))).collect();
    Some(Series::Text(texts))
}

/// Our own marker is a comment, which normalising takes away; a replay has to know our statements all the same.
fn normalised(text: &RawText) -> String {
    let analysis = analyse(&RawSql::from_bytes(text.as_bytes()));
    let normalized = cut(&analysis.normalized, MAX_TEXT_BYTES);
    if analysis.own {
        format!("{} */ {}", pgquerylens_sql::OWN_MARKER, normalized.as_str())
    } else {
        normalized.as_str().to_owned()
    }
}

fn read_poll(path: &Path) -> Result<RecordedPoll, RecordingError> {
    let unreadable = |why: String| RecordingError::Unreadable { path: path.to_owned(), why };
    let file = fs::File::open(path).map_err(|source| io_error("open", path, source))?;
    let poll: RecordedPoll =
        serde_json::from_reader(io::BufReader::new(file)).map_err(|error| unreadable(error.to_string()))?;
    if poll.format == FORMAT {
        return Ok(poll);
    }
    Err(unreadable(format!("it has format {}, this version reads {FORMAT}", poll.format)))
}

fn poll_path(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("poll-{number:03}.json"))
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> RecordingError {
    RecordingError::Io { action, path: path.to_owned(), source }
}
