//! What the baseline object holds, and what is given up first when it grows beyond its budget.

use pgquerylens_model::baseline::{Baseline, Snapshot, StoredBaseline};
use pgquerylens_model::breaker::Breaker;
use pgquerylens_model::outside::Memory;
use pgquerylens_model::running::RunningSums;
use pgquerylens_model::since::{Since, since};
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::vectors::VectorTable;
use pgquerylens_model::view::View;
use pgquerylens_model::window::Window;
use serde::{Deserialize, Serialize};

use super::codec::{self, Stored};
use super::patience::ViewPatience;

/// Everything that the next poll needs to know of this one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The target as the user named it, without its database.
    pub target: String,
    /// The server that was polled, where it tells.
    pub system_identifier: Option<i64>,
    /// Tells this state from one that was begun at another time; none before the first poll.
    pub lineage: Option<u64>,
    /// Polls so far.
    pub polls: u64,
    /// When the last of them was, by the clock of whoever polled.
    pub polled_at: Option<Timestamp>,
    /// The version of the dictionary that goes with it: who knows that one need not look.
    pub dictionary: Option<String>,
    /// When each view was last read.
    pub last_read: Vec<LastRead>,
    /// Which database the walk comes to next.
    pub walk_next: Option<String>,
    /// When the walk last began a round.
    pub walk_began: Option<Timestamp>,
    /// Where statements are read, if not in the database that was asked for.
    pub statements_home: Option<StatementsHome>,
    /// When the databases were last searched for pg_stat_statements.
    pub statements_sought_at: Option<Timestamp>,
    /// Names of roles by oid, from the last time they were read.
    pub roles: Vec<(i64, String)>,
    /// Utility statements of the last reading, by database and query id, where a provider gets them wrong.
    pub utilities: Vec<(i64, i64)>,
    /// Tables that have vectors, from the last time they were read.
    pub vector_tables: Vec<VectorTable>,
    /// What is known of the statements' texts.
    pub texts: TextLedger,
    /// Running sums of the statements, where somebody takes them.
    pub running: Option<RunningSums>,
    /// Of the server as a whole.
    pub breaker: Breaker,
    /// What those keep who look at it from outside.
    pub outside: Memory,
    pub(super) views: Vec<ViewPatience>,
    starts: Vec<KeptSince>,
    baselines: Vec<StoredBaseline>,
}

/// Since when a view's counters have been growing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeptSince {
    view: String,
    database: Option<u32>,
    since: Since,
}

/// A database that has pg_stat_statements, in place of one that has not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementsHome {
    /// The database that was asked for.
    pub asked: String,
    /// The database whose extension is used.
    pub found: String,
}

/// When a view was last read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRead {
    /// The view's name.
    pub view: String,
    /// The database, for views of database scope.
    pub database: Option<u32>,
    /// By the database's clock.
    pub at: Timestamp,
}

/// What earlier text readings told, from which the next one's size is estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TextLedger {
    /// When texts were last read, or reading them was refused.
    pub tried_at: Option<Timestamp>,
    /// Bytes that the last complete reading brought, and the entries it covered.
    pub last_bytes: u64,
    /// Entries that the last complete reading covered.
    pub last_entries: u64,
    /// The last reading was broken off at this many bytes.
    pub broken_off_at: Option<u64>,
}

impl Stored for State {
    const FORMAT: u16 = 5;
}

impl State {
    /// Takes the baseline of a view out; the next one is put back after the poll.
    pub fn take_baseline(&mut self, view: &View, database: Option<u32>) -> Option<Baseline> {
        let place = self.baselines.iter().position(|stored| stored.is_of(view.name, database))?;
        Baseline::from_stored(self.baselines.swap_remove(place))
    }

    /// Keeps a baseline.
    pub fn put_baseline(&mut self, baseline: Baseline) {
        let (view, database) = (baseline.snapshot().view.name, baseline.snapshot().database);
        self.baselines.retain(|stored| !stored.is_of(view, database));
        self.baselines.push(baseline.into_stored());
    }

    /// Carries the starts of a view's counters over a window, keeps them and returns them.
    pub fn carry_since(&mut self, window: &Window, snapshot: &Snapshot) -> Since {
        let (view, database) = (snapshot.view.name, snapshot.database);
        let place = self.starts.iter().position(|kept| kept.view == view && kept.database == database);
        let before = place.map(|place| self.starts.swap_remove(place).since);
        let since = since(before, window, snapshot);
        self.starts.push(KeptSince { view: view.to_owned(), database, since: since.clone() });
        since
    }

    /// Returns when a view was last read.
    pub fn last_read(&self, view: &View, database: Option<u32>) -> Option<Timestamp> {
        self.last_read
            .iter()
            .find(|last| last.view == view.name && last.database == database)
            .map(|last| last.at)
    }

    /// Notes that a view was read.
    pub fn note_read(&mut self, view: &View, database: Option<u32>, at: Timestamp) {
        self.last_read.retain(|last| last.view != view.name || last.database != database);
        self.last_read.push(LastRead { view: view.name.to_owned(), database, at });
    }

    /// Packs the state. Beyond the budget the baselines of single databases are given up, the oldest first; their
    /// next window is a gap. Returns how many were.
    pub fn encode_within(&mut self, budget_bytes: usize) -> (Vec<u8>, usize) {
        let mut given_up = 0;
        loop {
            let bytes = codec::encode(self);
            if bytes.len() <= budget_bytes {
                return (bytes, given_up);
            }
            let oldest = (0..self.baselines.len())
                .filter(|place| self.baselines[*place].is_of_a_database())
                .min_by_key(|place| self.baselines[*place].taken_at());
            let Some(place) = oldest else { return (bytes, given_up) };
            let gone = self.baselines.swap_remove(place);
            // After a gap counters have a new start anyway.
            self.starts.retain(|kept| !gone.is_of(&kept.view, kept.database));
            given_up += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use pgquerylens_model::delta::subtract;
    use pgquerylens_model::identity::{Identity, Visibility};
    use pgquerylens_model::rows::Rows;
    use pgquerylens_model::version::ServerVersion;
    use pgquerylens_model::views::{database, functions};

    use super::*;

    /// A reading of nothing.
    fn reading(view: &'static View, database: Option<u32>, second: i64) -> Snapshot {
        Snapshot {
            view,
            database,
            taken_at: Timestamp(second * 1_000_000),
            identity: Identity {
                system_identifier: Some(1),
                timeline: Some(1),
                version: ServerVersion(180_000),
                postmaster_start: Timestamp(0),
                statistics_since: None,
                in_recovery: false,
            },
            visibility: Visibility::default(),
            statements: None,
            rows: Rows::empty(view),
        }
    }

    #[test]
    fn with_the_baseline_of_a_database_the_starts_of_its_counters_are_given_up() {
        let mut state = State::default();
        for (view, database) in
            [(&database::VIEW, None), (&functions::VIEW, Some(7)), (&functions::VIEW, Some(8))]
        {
            let reading = reading(view, database, 10);
            state.carry_since(&subtract(None, &reading), &reading);
            state.put_baseline(Baseline::of(&reading));
        }
        assert_eq!(state.starts.len(), 3);
        assert_eq!(state.encode_within(0).1, 2);
        let left: Vec<Option<u32>> = state.starts.iter().map(|kept| kept.database).collect();
        assert_eq!((left, state.baselines.len()), (vec![None], 1));
    }
}
