//! The walk through databases: one connection at a time, bounded by the deadline, resumed where it stopped.

use std::ops::ControlFlow;
use std::time::Duration;

use pgquerylens_model::cadence::is_due;
use pgquerylens_model::capabilities::PROVIDER_DATABASES;
use pgquerylens_model::report::WalkProgress;
use pgquerylens_model::rows::Rows;
use pgquerylens_model::view::Cadence;
use pgquerylens_model::views::database;
use tokio::time::Instant;

use crate::source::{ReadError, Source};
use crate::state::StateStore;

use super::collected::Collected;
use super::keep::Held;
use super::{Databases, PollFailure, Poller, plan};

/// What is kept back of the deadline for the subtraction and the commit.
const RESERVE: Duration = Duration::from_secs(2);

impl<S: Source, T: StateStore> Poller<S, T> {
    /// Reads the other databases' views as far as time allows; none if no walk was asked for or none is due.
    pub(super) async fn walk(
        &mut self,
        collected: &mut Collected,
        held: &mut Held,
        deadline: Instant,
    ) -> Option<WalkProgress> {
        let names = self.databases_to_walk(collected, held)?;
        let total = names.len();
        let first = self.begin_round(&names, collected, held)?;
        let mut read = 0;
        let mut next = None;
        for name in &names[first..] {
            if Instant::now() + RESERVE >= deadline {
                next = Some(name.clone());
                break;
            }
            if self.visit(name, collected, held, deadline).await.is_break() {
                next = Some(name.clone());
                break;
            }
            read += 1;
        }
        if read > 0 {
            self.source.close();
        }
        held.state_mut().walk_next.clone_from(&next);
        Some(WalkProgress { read, total, next })
    }

    /// Databases in a fixed order, without the connected one, the provider's own, and those that take no connections.
    fn databases_to_walk(&self, collected: &Collected, held: &Held) -> Option<Vec<String>> {
        let asked = held.state().statements_home.as_ref().map(|home| home.asked.clone());
        let mut names = match &self.options.databases {
            Databases::Connected => vec![asked?],
            Databases::Named(names) => names.clone(),
            Databases::All => connectable(&collected.snapshot(&database::VIEW)?.rows),
        };
        names.retain(|name| {
            *name != collected.probe.database_name && !PROVIDER_DATABASES.contains(&name.as_str())
        });
        names.sort();
        names.dedup();
        Some(names)
    }

    /// Returns where to go on: in the middle of a round, at the beginning of one that is due, or nowhere.
    fn begin_round(&self, names: &[String], collected: &Collected, held: &mut Held) -> Option<usize> {
        let state = held.state_mut();
        if let Some(next) = &state.walk_next {
            return Some(names.partition_point(|name| name < next));
        }
        let now = collected.probe.read_at;
        let due = is_due(Cadence::Minutes, self.options.limits.pauses, state.walk_began, now);
        if !due && !self.options.all_due {
            return None;
        }
        state.walk_began = Some(now);
        Some(0)
    }

    /// Reads one database. What goes wrong there is its own; only that the poll has to end breaks the walk off.
    async fn visit(
        &mut self,
        name: &str,
        collected: &mut Collected,
        held: &Held,
        deadline: Instant,
    ) -> ControlFlow<()> {
        let began = Instant::now();
        let probe = match self.probe_fresh(Some(name), deadline).await {
            Ok(probe) => probe,
            Err(PollFailure::Probe(ReadError::Interrupted)) => return ControlFlow::Break(()),
            Err(failure) => {
                collected.note_unreached(name, &failure, began);
                return ControlFlow::Continue(());
            }
        };
        let mut here = Collected::new(probe, collected.began());
        let planned = plan::database_batch(&here.probe, held.state(), &self.options);
        self.read(planned, &mut here, deadline).await;
        let planned = plan::database_follow_up(&here, held.state(), &self.options);
        self.read(planned, &mut here, deadline).await;
        collected.join(here);
        ControlFlow::Continue(())
    }
}

/// Returns the names of the databases that take connections, from the rows of `pg_stat_database`.
pub(super) fn connectable(rows: &Rows) -> Vec<String> {
    let Some(column) = database::VIEW.column_index("datname") else { return Vec::new() };
    let allowed = database::VIEW.column_index("datallowconn");
    let takes = |row: &usize| allowed.and_then(|column| rows.flag(column, *row)) != Some(false);
    let taken = (0..rows.len()).filter(takes);
    taken.filter_map(|row| rows.label(column, row)).map(str::to_owned).collect()
}
