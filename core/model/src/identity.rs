//! Which server this is, and whose statistics it shows: what must be equal for two readings to be comparable.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;
use crate::version::ServerVersion;

/// Read by the probe of every poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// `pg_control_system().system_identifier`; shared by a primary and its physical replicas.
    pub system_identifier: Option<i64>,
    /// `pg_control_checkpoint().timeline_id`; grows with a promotion.
    pub timeline: Option<i64>,
    /// `server_version_num`.
    pub version: ServerVersion,
    /// `pg_postmaster_start_time()`.
    pub postmaster_start: Timestamp,
    /// `pg_stat_bgwriter.stats_reset`: never NULL, survives a clean restart, new after a crash, and every
    /// physical replica has its own. The nearest thing to an identity that the statistics have.
    pub statistics_since: Option<Timestamp>,
    /// `pg_is_in_recovery()`.
    pub in_recovery: bool,
}

/// What our role could see when the rows were read: rows that become visible are not rows that are new.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visibility {
    /// `current_user`.
    pub role: String,
    /// Whether it has the privileges of pg_read_all_stats.
    pub read_all_stats: bool,
}

impl Identity {
    /// Tells whether both come from one running postmaster.
    pub fn same_postmaster(&self, other: &Identity) -> bool {
        self.postmaster_start == other.postmaster_start && self.system_identifier == other.system_identifier
    }

    /// Tells whether the cumulative statistics are the same ones, over a clean restart too.
    pub fn same_statistics(&self, other: &Identity) -> bool {
        self.system_identifier == other.system_identifier
            && self.statistics_since.is_some()
            && self.statistics_since == other.statistics_since
    }
}
