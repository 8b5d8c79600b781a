//! Figures that are sent under no name of their own, each with the reason. A test holds every column against this.

/// A view whose figures are no metrics, or single columns of it.
#[derive(Debug)]
pub struct LeftOut {
    /// The view.
    pub view: &'static str,
    /// The columns; all of them if there are none.
    pub columns: &'static [&'static str],
    /// Why.
    pub because: &'static str,
}

/// All of them.
pub const LEFT_OUT: &[LeftOut] = &[
    LeftOut {
        view: "pg_database",
        columns: &["datconnlimit"],
        because: "pg_stat_database has it beside what it limits",
    },
    LeftOut {
        view: "pg_stat_activity",
        columns: &[],
        because: "a series per session would never end: sessions are counted, and sent as events",
    },
    LeftOut {
        view: "pg_prepared_xacts",
        columns: &[],
        because: "a series per transaction would never end: they are counted, and the oldest is told",
    },
    LeftOut {
        view: "pg_sequences",
        columns: &[],
        because: "bounds do not change: what is used up of them is sent",
    },
    LeftOut {
        view: "pg_stat_statements",
        columns: &[
            "min_plan_time",
            "max_plan_time",
            "stddev_plan_time",
            "min_exec_time",
            "max_exec_time",
            "stddev_exec_time",
        ],
        because: "they hold since an entry began, not since the last poll",
    },
    LeftOut {
        view: "pg_stat_wal_receiver",
        columns: &[],
        because: "positions in the WAL mean nothing alone: the lag is sent",
    },
    LeftOut {
        view: "recovery",
        columns: &["last_wal_receive_lsn", "last_wal_replay_lsn"],
        because: "positions in the WAL mean nothing alone: the lag is sent",
    },
    LeftOut {
        view: "pg_stat_subscription",
        columns: &[],
        because: "positions in the WAL mean nothing alone",
    },
    LeftOut {
        view: "pgquerylens_probe",
        columns: &["block_size", "statements_max"],
        because: "settings, which do not change between restarts",
    },
];

/// Returns why a column is left out, if it is.
pub fn reason(view: &str, column: &str) -> Option<&'static str> {
    let fits =
        |left: &&LeftOut| left.view == view && (left.columns.is_empty() || left.columns.contains(&column));
    LEFT_OUT.iter().find(fits).map(|left| left.because)
}
