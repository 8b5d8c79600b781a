//! One entry of a log, by its first line.

use super::{Severity, Sqlstate};
use crate::time::Timestamp;

/// What an entry's first line tells.
#[derive(Clone, Copy, PartialEq)]
pub struct Entry<'l> {
    /// When it was written, where prefix and zone tell.
    pub time: Option<Timestamp>,
    /// Who had the session.
    pub user: Option<&'l str>,
    /// The session's database.
    pub database: Option<&'l str>,
    /// The code, where the prefix has it.
    pub sqlstate: Option<Sqlstate>,
    /// How grave it is.
    pub severity: Severity,
    /// What it says, literals and all. It stays in here.
    pub(super) message: &'l str,
}
