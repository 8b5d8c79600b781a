//! Where rows come from: a live server, or a recording of one.

pub mod live;
pub mod recording;
pub mod session;

use std::fmt;
use std::time::Duration;

use pgquerylens_model::decode::DecodeError;
use pgquerylens_model::report::Cost;
use pgquerylens_model::rows::{RawText, Rows};
use pgquerylens_model::version::ServerVersion;
use pgquerylens_model::view::View;
use tokio::time::Instant;

use crate::dial::ConnectError;
use crate::tls::TlsFacts;
use session::Mode;

/// One statement to run.
#[derive(Clone, Debug)]
pub struct Request {
    /// The view it reads.
    pub view: &'static View,
    /// The statement that fits this server.
    pub sql: &'static str,
    /// The relations it asks for, for views that are read per relation.
    pub relations: Option<Vec<u32>>,
}

/// Statements that share one transaction: an error in one costs the rest of the unit and nothing else.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The schema to look names up in, for the extension's functions; otherwise pg_catalog alone.
    pub schema: Option<String>,
    /// How long each statement may take, if that is not what the session allows.
    pub statement_timeout: Option<Duration>,
    /// The statements.
    pub requests: Vec<Request>,
}

impl Unit {
    /// Returns a unit of one statement under pg_catalog.
    pub fn single(view: &'static View, sql: &'static str) -> Unit {
        Unit { schema: None, statement_timeout: None, requests: vec![Request { view, sql, relations: None }] }
    }
}

/// What came of one request.
#[derive(Debug)]
pub struct Answer {
    /// The view that was read.
    pub view: &'static View,
    /// The rows, or why there are none.
    pub rows: Result<Rows, ReadError>,
    /// When the answer before came; to the first of a batch, when the batch was sent.
    pub began: Instant,
    /// From the answer before to this one.
    pub duration: Duration,
}

/// Why a view was not read.
#[derive(Clone, Debug, PartialEq)]
pub enum ReadError {
    /// SQLSTATE 42501.
    Denied,
    /// SQLSTATE 55P03: another session holds, or waits for, a lock that conflicts with ours.
    LockTimeout,
    /// SQLSTATE 57014: `statement_timeout`, or a cancel of somebody else's.
    StatementTimeout,
    /// We were told to end the poll.
    Interrupted,
    /// Any other error of the server.
    Server {
        /// The SQLSTATE.
        sqlstate: String,
        /// The server's primary message.
        message: String,
    },
    /// The server returned something that the view's table does not describe.
    Decode(DecodeError),
    /// The connection ended.
    Lost(String),
    /// The poll's deadline came first.
    DeadlineReached,
    /// The recording has no such result.
    NotRecorded,
    /// The texts were longer than the budget; reading them was broken off.
    TextBudgetExceeded(u64),
    /// A reset of pg_stat_statements fell into the reading; it is tried again at the next poll.
    ResetWhileReading,
}

impl ReadError {
    /// Tells whether nothing more can be read over this connection.
    pub fn ends_session(&self) -> bool {
        matches!(self, ReadError::Lost(_) | ReadError::DeadlineReached | ReadError::TextBudgetExceeded(_))
    }

    /// Returns the SQLSTATE, or a word of ours for what the server did not say.
    pub fn class(&self) -> &str {
        match self {
            ReadError::Denied => "42501",
            ReadError::LockTimeout => "55P03",
            ReadError::StatementTimeout => "57014",
            ReadError::Server { sqlstate, .. } => sqlstate,
            ReadError::Interrupted => "interrupted",
            ReadError::Decode(_) => "decode",
            ReadError::Lost(_) => "lost",
            ReadError::DeadlineReached => "deadline",
            ReadError::NotRecorded => "not_recorded",
            ReadError::TextBudgetExceeded(_) => "text_budget",
            ReadError::ResetWhileReading => "reset",
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Denied => f.write_str("permission denied"),
            ReadError::LockTimeout => f.write_str("another session's lock was in the way (lock_timeout)"),
            ReadError::StatementTimeout => f.write_str("it took longer than statement_timeout"),
            ReadError::Interrupted => f.write_str("the poll had to end"),
            ReadError::Server { sqlstate, message } => {
                write!(f, "the server answered {message} (SQLSTATE {sqlstate})")
            }
            ReadError::Decode(error) => write!(f, "{error}"),
            ReadError::Lost(why) => write!(f, "the connection ended: {why}"),
            ReadError::DeadlineReached => f.write_str("the poll's deadline came first"),
            ReadError::NotRecorded => f.write_str("the recording does not hold it"),
            ReadError::TextBudgetExceeded(bytes) => {
                write!(f, "the texts are longer than the budget of {bytes} bytes; reading was broken off")
            }
            ReadError::ResetWhileReading => f.write_str("pg_stat_statements was reset during the reading"),
        }
    }
}

impl std::error::Error for ReadError {}

/// Receives one streamed text: database, query id, text.
pub type TextSink<'s> = dyn FnMut(i64, i64, &RawText) + Send + 's;

/// What is known of a connection from its login.
#[derive(Clone, Debug)]
pub struct Opened {
    /// `server_version`.
    pub version: ServerVersion,
    /// What TLS was agreed on; none on an unencrypted connection.
    pub tls: Option<TlsFacts>,
    /// What stands between us and the server.
    pub mode: Mode,
    /// Whether it is RDS Proxy, as far as it said so.
    pub is_rds_proxy: bool,
}

/// Where rows come from. Implemented by the live server, by a recording, and by the recorder around the first.
pub trait Source {
    /// Tells whether a connection is open.
    fn is_open(&self) -> bool;

    /// Opens a connection to the target, or to another of its databases, in place of the one that is held.
    fn open(&mut self, database: Option<&str>) -> impl Future<Output = Result<Opened, ConnectError>> + Send;

    /// Closes the connection, if one is open.
    fn close(&mut self);

    /// Treats the open connection as pooled: its settings were found missing.
    fn set_pooled(&mut self);

    /// Returns what was spent so far, over all connections.
    fn cost(&self) -> Cost;

    /// Runs the units in one round trip and returns one answer per request, in order.
    fn read(&mut self, units: &[Unit], deadline: Instant) -> impl Future<Output = Vec<Answer>> + Send;

    /// Streams every statement's text to the sink and returns how many bytes came.
    fn stream_texts(
        &mut self,
        unit: &Unit,
        budget_bytes: u64,
        deadline: Instant,
        sink: &mut TextSink<'_>,
    ) -> impl Future<Output = Result<u64, ReadError>> + Send;
}
