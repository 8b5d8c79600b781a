//! Which metrics go to CloudWatch, where each series of each costs money every month.

use glob::{Pattern, PatternError};
use pgquerylens_model::views::statements;

use crate::metrics::Point;
use crate::metrics::catalogue::{feeds, made};
use crate::metrics::statements::{PART, QUERYID};

/// What is sent where nobody says: how a server and its databases fare, in fewer than thirty metrics each.
pub const DEFAULT: &[&str] = &[
    "pgquerylens.up",
    "pgquerylens.coverage",
    "pgquerylens.poll.duration",
    "postgresql.activity.blocked_sessions",
    "postgresql.activity.oldest_transaction",
    "postgresql.archiver.failed_count",
    "postgresql.backends",
    "postgresql.blks_hit",
    "postgresql.blks_read",
    "postgresql.commits",
    "postgresql.connection.max",
    "postgresql.database.active_time",
    "postgresql.database.datfrozenxid_age",
    "postgresql.db_size",
    "postgresql.deadlocks",
    "postgresql.query.execution.time",
    "postgresql.recovery.replay_delay",
    "postgresql.replication_slots.restart_lsn_lag",
    "postgresql.rollbacks",
    "postgresql.temp.io",
    "postgresql.temp_files",
    "postgresql.wal.wal_bytes",
];

/// Returns the names of the metrics of a report that can be sent: all but those that statements alone have.
pub fn sendable() -> impl Iterator<Item = &'static str> {
    names(false)
}

/// Returns the names of the metrics that statements alone have, which are never sent.
pub fn of_statements() -> impl Iterator<Item = &'static str> {
    names(true)
}

fn names(is_of_statements: bool) -> impl Iterator<Item = &'static str> {
    let of_columns = feeds().iter().map(|feed| (&*feed.metric.name, feed.view.name == statements::VIEW.name));
    let of_none = made().into_iter().map(|(metric, keys)| (&*metric.name, keys.contains(&QUERYID)));
    of_columns
        .chain(of_none)
        .filter(move |(_, is_theirs)| *is_theirs == is_of_statements)
        .map(|(name, _)| name)
}

/// The metrics that are sent, by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection(Vec<Pattern>);

impl Default for Selection {
    fn default() -> Selection {
        let pattern = |name: &&str| Pattern::new(name).expect("a name is a pattern");
        Selection(DEFAULT.iter().map(pattern).collect())
    }
}

impl Selection {
    /// Reads names, in which `*` stands for any letters; returns the first that makes no sense, with why.
    pub fn of(names: &[String]) -> Result<Selection, (String, PatternError)> {
        let pattern = |name: &String| Pattern::new(name).map_err(|error| (name.clone(), error));
        names.iter().map(pattern).collect::<Result<_, _>>().map(Selection)
    }

    /// Tells whether a metric of this name is among them.
    pub fn names(&self, metric: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches(metric))
    }

    /// Tells whether a point is sent. The series of statements come and go, each at the price of a metric: they never
    /// are, and neither is their remainder, which means nothing without them.
    pub(super) fn takes(&self, point: &Point<'_>) -> bool {
        let is_of_statements = point.attributes.iter().any(|(key, _)| [QUERYID, PART].contains(key));
        !is_of_statements && self.names(&point.metric.name)
    }
}
