//! Turns every error into what the user sees and the shell gets: what was being done, why it went wrong, what to do,
//! and the exit code.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

use pgquerylens_engine::conninfo;
use pgquerylens_engine::dial::ConnectError;
use pgquerylens_engine::poll::{PollFailure, StateTrouble};
use pgquerylens_engine::source::ReadError;
use pgquerylens_engine::source::recording::RecordingError;
use pgquerylens_engine::state::StoreError;
use pgquerylens_engine::state::refusal::RefusalKind;
use pgquerylens_store::access::OpenError;

use crate::config;
use crate::exit::Exit;
use crate::options;

/// Why a command ended without doing what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the shell gets.
    pub exit: Exit,
    /// What was being done, with the object's name. Empty for an end that needs no words.
    problem: String,
    /// What led to it, the nearest first.
    causes: Vec<String>,
    /// What to do about it.
    advice: Vec<String>,
}

impl Failure {
    /// Describes a failure without a cause.
    pub fn new(exit: Exit, problem: impl Into<String>, advice: impl Into<String>) -> Failure {
        Failure { exit, problem: problem.into(), causes: Vec::new(), advice: vec![advice.into()] }
    }

    /// Describes an error with its causes.
    pub fn of(exit: Exit, error: &dyn Error, advice: impl Into<String>) -> Failure {
        let mut failure = Failure::new(exit, error.to_string(), advice);
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            // Some wrappers show their source and have it as source too; it is told once.
            if !failure.problem.contains(&text) && !failure.causes.contains(&text) {
                failure.causes.push(text);
            }
            source = cause.source();
        }
        failure
    }

    /// Describes an output that could not be written. A reader that closed its end has had enough: that is no failure.
    pub fn of_output(error: &io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::new(Exit::Done, "", "").silenced(),
            _ => Failure {
                causes: vec![error.to_string()],
                ..Failure::new(Exit::Io, "write the output", DISK)
            },
        }
    }

    /// Describes a file or folder that could not be written.
    pub fn of_file(action: &str, path: &Path, error: &io::Error) -> Failure {
        let advice = match error.kind() {
            io::ErrorKind::AlreadyExists => {
                "it is there and stays as it is: name another place, or remove it"
            }
            _ => DISK,
        };
        let failure = Failure::new(Exit::CannotCreate, format!("{action} {}", path.display()), advice);
        Failure { causes: vec![error.to_string()], ..failure }
    }

    /// Returns the failure without its words: they were said.
    pub fn silenced(self) -> Failure {
        Failure { exit: self.exit, problem: String::new(), causes: Vec::new(), advice: Vec::new() }
    }

    /// Returns everything on one line, for logs and pages.
    pub fn in_one_line(&self) -> String {
        let advice =
            self.advice.iter().filter(|advice| !advice.is_empty()).map(|advice| format!("→ {advice}"));
        let parts = [self.problem.clone()].into_iter().chain(self.causes.iter().cloned()).chain(advice);
        parts.collect::<Vec<_>>().join(" · ").replace('\n', " ")
    }

    /// Tells whether there is anything to say.
    pub fn is_silent(&self) -> bool {
        self.problem.is_empty()
    }
}

/// What mends a disk that does not take a file.
pub const DISK: &str = "make it writable, free space there, or name another place";
/// What is said of our own faults.
pub const REPORT_IT: &str = "please report this, with the output of: pgquerylens version --verbose";

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)?;
        self.causes.iter().try_for_each(|cause| write!(f, "\ncause: {cause}"))?;
        self.advice
            .iter()
            .filter(|advice| !advice.is_empty())
            .try_for_each(|advice| write!(f, "\n→ {advice}"))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::of(of_store(&error), &error, error.advice())
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Failure {
        Failure::new(Exit::Configuration, error.what, error.instead)
    }
}

impl From<options::Mistakes> for Failure {
    fn from(options::Mistakes(mistakes): options::Mistakes) -> Failure {
        let problem = match mistakes.len() {
            1 => "an option cannot be used as it is".to_owned(),
            count => format!("{count} options cannot be used as they are"),
        };
        let advice = mistakes.iter().map(ToString::to_string).collect();
        Failure { exit: Exit::Usage, problem, causes: Vec::new(), advice }
    }
}

impl From<config::Mistakes> for Failure {
    fn from(mistakes: config::Mistakes) -> Failure {
        let problem = match mistakes.count() {
            1 => "the configuration cannot be used as it is".to_owned(),
            count => format!("the configuration has {count} mistakes"),
        };
        let exit = if mistakes.has_file() { Exit::Configuration } else { Exit::Usage };
        Failure { exit, problem, causes: Vec::new(), advice: mistakes.lines() }
    }
}

impl From<conninfo::Mistakes> for Failure {
    fn from(conninfo::Mistakes(mistakes): conninfo::Mistakes) -> Failure {
        let advice = mistakes.iter().map(ToString::to_string).collect();
        let problem = "the connection settings cannot be used as they are".to_owned();
        Failure { exit: Exit::Configuration, problem, causes: Vec::new(), advice }
    }
}

impl From<PollFailure> for Failure {
    fn from(failure: PollFailure) -> Failure {
        let (exit, advice) = match &failure {
            PollFailure::Connect(error) => (of_connecting(error), error.advice()),
            PollFailure::Probe(error) => of_probing(error),
            PollFailure::Deadline => (Exit::TryAgain, "try again, or raise --deadline".to_owned()),
            PollFailure::Unsupported(_) => (Exit::Unavailable, "upgrade the server".to_owned()),
            PollFailure::Overlapped => {
                (Exit::TryAgain, "it goes on by itself: one poll at a time uses a state".to_owned())
            }
            PollFailure::State(trouble) => (of_state(trouble), trouble.advice().to_owned()),
            PollFailure::Early { .. } => {
                (Exit::TryAgain, "it is polled again when its interval is over".to_owned())
            }
            PollFailure::Resting { .. } => {
                (Exit::TryAgain, "mend the server, and it is read again".to_owned())
            }
        };
        Failure::of(exit, &failure, advice)
    }
}

impl From<RecordingError> for Failure {
    fn from(error: RecordingError) -> Failure {
        let (exit, advice) = match &error {
            RecordingError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                (Exit::NoInput, "name the folder that pgquerylens record has written")
            }
            RecordingError::Io { action, .. } if action.starts_with("create") => (Exit::CannotCreate, DISK),
            RecordingError::Io { .. } => (Exit::Io, DISK),
            RecordingError::Unreadable { .. } => {
                (Exit::Data, "record again, or replay it with the version that wrote it")
            }
            RecordingError::Empty(_) => {
                (Exit::NoInput, "name the folder that pgquerylens record has written")
            }
        };
        Failure::of(exit, &error, advice)
    }
}

fn of_connecting(error: &ConnectError) -> Exit {
    match error {
        ConnectError::CannotReach { .. }
        | ConnectError::Timeout { .. }
        | ConnectError::TooManyConnections(_)
        | ConnectError::StartingUp(_)
        | ConnectError::ShuttingDown(_)
        | ConnectError::NotAccepting(_)
        | ConnectError::OtherKindOfServer { .. }
        | ConnectError::Refused(_) => Exit::Unavailable,
        ConnectError::TlsSettings { .. }
        | ConnectError::TlsRefusedByServer { .. }
        | ConnectError::UntrustedCertificate(_)
        | ConnectError::NoSuchDatabase(_)
        | ConnectError::OptionsRefused(_) => Exit::Configuration,
        ConnectError::ClientCertificateRefused(_)
        | ConnectError::PasswordMissing { .. }
        | ConnectError::NoPassword { .. }
        | ConnectError::GivenPasswordRefused { .. }
        | ConnectError::WrongPassword(_)
        | ConnectError::LoginRefused(_)
        | ConnectError::NoConnectPrivilege(_) => Exit::Denied,
        ConnectError::TlsFailed { .. } | ConnectError::Protocol { .. } => Exit::Protocol,
    }
}

fn of_probing(error: &ReadError) -> (Exit, String) {
    let (exit, advice) = match error {
        ReadError::Denied => (Exit::Denied, "give the role what PUBLIC has by default on pg_catalog"),
        ReadError::DeadlineReached => (Exit::TryAgain, "try again, or raise --deadline"),
        ReadError::Interrupted => (Exit::TryAgain, "try again"),
        ReadError::StatementTimeout => (Exit::TryAgain, "try again, or raise --statement-timeout"),
        ReadError::LockTimeout => (Exit::TryAgain, "try again, or raise --lock-timeout"),
        ReadError::Lost(_) => (Exit::Unavailable, "see the server's log for why it ended the connection"),
        ReadError::NotRecorded => (Exit::Data, "the recording is not whole: record again"),
        ReadError::Decode(_) => (Exit::Protocol, REPORT_IT),
        ReadError::Server { .. } => (Exit::Unavailable, "see the server's log for the detail"),
        ReadError::TextBudgetExceeded(_) | ReadError::ResetWhileReading => (Exit::TryAgain, "try again"),
    };
    (exit, advice.to_owned())
}

/// Returns how a store's refusal ends a command.
pub fn of_store(error: &StoreError) -> Exit {
    match error {
        StoreError::Conflict => Exit::TryAgain,
        StoreError::Io { action, .. } if action.starts_with("create") => Exit::CannotCreate,
        StoreError::Io { .. } => Exit::Io,
        StoreError::Refused { source, .. } => match source.kind {
            RefusalKind::Unreachable => Exit::Unavailable,
            RefusalKind::OutOfTime | RefusalKind::Busy => Exit::TryAgain,
            RefusalKind::NoCredentials | RefusalKind::Unknown | RefusalKind::Forbidden => Exit::Denied,
            RefusalKind::NoSuchPlace | RefusalKind::WrongRegion => Exit::NoInput,
            RefusalKind::Full | RefusalKind::TooLarge | RefusalKind::Other => Exit::Io,
        },
    }
}

fn of_state(trouble: &StateTrouble) -> Exit {
    match trouble {
        StateTrouble::Store(error) => of_store(error),
        StateTrouble::Unreadable { .. }
        | StateTrouble::OtherServer { .. }
        | StateTrouble::OverBudget { .. } => Exit::Data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgquerylens_engine::dial::{Refusal, Unreachable};
    use pgquerylens_engine::state::ObjectName;
    use pgquerylens_engine::state::codec::CodecError;
    use pgquerylens_model::version::ServerVersion;

    fn refusal(message: &str, sqlstate: &str) -> Refusal {
        Refusal {
            address: "db:5432/shop".to_owned(),
            database: "shop".to_owned(),
            user: "monitor".to_owned(),
            sqlstate: sqlstate.to_owned(),
            message: message.to_owned(),
        }
    }

    fn connect(error: ConnectError) -> Exit {
        Failure::from(PollFailure::Connect(error)).exit
    }

    #[test]
    fn every_way_of_not_connecting_has_its_code() {
        let address = || "db:5432/shop".to_owned();
        let io = || io::Error::other("down");
        let refused = || refusal("no", "");
        for (error, code) in [
            (ConnectError::CannotReach { address: address(), why: Unreachable::Refused, source: io() }, 69),
            (ConnectError::Timeout { address: address(), waited: std::time::Duration::from_secs(5) }, 69),
            (ConnectError::TooManyConnections(refused()), 69),
            (ConnectError::StartingUp(refused()), 69),
            (ConnectError::ShuttingDown(refused()), 69),
            (ConnectError::NotAccepting(refused()), 69),
            (ConnectError::Refused(refused()), 69),
            (ConnectError::Protocol { address: address(), source: Box::new(io()) }, 76),
            (ConnectError::TlsFailed { address: address(), source: Box::new(io()) }, 76),
            (ConnectError::PasswordMissing { address: address(), user: "monitor".to_owned() }, 77),
            (ConnectError::WrongPassword(refused()), 77),
            (ConnectError::LoginRefused(refused()), 77),
            (ConnectError::NoConnectPrivilege(refused()), 77),
            (ConnectError::TlsRefusedByServer { address: address() }, 78),
            (ConnectError::NoSuchDatabase(refused()), 78),
        ] {
            let text = error.to_string();
            assert_eq!(connect(error).code(), code, "{text}");
        }
    }

    #[test]
    fn every_trouble_after_the_login_has_its_code() {
        let path = || "/state".into();
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        let damaged = StateTrouble::Unreadable { object: ObjectName::Baseline, error: CodecError::Damaged };
        let other = StateTrouble::OtherServer { kept_for: "a".to_owned(), polled: "b".to_owned() };
        let create = StoreError::Io { action: "create the state folder", path: path(), source: denied() };
        let write = StoreError::Io { action: "write the state", path: path(), source: denied() };
        for (failure, code) in [
            (PollFailure::Probe(ReadError::Denied), 77),
            (PollFailure::Probe(ReadError::DeadlineReached), 75),
            (PollFailure::Probe(ReadError::Lost("gone".to_owned())), 69),
            (PollFailure::Probe(ReadError::NotRecorded), 65),
            (PollFailure::Deadline, 75),
            (PollFailure::Unsupported(ServerVersion(110_000)), 69),
            (PollFailure::State(damaged), 65),
            (PollFailure::State(other), 65),
            (PollFailure::State(StateTrouble::Store(StoreError::Conflict)), 75),
            (PollFailure::State(StateTrouble::Store(create)), 73),
            (PollFailure::State(StateTrouble::Store(write)), 74),
        ] {
            let text = failure.to_string();
            assert_eq!(Failure::from(failure).exit.code(), code, "{text}");
        }
    }

    #[test]
    fn recordings_and_settings_have_theirs() {
        let missing = io::Error::from(io::ErrorKind::NotFound);
        for (error, code) in [
            (RecordingError::Empty("/r".into()), 66),
            (RecordingError::Io { action: "open", path: "/r".into(), source: missing }, 66),
            (RecordingError::Unreadable { path: "/r".into(), why: "it is cut".to_owned() }, 65),
        ] {
            assert_eq!(Failure::from(error).exit.code(), code);
        }
        let environment = conninfo::Environment { user: Some("me".to_owned()), ..Default::default() };
        let mistakes = conninfo::resolve(Some("postgres://h/d?sslmod=require"), &environment).unwrap_err();
        assert_eq!(Failure::from(mistakes).exit.code(), 78);
        assert_eq!(Failure::of_output(&io::Error::from(io::ErrorKind::BrokenPipe)).exit.code(), 0);
        assert_eq!(Failure::of_output(&io::Error::from(io::ErrorKind::StorageFull)).exit.code(), 74);
    }

    #[test]
    fn a_failure_names_the_object_the_cause_and_the_remedy() {
        let source = io::Error::from(io::ErrorKind::ConnectionRefused);
        let error = ConnectError::CannotReach {
            address: "db:5432/shop".to_owned(),
            why: Unreachable::NoRoute,
            source,
        };
        expect_test::expect![[r#"
            connect to db:5432/shop: no route to it
            cause: connection refused
            → check the address and this machine's network (VPC, VPN, IPv6)"#]]
        .assert_eq(&Failure::from(PollFailure::Connect(error)).to_string());
        let wrong = ConnectError::WrongPassword(refusal(
            "password authentication failed for user \"monitor\"",
            "28P01",
        ));
        expect_test::expect![[r#"
            log in to db:5432/shop as "monitor": password authentication failed for user "monitor" (SQLSTATE 28P01)
            → check the password in PGPASSWORD, ~/.pgpass or the service file, and the role: a role that does not exist gives the same error"#]]
        .assert_eq(&Failure::from(PollFailure::Connect(wrong)).to_string());
    }
}
