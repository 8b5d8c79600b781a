//! One connection to the server, and how units of statements travel over it.
//!
//! A direct connection has its settings from the startup packet; every unit is a transaction of its own. Behind a
//! transaction pooler, which drops or refuses those settings, one read-only transaction holds the whole batch:
//! SET LOCAL first, then a savepoint per unit. Either way a batch is sent at once and answered in one round trip,
//! every statement is unnamed and has a Sync of its own, so that an error ends its unit alone.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use pgquerylens_model::decode::Decoder;
use pgquerylens_model::rows::{RawText, Rows};
use pgquerylens_sql::OWN_MARKER;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::types::{FromSql, ToSql, Type};
use tokio_postgres::{Client, Row, RowStream};

use crate::dial::{Canceller, Dialled, Traffic};
use crate::limits::Limits;

use super::{Answer, ReadError, Request, TextSink, Unit};

/// How long a cancel request may take once the deadline has come.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(2);

/// What the server gets to end one statement before the next one is cancelled.
const CANCEL_PAUSE: Duration = Duration::from_millis(20);

/// Sets the extension's schema for one transaction, the only way in which a name of the server's reaches SQL.
const SET_SCHEMA: &str = "select pg_catalog.set_config('search_path', pg_catalog.quote_ident($1), true)";

/// What stands between us and the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing that shares our connection with others.
    Direct,
    /// A pooler that may give every transaction another backend.
    Pooled,
}

/// What a session has cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Statements sent, our own transaction control included.
    pub statements: u64,
    /// Times we waited for the server's answer after login.
    pub round_trips: u64,
}

/// One connection.
pub struct Session {
    client: Client,
    driver: JoinHandle<()>,
    canceller: Option<Canceller>,
    traffic: std::sync::Arc<Traffic>,
    mode: Mode,
    local_settings: String,
    /// Sent once, before the batch that follows the probe: by then it is known that nobody shares the connection.
    unsent_setting: Option<&'static str>,
    counts: Counts,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// A statement on its way, with what it is to the batch.
enum Sent<'u> {
    Control(String),
    SetSchema(&'u str),
    Read(&'u Request),
}

type Outcome = Result<Option<Rows>, ReadError>;

impl Session {
    /// Takes over a fresh connection.
    pub fn new(dialled: Dialled, mode: Mode, limits: &Limits) -> Session {
        let Dialled { client, driver, traffic, canceller, parameters, .. } = dialled;
        let holds_any_bytes = parameters.server_encoding.as_deref() == Some("SQL_ASCII");
        let driver = tokio::spawn(async move {
            // What ended the connection reaches whoever waits for an answer.
            let _ended = driver.await;
        });
        Session {
            client,
            driver,
            canceller,
            traffic,
            mode,
            local_settings: local_settings(limits, holds_any_bytes),
            unsent_setting: holds_any_bytes
                .then_some("select pg_catalog.set_config('client_encoding', 'SQL_ASCII', false)"),
            counts: Counts::default(),
        }
    }

    /// Treats the connection as pooled from now on: its settings were found missing.
    pub fn set_pooled(&mut self) {
        self.mode = Mode::Pooled;
    }

    /// Tells whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Returns what the session has cost so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Returns the bytes sent and received so far.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Runs the units and returns one answer per request, in order.
    pub async fn run(&mut self, units: &[Unit], deadline: Instant) -> Vec<Answer> {
        let mut sent = self.plan(units);
        if self.mode == Mode::Direct && self.counts.round_trips > 0 {
            sent.splice(0..0, self.unsent_setting.take().map(control));
        }
        self.counts.statements += sent.len() as u64;
        self.counts.round_trips += 1;
        let began = Instant::now();
        let mut batch = Batch::of(sent.iter().map(|sent| Box::pin(send(&self.client, sent))));
        let all = batch.finishes_by(deadline).await;
        let finished = batch.take_outputs();
        if !all {
            self.stop(&mut batch).await;
        }
        answers(&sent, finished, began)
    }

    /// Streams the result of a unit's one statement to the sink.
    pub async fn stream(
        &mut self,
        unit: &Unit,
        budget_bytes: u64,
        deadline: Instant,
        sink: &mut TextSink<'_>,
    ) -> Result<u64, ReadError> {
        let sent = self.plan(std::slice::from_ref(unit));
        self.counts.statements += sent.len() as u64;
        // One after another: a stream that is broken off must not leave statements on their way.
        self.counts.round_trips += sent.len() as u64;
        let streamed = timeout_at(deadline, stream_unit(&self.client, &sent, budget_bytes, sink)).await;
        match streamed {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(error)) => {
                if error.ends_session() {
                    self.cancel().await;
                }
                Err(error)
            }
            Err(_) => {
                self.cancel().await;
                Err(ReadError::DeadlineReached)
            }
        }
    }

    /// Asks the server to stop what we can no longer wait for. Whether it heard is not our concern any more.
    async fn cancel(&self) {
        if let Some(canceller) = &self.canceller {
            let _heard = canceller.cancel(CANCEL_TIMEOUT).await;
        }
    }

    /// Cancels until nothing of the batch is left: a cancel ends one statement, and the next one is on its heels.
    async fn stop<F: Future + Unpin>(&self, batch: &mut Batch<F>) {
        let Some(canceller) = &self.canceller else { return };
        let end = Instant::now() + CANCEL_TIMEOUT;
        while Instant::now() < end {
            let _heard = canceller.cancel(end.saturating_duration_since(Instant::now())).await;
            if batch.finishes_by(end.min(Instant::now() + CANCEL_PAUSE)).await {
                return;
            }
        }
    }

    fn plan<'u>(&self, units: &'u [Unit]) -> Vec<Sent<'u>> {
        let mut sent = Vec::new();
        if self.mode == Mode::Pooled {
            sent.push(control("begin read only"));
            sent.push(Sent::Control(self.local_settings.clone()));
        }
        for unit in units {
            let (opening, closing) = match (self.mode, &unit.schema) {
                (Mode::Pooled, _) => (Some("savepoint unit"), Some("rollback to savepoint unit")),
                (Mode::Direct, None) if unit.statement_timeout.is_none() => (None, None),
                (Mode::Direct, _) => (Some("begin read only"), Some("commit")),
            };
            sent.extend(opening.map(control));
            sent.extend(unit.statement_timeout.map(local_timeout));
            sent.extend(unit.schema.as_deref().map(Sent::SetSchema));
            sent.extend(unit.requests.iter().map(Sent::Read));
            sent.extend(closing.map(control));
        }
        if self.mode == Mode::Pooled {
            sent.push(control("commit"));
        }
        sent
    }
}

/// Gives the statements of one transaction another time limit. A number of ours, never text from outside.
fn local_timeout<'u>(timeout: Duration) -> Sent<'u> {
    let milliseconds = timeout.as_millis();
    Sent::Control(format!("select pg_catalog.set_config('statement_timeout', '{milliseconds}', true)"))
}

fn control<'u>(sql: &str) -> Sent<'u> {
    Sent::Control(sql.to_owned())
}

/// `select set_config(…, true), …` for the settings that a direct connection has from its startup packet. The
/// values are numbers and words of ours, never text from outside.
///
/// A SQL_ASCII database holds any bytes. Asked for UTF-8 the server refuses the rows that are none, so it is asked for
/// the bytes as they are.
fn local_settings(limits: &Limits, holds_any_bytes: bool) -> String {
    let encoding = holds_any_bytes.then(|| ("client_encoding", "SQL_ASCII".to_owned()));
    let set: Vec<String> = limits
        .session_settings()
        .iter()
        .chain(&encoding)
        .filter(|(name, _)| *name != "default_transaction_read_only")
        .map(|(name, value)| format!("pg_catalog.set_config('{name}', '{value}', true)"))
        .collect();
    format!("select {}", set.join(", "))
}

async fn send(client: &Client, sent: &Sent<'_>) -> Outcome {
    match sent {
        Sent::Control(sql) => drain(start(client, sql, &[]).await?).await.map(|()| None),
        Sent::SetSchema(schema) => {
            drain(start(client, SET_SCHEMA, &[(schema, Type::TEXT)]).await?).await.map(|()| None)
        }
        Sent::Read(request) => {
            let relations = request.relations.as_ref();
            let parameters: Vec<(&(dyn ToSql + Sync), Type)> =
                relations.map(|oids| (oids as &(dyn ToSql + Sync), Type::OID_ARRAY)).into_iter().collect();
            let stream = start(client, request.sql, &parameters).await?;
            decode(request, stream).await.map(Some)
        }
    }
}

async fn start(
    client: &Client,
    sql: &str,
    parameters: &[(&(dyn ToSql + Sync), Type)],
) -> Result<RowStream, ReadError> {
    let marked = marked(sql);
    let parameters = parameters.iter().map(|(value, kind)| (*value, kind.clone()));
    client.query_typed_raw(&marked, parameters).await.map_err(|error| read_error(&error))
}

/// Returns a statement as it is sent, with our marker behind its first word: PostgreSQL 18 keeps no comment that stands before a statement. Comments
/// of the `.sql` file's head stay at home.
pub fn marked(sql: &str) -> String {
    let mut rest = sql.trim_start();
    while let Some(comment) = rest.strip_prefix("--") {
        rest = comment.split_once('\n').map_or("", |(_, after)| after).trim_start();
    }
    let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    format!("{word} {OWN_MARKER} */ {}", after.trim())
}

async fn drain(stream: RowStream) -> Result<(), ReadError> {
    let mut stream = std::pin::pin!(stream);
    while next(stream.as_mut()).await?.is_some() {}
    Ok(())
}

async fn decode(request: &Request, stream: RowStream) -> Result<Rows, ReadError> {
    let mut stream = std::pin::pin!(stream);
    let mut decoder: Option<Decoder> = None;
    while let Some(row) = next(stream.as_mut()).await? {
        let decoder = match &mut decoder {
            Some(decoder) => decoder,
            none => none.insert(decoder_for(request, &row)?),
        };
        decoder.push(|position| cell(&row, position)).map_err(ReadError::Decode)?;
    }
    Ok(decoder.map_or_else(|| Rows::empty(request.view), Decoder::finish))
}

fn decoder_for(request: &Request, row: &Row) -> Result<Decoder, ReadError> {
    let columns = row.columns().iter().map(|column| (column.name(), column.type_().oid()));
    Decoder::new(request.view, columns).map_err(ReadError::Decode)
}

async fn stream_unit(
    client: &Client,
    sent: &[Sent<'_>],
    budget_bytes: u64,
    sink: &mut TextSink<'_>,
) -> Result<u64, ReadError> {
    let mut bytes = 0;
    for sent in sent {
        let Sent::Read(request) = sent else {
            send(client, sent).await?;
            continue;
        };
        let mut stream = std::pin::pin!(start(client, request.sql, &[]).await?);
        while let Some(row) = next(stream.as_mut()).await? {
            let text = cell(&row, 2).unwrap_or_default();
            bytes += row.raw_size_bytes() as u64;
            if bytes > budget_bytes {
                return Err(ReadError::TextBudgetExceeded(budget_bytes));
            }
            sink(number(&row, 0), number(&row, 1), &RawText::new(text));
        }
    }
    Ok(bytes)
}

fn number(row: &Row, position: usize) -> i64 {
    match cell(row, position) {
        Some(bytes) if bytes.len() == 4 => {
            bytes.try_into().map_or(0, |four| i64::from(u32::from_be_bytes(four)))
        }
        Some(bytes) => bytes.try_into().map_or(0, i64::from_be_bytes),
        None => 0,
    }
}

async fn next(stream: Pin<&mut RowStream>) -> Result<Option<Row>, ReadError> {
    use futures_util::TryStreamExt;
    let mut stream = stream;
    stream.try_next().await.map_err(|error| read_error(&error))
}

/// Statements on their way, and what came of those that have finished.
struct Batch<F: Future> {
    futures: Vec<Option<F>>,
    outputs: Vec<Option<(F::Output, Instant)>>,
}

impl<F: Future + Unpin> Batch<F> {
    fn of(futures: impl Iterator<Item = F>) -> Batch<F> {
        let futures: Vec<Option<F>> = futures.map(Some).collect();
        let outputs = futures.iter().map(|_| None).collect();
        Batch { futures, outputs }
    }

    /// Polls the futures in order, so that their statements leave in order; tells whether all are ready in time.
    async fn finishes_by(&mut self, deadline: Instant) -> bool {
        let step = |context: &mut std::task::Context<'_>| {
            for (slot, output) in self.futures.iter_mut().zip(&mut self.outputs) {
                if let Some(future) = slot
                    && let Poll::Ready(ready) = Pin::new(future).poll(context)
                {
                    *output = Some((ready, Instant::now()));
                    *slot = None;
                }
            }
            if self.futures.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
        };
        timeout_at(deadline, poll_fn(step)).await.is_ok()
    }

    /// Returns what is ready by now; nothing takes the place of what is not.
    fn take_outputs(&mut self) -> Vec<Option<(F::Output, Instant)>> {
        self.outputs.iter_mut().map(Option::take).collect()
    }
}

/// Pairs requests with outcomes. A statement that fails because the unit's opening failed shows that error.
fn answers(sent: &[Sent<'_>], outcomes: Vec<Option<(Outcome, Instant)>>, began: Instant) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut before = began;
    let mut first_error: Option<ReadError> = None;
    for (sent, outcome) in sent.iter().zip(outcomes) {
        let (outcome, at) = outcome.unwrap_or((Err(ReadError::DeadlineReached), before));
        let (began, duration) = (before, at.saturating_duration_since(before));
        before = before.max(at);
        match sent {
            Sent::Read(request) => {
                let rows = match outcome {
                    Ok(rows) => Ok(rows.unwrap_or_default()),
                    Err(error) if is_aborted(&error) => Err(first_error.clone().unwrap_or(error)),
                    Err(error) => {
                        first_error = Some(error.clone());
                        Err(error)
                    }
                };
                answers.push(Answer { view: request.view, rows, began, duration });
            }
            Sent::Control(_) | Sent::SetSchema(_) => {
                if let Err(error) = outcome
                    && !is_aborted(&error)
                {
                    first_error = Some(error);
                }
            }
        }
    }
    answers
}

/// SQLSTATE 25P02: the transaction failed before this statement.
fn is_aborted(error: &ReadError) -> bool {
    matches!(error, ReadError::Server { sqlstate, .. } if sqlstate == "25P02")
}

fn read_error(error: &tokio_postgres::Error) -> ReadError {
    let Some(server) = error.as_db_error() else {
        return ReadError::Lost(reason(error));
    };
    match server.code().code() {
        "57P01" | "57P02" | "57P05" => ReadError::Lost(server.message().to_owned()),
        code => read_error_of(code, server.message()),
    }
}

/// What an SQLSTATE means to the caller.
pub(super) fn read_error_of(sqlstate: &str, message: &str) -> ReadError {
    match sqlstate {
        "42501" => ReadError::Denied,
        "55P03" => ReadError::LockTimeout,
        "57014" => ReadError::StatementTimeout,
        code => ReadError::Server { sqlstate: code.to_owned(), message: message.to_owned() },
    }
}

/// The innermost cause: "connection reset by peer" tells more than "error communicating with the server".
fn reason(error: &tokio_postgres::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn cell(row: &Row, position: usize) -> Option<&[u8]> {
    row.try_get::<_, Option<Raw<'_>>>(position).ok().flatten().map(|raw| raw.0)
}

/// A value as it came over the wire, of whatever type.
struct Raw<'r>(&'r [u8]);

impl<'r> FromSql<'r> for Raw<'r> {
    fn from_sql(_: &Type, raw: &'r [u8]) -> Result<Raw<'r>, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Raw(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_statements_carry_the_marker_behind_their_first_word() {
        let check = |sql, expected| assert_eq!(marked(sql), expected);
        check("select 1\n", "select /* pgquerylens */ 1");
        check("-- Why.\n-- And how.\nselect\n    1", "select /* pgquerylens */ 1");
        check("commit", "commit /* pgquerylens */ ");
    }
}
