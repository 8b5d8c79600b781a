//! What was heard of the server from outside at this poll: figures for the report, a line for each source beside the views,
//! what mends those that failed, and plans, whose literals end here.

use pgquerylens_model::outside::{Findings, Measure, Memory, SourceReport};
use pgquerylens_model::report::{CollectorReport, Outcome};
use pgquerylens_model::time::Timestamp;

use crate::state::plans::Plan;

use tokio::time::Instant;

use super::keep::Held;

/// What stands beside the views for all who look from outside, where they themselves said nothing.
const OUTSIDE: &str = "outside";

/// Returns what is heard of somebody who looked from then on and said nothing in time.
pub(super) fn nothing(began: Instant) -> Findings {
    let error = "nothing was told before the poll's deadline".to_owned();
    let outcome = Outcome::Failed { error, class: "deadline".to_owned() };
    let duration_ms = began.elapsed().as_secs_f64() * 1e3;
    let silent = SourceReport { source: OUTSIDE, outcome, mend: None, duration_ms };
    Findings { sources: vec![silent], ..Findings::default() }
}

/// What was heard.
#[derive(Default)]
pub(super) struct Heard {
    /// Figures.
    pub(super) measures: Vec<Measure>,
    /// How many plans.
    pub(super) plan_count: usize,
    /// How many of them are kept without their text.
    pub(super) textless_count: usize,
    sources: Vec<SourceReport>,
}

impl Heard {
    /// Takes what was found by a moment, and keeps what the sources leave for the next time.
    pub(super) fn of(found: Findings, held: &mut Held, now: Timestamp) -> Heard {
        let Findings { measures, plans, mut sources, memory } = found;
        for name in held.state_mut().outside.renew(memory) {
            let error = format!("it would keep more than {} bytes, and begins anew", Memory::MAX_BYTES);
            if let Some(report) = sources.iter_mut().find(|report| report.source == name) {
                report.outcome = Outcome::Failed { error, class: "memory".to_owned() };
            }
        }
        let plans: Vec<Plan> = plans.into_iter().filter_map(|plan| Plan::of(plan, now)).collect();
        let textless_count = plans.iter().filter(|plan| plan.text.is_none()).count();
        let plan_count = plans.len();
        held.keep_plans(plans);
        Heard { measures, plan_count, textless_count, sources }
    }

    /// Returns a line for each source; they were asked so long after the poll's beginning.
    pub(super) fn lines(&self, after_ms: f64) -> impl Iterator<Item = CollectorReport> {
        self.sources.iter().map(move |source| CollectorReport {
            view: source.source,
            database: None,
            outcome: source.outcome.clone(),
            after_ms,
            duration_ms: source.duration_ms,
        })
    }

    /// Returns what mends a source.
    pub(super) fn mend(&self, source: &str) -> Option<String> {
        self.sources.iter().find(|report| report.source == source)?.mend.clone()
    }
}
