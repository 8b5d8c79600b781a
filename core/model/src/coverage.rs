//! How much of the work the databases report is explained by the statements we see.
//!
//! `pg_stat_database.active_time` (14 and later) counts the milliseconds in which sessions ran something. The
//! top-level statements' execution and planning time is that same work seen from pg_stat_statements. What is
//! missing was evicted, hidden from our role, not tracked (utility statements when `track_utility` is off, planning
//! when `track_planning` is off, statements that failed or still run) or spent in parsing and sending.

/// Coverage of one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coverage {
    /// Execution and planning time of top-level statements, milliseconds per second of window.
    pub statements_ms_per_second: f64,
    /// Active time of all databases, milliseconds per second of window; none before version 14.
    pub active_ms_per_second: Option<f64>,
}

impl Coverage {
    /// Returns the explained share, 1 for all, or nothing before version 14 or when nothing was active.
    ///
    /// A share above 1 is possible. A statement counts as soon as it ends; the active time of its session arrives at
    /// the end of the transaction, at most once a second, and from 15 on up to ten seconds later in a session that has
    /// become idle. That of background workers, whose statements count, never arrives. What is late in one window is
    /// too much in the next, so that the share holds over many windows better than in a single short one.
    pub fn share(self) -> Option<f64> {
        self.active_ms_per_second
            .filter(|active| *active > 0.0)
            .map(|active| self.statements_ms_per_second / active)
    }
}

/// Returns the coverage of a pair of windows, whose lengths may differ by the time between the two readings.
pub fn coverage(statements: (f64, f64), databases: Option<(f64, f64)>) -> Option<Coverage> {
    let per_second = |(milliseconds, seconds): (f64, f64)| (seconds > 0.0).then(|| milliseconds / seconds);
    Some(Coverage {
        statements_ms_per_second: per_second(statements)?,
        active_ms_per_second: databases.and_then(per_second),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_share_of_active_time() {
        let half = coverage((500.0, 10.0), Some((1_000.0, 10.0))).unwrap();
        assert_eq!(half.share(), Some(0.5));
        assert_eq!(coverage((500.0, 10.0), None).unwrap().share(), None);
        assert_eq!(coverage((500.0, 10.0), Some((0.0, 10.0))).unwrap().share(), None);
        assert_eq!(coverage((500.0, 0.0), None), None);
    }
}
