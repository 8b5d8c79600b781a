//! The prerequisite validator: which aspects of a server, a role and a connection are as they should be, and what
//! mends those that are not. It judges facts; reading them is the engine's work.

mod access;
mod facts;
mod hidden;
mod lifetime;
mod server;
mod setting_value;
mod statements;
mod tracking;

#[cfg(test)]
mod tests;

use crate::advice::{Advice, Mend, Place};
use crate::capabilities::Provider;
use crate::version::ServerVersion;
use crate::view::View;

pub use self::facts::{
    Budget, CHECK, CheckFacts, Connection, Details, ENTRIES, Encryption, Pooling, StatementsReading,
    TEXT_FILE, Verified,
};

/// The statements that a check runs besides the probe and pg_stat_statements_info.
pub const VIEWS: [&View; 3] = [&CHECK, &ENTRIES, &TEXT_FILE];

/// How an aspect is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be; there may still be something to say.
    Ok,
    /// Polls work, and show less, cost more or are less safe than they could.
    Warning,
    /// Polls do not work, or lack what they are made for.
    Error,
}

impl Level {
    /// Returns `ok`, `warning` or `error`.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aspect {
    /// A stable name, for scripts.
    pub id: &'static str,
    /// A short title.
    pub title: &'static str,
    /// How it is.
    pub level: Level,
    /// What was found, one sentence without a full stop.
    pub found: String,
    /// What mends it; beside an aspect that is ok, what would allow still more.
    pub mend: Option<Mend>,
}

/// What a check found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// `host:port/database` as the user named it; never a secret.
    pub target: String,
    /// Who runs the server, by its settings or as the user says; unknown if it was not reached.
    pub provider: Option<Provider>,
    /// The server's version, if it was reached.
    pub version: Option<ServerVersion>,
    /// What was looked at, in a fixed order.
    pub aspects: Vec<Aspect>,
}

impl CheckReport {
    /// Returns the gravest level.
    pub fn level(&self) -> Level {
        self.aspects.iter().map(|aspect| aspect.level).max().unwrap_or(Level::Ok)
    }

    /// Returns how many aspects have a level.
    pub fn count(&self, level: Level) -> usize {
        self.aspects.iter().filter(|aspect| aspect.level == level).count()
    }
}

/// Judges the facts. An aspect that this server does not have, or that could not be looked at, is left out.
pub fn aspects(facts: &CheckFacts) -> Vec<Aspect> {
    let parts: [fn(&CheckFacts) -> Vec<Aspect>; 5] =
        [server::aspects, access::aspects, statements::aspects, tracking::aspects, hidden::aspects];
    parts.iter().flat_map(|part| part(facts)).collect()
}

/// Returns the one aspect of a server that could not be asked.
pub fn unreached(found: String, advice: String) -> Aspect {
    named("connection", "connection").error(found, Mend::of_steps(advice))
}

/// Returns the one aspect of a server of a version that is not read.
pub fn unsupported(version: ServerVersion) -> Aspect {
    server::unsupported(version)
}

/// An aspect before it is judged.
#[derive(Clone, Copy)]
struct Named {
    id: &'static str,
    title: &'static str,
}

const fn named(id: &'static str, title: &'static str) -> Named {
    Named { id, title }
}

impl Named {
    fn judged(self, level: Level, found: String, mend: Option<Mend>) -> Aspect {
        Aspect { id: self.id, title: self.title, level, found, mend }
    }

    fn ok(self, found: impl Into<String>) -> Aspect {
        self.judged(Level::Ok, found.into(), None)
    }

    /// All is well, and this would allow more.
    fn ok_with(self, found: impl Into<String>, more: Mend) -> Aspect {
        self.judged(Level::Ok, found.into(), Some(more))
    }

    fn warning(self, found: impl Into<String>, mend: Mend) -> Aspect {
        self.judged(Level::Warning, found.into(), Some(mend))
    }

    fn error(self, found: impl Into<String>, mend: Mend) -> Aspect {
        self.judged(Level::Error, found.into(), Some(mend))
    }

    fn advised(self, level: Level, advice: Advice) -> Aspect {
        self.judged(level, advice.found, Some(advice.mend))
    }
}

impl CheckFacts {
    fn place(&self) -> Place {
        Place { provider: self.provider, in_recovery: self.probe.capabilities.in_recovery }
    }

    fn major(&self) -> u16 {
        self.probe.capabilities.version.major()
    }

    fn role(&self) -> &str {
        &self.probe.capabilities.rights.role
    }
}
