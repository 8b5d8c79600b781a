//! The live server: opens the one connection, falls back to a pooler's ways where it must, and counts the cost.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pgquerylens_model::report::Cost;
use pgquerylens_model::version::ServerVersion;
use tokio::time::Instant;

use crate::conninfo::Target;
use crate::dial::{Canceller, ConnectError, Dialled, Passwords, Startup, Traffic, dial, dial_with};
use crate::limits::{APPLICATION_NAME, Limits};
use crate::secret::Secret;

use super::session::{Counts, Mode, Session};
use super::{Answer, Opened, ReadError, Source, TextSink, Unit};

/// A server and the connection to it, if one is open.
pub struct Live {
    target: Target,
    limits: Limits,
    passwords: Option<Passwords>,
    session: Option<Session>,
    interrupter: Interrupter,
    progress: Progress,
    spent: Spent,
}

/// Ends a poll that somebody else waits for, and every later one of the same source.
#[derive(Clone, Default)]
pub struct Interrupter(Arc<Interruption>);

#[derive(Default)]
struct Interruption {
    is_wanted: AtomicBool,
    canceller: Mutex<Option<Canceller>>,
}

impl Interrupter {
    /// Asks the server to stop the statement that runs, if a connection is open; nothing more is asked of it. The poll
    /// goes on with what was read.
    pub async fn interrupt(&self, timeout: Duration) {
        self.0.is_wanted.store(true, Ordering::Relaxed);
        let canceller = self.0.canceller.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(canceller) = canceller {
            let _heard = canceller.cancel(timeout).await;
        }
    }

    fn is_wanted(&self) -> bool {
        self.0.is_wanted.load(Ordering::Relaxed)
    }

    /// What the server stopped because we asked it to was not slow.
    fn explain(&self, error: ReadError) -> ReadError {
        match error {
            ReadError::StatementTimeout if self.is_wanted() => ReadError::Interrupted,
            error => error,
        }
    }

    fn replace(&self, canceller: Option<Canceller>) {
        *self.0.canceller.lock().unwrap_or_else(PoisonError::into_inner) = canceller;
    }
}

/// Shows from outside whether a source gets anything from its server.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Mutex<Option<Arc<Traffic>>>>);

impl Progress {
    /// Returns the bytes that the present connection has received; none while there is no login.
    pub fn received_bytes(&self) -> u64 {
        let traffic = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        traffic.as_ref().map_or(0, |traffic| traffic.received_bytes())
    }

    fn replace(&self, traffic: Option<Arc<Traffic>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = traffic;
    }
}

/// What connections that are closed have cost, and how many there were.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    connections: u64,
    counts: Counts,
    sent_bytes: u64,
    received_bytes: u64,
}

impl Live {
    /// Names the server; nothing is opened yet.
    pub fn new(target: Target, limits: Limits) -> Live {
        Live {
            target,
            limits,
            passwords: None,
            session: None,
            interrupter: Interrupter::default(),
            progress: Progress::default(),
            spent: Spent::default(),
        }
    }

    /// Returns the way to end from outside what the server is doing.
    pub fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }

    /// Returns the way to see from outside whether the server answers.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Logs in with another password from the next connection on: secrets are rotated.
    pub fn set_password(&mut self, password: Secret) {
        self.target.password = Some(password);
    }

    /// Logs in with what these give at each login, from the next connection on.
    pub fn set_passwords(&mut self, passwords: Passwords) {
        self.passwords = Some(passwords);
    }

    async fn dial(&self, target: &Target, options: Option<&str>) -> Result<Dialled, ConnectError> {
        let startup = Startup { application_name: APPLICATION_NAME, options };
        match &self.passwords {
            Some(passwords) => dial_with(passwords, target, startup, self.limits.connect_timeout).await,
            None => dial(target, startup, self.limits.connect_timeout).await,
        }
    }

    /// Returns the target.
    pub fn target(&self) -> &Target {
        &self.target
    }
}

impl Source for Live {
    fn is_open(&self) -> bool {
        self.session.as_ref().is_some_and(|session| !session.is_closed())
    }

    async fn open(&mut self, database: Option<&str>) -> Result<Opened, ConnectError> {
        self.close();
        let target = database.map_or_else(|| self.target.clone(), |name| self.target.with_database(name));
        let options = self.limits.startup_options();
        let (mut dialled, mode, is_rds_proxy) = match self.dial(&target, Some(&options)).await {
            Err(ConnectError::OptionsRefused(refusal)) => {
                (self.dial(&target, None).await?, Mode::Pooled, refusal.is_of_rds_proxy())
            }
            dialled => (dialled?, Mode::Direct, false),
        };
        if is_rds_proxy {
            // It takes no cancel requests: each would be one more connection for nothing.
            dialled.canceller = None;
        }
        let version = dialled.parameters.server_version.as_deref().and_then(ServerVersion::from_parameter);
        let version = version.unwrap_or(ServerVersion(0));
        let opened = Opened { version, tls: dialled.tls.clone(), mode, is_rds_proxy };
        self.interrupter.replace(dialled.canceller.clone());
        self.progress.replace(Some(Arc::clone(&dialled.traffic)));
        self.session = Some(Session::new(dialled, mode, &self.limits));
        self.spent.connections += 1;
        Ok(opened)
    }

    fn close(&mut self) {
        self.interrupter.replace(None);
        self.progress.replace(None);
        if let Some(session) = self.session.take() {
            let counts = session.counts();
            self.spent.counts.statements += counts.statements;
            self.spent.counts.round_trips += counts.round_trips;
            self.spent.sent_bytes += session.traffic().sent_bytes();
            self.spent.received_bytes += session.traffic().received_bytes();
        }
    }

    fn set_pooled(&mut self) {
        if let Some(session) = &mut self.session {
            session.set_pooled();
        }
    }

    fn cost(&self) -> Cost {
        let open = self.session.as_ref();
        let counts = open.map(Session::counts).unwrap_or_default();
        let bytes = |get: fn(&Traffic) -> u64| open.map_or(0, |session| get(session.traffic()));
        Cost {
            connections: self.spent.connections,
            statements: self.spent.counts.statements + counts.statements,
            round_trips: self.spent.counts.round_trips + counts.round_trips,
            received_bytes: self.spent.received_bytes + bytes(Traffic::received_bytes),
            sent_bytes: self.spent.sent_bytes + bytes(Traffic::sent_bytes),
            ..Cost::default()
        }
    }

    async fn read(&mut self, units: &[Unit], deadline: Instant) -> Vec<Answer> {
        if self.interrupter.is_wanted() {
            return not_asked(units, &ReadError::Interrupted);
        }
        let Some(session) = &mut self.session else { return not_asked(units, &lost()) };
        let mut answers = session.run(units, deadline).await;
        for answer in &mut answers {
            if let Err(error) = &mut answer.rows {
                *error = self.interrupter.explain(error.clone());
            }
        }
        let ended = |answer: &Answer| answer.rows.as_ref().is_err_and(ReadError::ends_session);
        if answers.iter().any(ended) {
            self.close();
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
        if self.interrupter.is_wanted() {
            return Err(ReadError::Interrupted);
        }
        let Some(session) = &mut self.session else { return Err(lost()) };
        let streamed = session.stream(unit, budget_bytes, deadline, sink).await;
        // Whatever went wrong went wrong inside a transaction: the connection is not worth mending.
        if streamed.is_err() {
            self.close();
        }
        streamed.map_err(|error| self.interrupter.explain(error))
    }
}

fn not_asked(units: &[Unit], why: &ReadError) -> Vec<Answer> {
    let began = Instant::now();
    let requests = units.iter().flat_map(|unit| &unit.requests);
    requests
        .map(|request| Answer { view: request.view, rows: Err(why.clone()), began, duration: Duration::ZERO })
        .collect()
}

fn lost() -> ReadError {
    ReadError::Lost("no connection is open".to_owned())
}
