//! What can go wrong around a throw-away server, by what the caller will do about it.

use std::{fmt, io, path::Path};

/// Why a sandbox could not do what it was asked.
#[derive(Debug)]
pub enum Error {
    /// The program is not on this machine: install it.
    NotInstalled {
        /// The program and where it was looked for.
        what: String,
    },
    /// A program started and gave up: read its log.
    Exited {
        /// What was being done.
        what: String,
        /// The end of the program's log.
        log: String,
    },
    /// Something did not happen within its limit.
    TimedOut {
        /// What was waited for.
        what: String,
    },
    /// The request makes no sense for this sandbox.
    Unsupported {
        /// What was asked for.
        what: String,
    },
    /// The file system, a process or a socket refused.
    Io {
        /// What was being done.
        what: String,
        /// Why it was refused.
        source: io::Error,
    },
    /// PostgreSQL refused.
    Sql {
        /// What was being done.
        what: String,
        /// The server's answer.
        source: tokio_postgres::Error,
    },
    /// A certificate could not be made.
    Certificate(rcgen::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled { what } => write!(formatter, "{what} not found: run `make setup`"),
            Self::Exited { what, log } => write!(formatter, "{what}; end of its log:\n{log}"),
            Self::TimedOut { what } => write!(formatter, "{what} took too long"),
            Self::Unsupported { what } | Self::Io { what, .. } | Self::Sql { what, .. } => {
                formatter.write_str(what)
            }
            Self::Certificate(_) => formatter.write_str("make a certificate"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Sql { source, .. } => Some(source),
            Self::Certificate(source) => Some(source),
            _ => None,
        }
    }
}

impl From<rcgen::Error> for Error {
    fn from(source: rcgen::Error) -> Self {
        Self::Certificate(source)
    }
}

/// Names what was being done when the system or the server refused.
pub(crate) trait Doing<T> {
    /// Turns the refusal into our error, with `what` as its text.
    fn doing(self, what: impl Into<String>) -> Result<T, Error>;

    /// The same for an action on a file.
    fn doing_at(self, verb: &str, path: &Path) -> Result<T, Error>
    where
        Self: Sized,
    {
        self.doing(format!("{verb} {}", path.display()))
    }
}

impl<T> Doing<T> for Result<T, io::Error> {
    fn doing(self, what: impl Into<String>) -> Result<T, Error> {
        self.map_err(|source| Error::Io { what: what.into(), source })
    }
}

impl<T> Doing<T> for Result<T, tokio_postgres::Error> {
    fn doing(self, what: impl Into<String>) -> Result<T, Error> {
        self.map_err(|source| Error::Sql { what: what.into(), source })
    }
}
