//! Which database the held connection is for: the one that was asked for, or, if that does not have
//! pg_stat_statements, one that has it. Everything server-wide is the same from either; the database that was asked
//! for is then visited by the walk.

use pgquerylens_model::cadence::is_due;
use pgquerylens_model::capabilities::PROVIDER_DATABASES;
use pgquerylens_model::probe::Probe;
use pgquerylens_model::view::{Cadence, View};
use pgquerylens_model::views::database;
use tokio::time::Instant;

use crate::source::{ReadError, Source, Unit};
use crate::state::StateStore;
use crate::state::contents::StatementsHome;

use super::keep::Held;
use super::{PollFailure, Poller};

/// Databases that are looked into for the extension, in one poll or check: each costs a connection.
const MAX_DATABASES_SOUGHT: usize = 16;

impl<S: Source, T: StateStore> Poller<S, T> {
    /// Probes where statements can be read: over the held connection, in the remembered database, or wherever the
    /// extension is found.
    pub(super) async fn probe_at_home(
        &mut self,
        held: &mut Held,
        deadline: Instant,
    ) -> Result<Probe, PollFailure> {
        if let Some(probe) = self.probe_held(deadline).await {
            return Ok(probe);
        }
        let remembered = held.state().statements_home.clone();
        if let Some(home) = remembered.filter(|_| held.state().target == self.target) {
            match self.probe_fresh(Some(&home.found), deadline).await {
                Ok(probe) if probe.capabilities.statements.is_some() => return Ok(probe),
                Err(failure @ PollFailure::Probe(ReadError::Interrupted)) => return Err(failure),
                _ => held.state_mut().statements_home = None,
            }
        }
        let probe = self.probe_fresh(None, deadline).await?;
        if !may_be_elsewhere(&probe) || !self.may_seek(held, &probe) {
            return Ok(probe);
        }
        held.state_mut().statements_sought_at = Some(probe.read_at);
        self.seek(probe, held, deadline).await
    }

    fn may_seek(&self, held: &Held, probe: &Probe) -> bool {
        let last = held.state().statements_sought_at;
        is_due(Cadence::Hours, self.options.limits.pauses, last, probe.read_at)
    }

    /// Looks into the other databases, and goes back where it came from if none has the extension.
    async fn seek(&mut self, asked: Probe, held: &mut Held, deadline: Instant) -> Result<Probe, PollFailure> {
        for name in others(&mut self.source, &asked, deadline).await {
            if let Ok(probe) = self.probe_fresh(Some(&name), deadline).await
                && probe.capabilities.statements.is_some()
            {
                let home = StatementsHome { asked: asked.database_name, found: name };
                held.state_mut().statements_home = Some(home);
                return Ok(probe);
            }
        }
        self.probe_fresh(None, deadline).await
    }
}

/// Tells whether another database may have the extension: this one does not, and the library is loaded, which it tells
/// by its settings.
pub(crate) fn may_be_elsewhere(probe: &Probe) -> bool {
    probe.capabilities.statements.is_none() && probe.capabilities.switches.statements_max.is_some()
}

/// Returns the other databases in the order in which they are looked into.
pub(crate) async fn others(source: &mut impl Source, probe: &Probe, deadline: Instant) -> Vec<String> {
    let view: &'static View = &database::VIEW;
    let Ok(sql) = probe.capabilities.statement_for(view) else { return Vec::new() };
    let answer = source.read(&[Unit::single(view, sql)], deadline).await.into_iter().next();
    let Some(Ok(rows)) = answer.map(|answer| answer.rows) else { return Vec::new() };
    let mut names = super::walk::connectable(&rows);
    names.retain(|name| *name != probe.database_name && !PROVIDER_DATABASES.contains(&name.as_str()));
    // By custom the extension is created in the maintenance database.
    names.sort_by_key(|name| (name != "postgres", name.clone()));
    names.truncate(MAX_DATABASES_SOUGHT);
    names
}
