//! What a role must be to read a view whole, and what it gets without that.

/// What a role needs for a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// Every role that may connect reads it whole.
    Nothing,
    /// pg_monitor; a role without it gets less.
    Monitor {
        /// What it gets.
        without: &'static str,
    },
    /// Something that pg_monitor does not bring.
    Other {
        /// What.
        needs: &'static str,
        /// What a role without it gets.
        without: &'static str,
    },
}

const PROGRESS: Needs = Needs::Monitor {
    without: "of other roles' commands only the process and the database; all other columns are NULL",
};
const SERVER_FILE: Needs = Needs::Other {
    needs: "execute on pg_control_system() and pg_control_checkpoint(), which PUBLIC has unless it was revoked",
    without: "no system identifier: a server is then told from another by its statistics' own times",
};

/// Views that some roles do not read whole; every other one needs nothing.
const SPECIAL: &[(&str, Needs)] = &[
    ("pg_control", SERVER_FILE),
    (
        "pg_stat_statements",
        Needs::Monitor {
            without: "queryid is NULL for other roles' statements: they are counted and never named",
        },
    ),
    ("pg_stat_statements_texts", Needs::Monitor { without: "only the texts of the role's own statements" }),
    (
        "pg_stat_activity",
        Needs::Monitor {
            without: "of other roles' sessions state, waits, times, address and query are NULL, and flagged so",
        },
    ),
    ("pg_blocking_pids", Needs::Monitor { without: "sessions of other roles are not seen to wait" }),
    (
        "pg_stat_replication",
        Needs::Monitor { without: "all columns but pid, usesysid, usename and application_name are NULL" },
    ),
    ("pg_stat_wal_receiver", Needs::Monitor { without: "all columns but pid are NULL" }),
    ("pg_stat_progress_vacuum", PROGRESS),
    ("pg_stat_progress_analyze", PROGRESS),
    ("pg_stat_progress_create_index", PROGRESS),
    ("pg_stat_progress_cluster", PROGRESS),
    ("pg_stat_progress_copy", PROGRESS),
    ("pg_stat_progress_basebackup", PROGRESS),
    (
        "pg_sequence_last_value",
        Needs::Other {
            needs: "usage or select on the sequence (pg_read_all_data from 14 on)",
            without: "last_value is NULL for that sequence, and flagged so",
        },
    ),
    (
        "pg_database_size",
        Needs::Monitor { without: "the size is NULL for databases that the role may not connect to" },
    ),
    (
        "pgquerylens_text_file",
        Needs::Other {
            needs: "execute on pg_stat_file(text, boolean), which a superuser may grant",
            without: "it is not sent; the size of the texts is estimated",
        },
    ),
    ("pg_settings", Needs::Monitor { without: "settings that only superusers see are missing" }),
];

/// Returns what a role needs for the view of this name.
pub(super) fn of(view: &str) -> Needs {
    SPECIAL.iter().find(|(name, _)| *name == view).map_or(Needs::Nothing, |(_, needs)| *needs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgquerylens_model::check;
    use pgquerylens_model::probe::CONTROL;
    use pgquerylens_model::views;

    #[test]
    fn names_are_those_of_views() {
        for (name, _) in SPECIAL {
            let of_check = check::VIEWS.iter().any(|view| view.name == *name);
            assert!(views::by_name(name).is_some() || of_check || *name == CONTROL.name, "{name}");
        }
    }
}
