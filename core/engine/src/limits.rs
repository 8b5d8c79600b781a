//! The hard budget of a poll on the monitored server. Each value is an option; these are the defaults.

use std::time::Duration;

use pgquerylens_model::cadence::Pauses;

/// What a poll may cost the server, and how long it may take.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// For one address: look-up, connection, TLS and login.
    pub connect_timeout: Duration,
    /// `statement_timeout` of our session.
    pub statement_timeout: Duration,
    /// `lock_timeout` of our session.
    pub lock_timeout: Duration,
    /// `idle_in_transaction_session_timeout` of our session.
    pub idle_in_transaction_timeout: Duration,
    /// `work_mem` of our session, in KiB: the counters of 10,000 statements fit without a temporary file.
    pub work_mem_kib: u32,
    /// For the whole poll; what was read by then is reported.
    pub deadline: Duration,
    /// Pauses of the slow classes of views.
    pub pauses: Pauses,
    /// Bytes of statement text that one reading may be expected to bring; beyond that it is refused.
    pub text_budget_bytes: u64,
    /// Share of execution time without a known text that calls for a text reading.
    pub unknown_text_share: f64,
    /// Pause between two text readings, in seconds.
    pub text_pause_seconds: f64,
    /// Statements whose normalised text is kept in the dictionary.
    pub dictionary_texts: usize,
    /// Bytes of one text in the dictionary.
    pub dictionary_text_bytes: usize,
    /// Relations whose size is asked for in one statement: what one lock timeout costs.
    pub relations_per_batch: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_millis(250),
            idle_in_transaction_timeout: Duration::from_secs(10),
            work_mem_kib: 16 * 1024,
            deadline: Duration::from_secs(30),
            pauses: Pauses::default(),
            text_budget_bytes: 64 * 1024 * 1024,
            unknown_text_share: 0.05,
            text_pause_seconds: 600.0,
            dictionary_texts: 1_000,
            dictionary_text_bytes: 2_048,
            relations_per_batch: 500,
        }
    }
}

/// Bytes that one text is taken for before any was read: a guess on the high side, so that a surprise is a small one.
pub const ASSUMED_TEXT_BYTES: u64 = 4_096;

/// How we are seen in pg_stat_activity and in the server's log.
pub const APPLICATION_NAME: &str = "pgquerylens";

impl Limits {
    /// Returns the session's settings, names and values as SET takes them, in a fixed order.
    pub fn session_settings(&self) -> Vec<(&'static str, String)> {
        let milliseconds = |duration: Duration| duration.as_millis().to_string();
        vec![
            ("search_path", "pg_catalog".to_owned()),
            ("default_transaction_read_only", "on".to_owned()),
            ("statement_timeout", milliseconds(self.statement_timeout)),
            ("lock_timeout", milliseconds(self.lock_timeout)),
            ("idle_in_transaction_session_timeout", milliseconds(self.idle_in_transaction_timeout)),
            ("work_mem", format!("{}kB", self.work_mem_kib)),
            // A statement of ours that the planner thinks expensive must not be compiled.
            ("jit", "off".to_owned()),
            // Nor may it take workers from the server's own work.
            ("max_parallel_workers_per_gather", "0".to_owned()),
        ]
    }

    /// Returns the settings in the form of the startup packet's `options`.
    pub fn startup_options(&self) -> String {
        let settings = self.session_settings();
        settings.iter().map(|(name, value)| format!("-c {name}={value}")).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_in_the_startup_packet() {
        expect_test::expect![[r#"-c search_path=pg_catalog -c default_transaction_read_only=on -c statement_timeout=10000 -c lock_timeout=250 -c idle_in_transaction_session_timeout=10000 -c work_mem=16384kB -c jit=off -c max_parallel_workers_per_gather=0"#]]
        .assert_eq(&Limits::default().startup_options());
    }
}
