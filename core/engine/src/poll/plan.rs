//! What is read at this poll: pure decisions from the probe, the state and the options.

use pgquerylens_model::cadence::is_due;
use pgquerylens_model::capabilities::NotRead;
use pgquerylens_model::probe::Probe;
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::view::{Reading, Scope, View};
use pgquerylens_model::views;
use pgquerylens_model::views::statements;

use crate::source::{Request, Unit};
use crate::state::contents::State;

use super::PollOptions;
use super::collected::Collected;

/// Relations whose size is asked for in one poll at most, the largest first: opening 10,000 relations is seconds.
const MAX_RELATIONS_PER_POLL: usize = 10_000;

/// What is to be read, and what is not and why.
#[derive(Debug, Default)]
pub(super) struct Planned {
    /// What is to be read.
    pub(super) units: Vec<Unit>,
    /// What this server does not have.
    pub(super) not_offered: Vec<(&'static View, NotRead)>,
    /// What is not due.
    pub(super) not_due: Vec<&'static View>,
    /// What failed before and rests until a moment.
    pub(super) resting: Vec<(&'static View, Timestamp)>,
}

/// Everything that is due and needs no other view's rows.
pub(super) fn first_batch(probe: &Probe, state: &State, options: &PollOptions) -> Planned {
    let mut planned = Planned::default();
    planned.add_statements(probe, state, options);
    for view in views::ALL {
        if view.reading == Reading::Whole {
            planned.add(view, probe, state, options);
        }
    }
    planned
}

/// What follows from the first batch: blocking where something waits, progress where a command runs, sizes of the
/// relations that were seen.
pub(super) fn second_batch(collected: &Collected, state: &State, options: &PollOptions) -> Planned {
    let probe = &collected.probe;
    let mut planned = Planned::default();
    for view in views::ALL {
        match view.reading {
            Reading::WhereSomethingWaits if collected.something_waits() => {
                planned.add(view, probe, state, options);
            }
            Reading::WhereInProgress(command) if probe.in_progress.contains(&command) => {
                planned.add(view, probe, state, options);
            }
            Reading::PerRelationOf(source) => {
                planned.add_per_relation(view, source, collected, state, options);
            }
            _ => {}
        }
    }
    planned
}

/// The views of one database, for the walk. The parts that need relations come after, by [`database_follow_up`].
pub(super) fn database_batch(probe: &Probe, state: &State, options: &PollOptions) -> Planned {
    let mut planned = Planned::default();
    for view in views::ALL {
        if view.scope == Scope::Database && view.reading == Reading::Whole {
            planned.add(view, probe, state, options);
        }
    }
    planned
}

/// The parts of a walked database that need the relations read just before.
pub(super) fn database_follow_up(collected: &Collected, state: &State, options: &PollOptions) -> Planned {
    let mut planned = Planned::default();
    for view in views::ALL {
        if let Reading::PerRelationOf(source) = view.reading {
            planned.add_per_relation(view, source, collected, state, options);
        }
    }
    planned
}

impl Planned {
    /// The extension's own figures before and after the counters, in one transaction under its schema.
    fn add_statements(&mut self, probe: &Probe, state: &State, options: &PollOptions) {
        if self.is_off(&statements::VIEW, options) || self.rests(&statements::VIEW, probe, state, options) {
            return;
        }
        let capabilities = &probe.capabilities;
        let info = capabilities.statement_for(&statements::INFO);
        let counters = capabilities.statement_for(&statements::VIEW);
        match (info, counters, &capabilities.statements) {
            (Ok(info), Ok(counters), Some(extension)) => {
                let request = |view, sql| Request { view, sql, relations: None };
                self.units.push(Unit {
                    schema: Some(extension.schema.clone()),
                    statement_timeout: state.patience(&statements::VIEW, None, &options.limits),
                    requests: vec![
                        request(&statements::INFO, info),
                        request(&statements::VIEW, counters),
                        request(&statements::INFO, info),
                    ],
                });
            }
            (_, Err(why), _) | (Err(why), ..) => self.not_offered.push((&statements::VIEW, why)),
            _ => {}
        }
    }

    fn add(&mut self, view: &'static View, probe: &Probe, state: &State, options: &PollOptions) {
        if let Some(sql) = self.due(view, probe, state, options) {
            let statement_timeout = state.patience(view, database_of(view, probe), &options.limits);
            self.units.push(Unit { statement_timeout, ..Unit::single(view, sql) });
        }
    }

    fn add_per_relation(
        &mut self,
        view: &'static View,
        source: &str,
        collected: &Collected,
        state: &State,
        options: &PollOptions,
    ) {
        let relations = collected.relations_of(source, MAX_RELATIONS_PER_POLL);
        if relations.is_empty() {
            return;
        }
        let probe = &collected.probe;
        let Some(sql) = self.due(view, probe, state, options) else { return };
        let statement_timeout = state.patience(view, database_of(view, probe), &options.limits);
        for batch in relations.chunks(options.limits.relations_per_batch.max(1)) {
            let request = Request { view, sql, relations: Some(batch.to_vec()) };
            self.units.push(Unit { schema: None, statement_timeout, requests: vec![request] });
        }
    }

    /// Returns the statement of a view that is offered and due; otherwise notes why not.
    fn due(
        &mut self,
        view: &'static View,
        probe: &Probe,
        state: &State,
        options: &PollOptions,
    ) -> Option<&'static str> {
        let sql = match probe.capabilities.statement_for(view) {
            Ok(sql) => sql,
            Err(why) => {
                self.not_offered.push((view, why));
                return None;
            }
        };
        if self.is_off(view, options) || self.rests(view, probe, state, options) {
            return None;
        }
        let last = state.last_read(view, database_of(view, probe));
        if options.all_due || is_due(view.cadence, options.limits.pauses, last, probe.read_at) {
            return Some(sql);
        }
        self.not_due.push(view);
        None
    }

    fn is_off(&mut self, view: &'static View, options: &PollOptions) -> bool {
        let off = options.views_off.iter().any(|name| name == view.name);
        self.not_offered.extend(off.then_some((view, NotRead::SwitchedOff)));
        off
    }

    /// Tells whether a view failed too often to be tried now, and notes it.
    fn rests(&mut self, view: &'static View, probe: &Probe, state: &State, options: &PollOptions) -> bool {
        let until = state.rests_until(view, database_of(view, probe), probe.read_at);
        let until = until.filter(|_| !options.all_due);
        self.resting.extend(until.map(|until| (view, until)));
        until.is_some()
    }
}

fn database_of(view: &View, probe: &Probe) -> Option<u32> {
    (view.scope == Scope::Database).then_some(probe.database_oid)
}
