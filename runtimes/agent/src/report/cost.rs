//! What the poll cost the server, and how much of the server's work it explains.

use pgquerylens_model::report::{Cost, Outcome, PollReport, StatementMetrics, UnifiedMetrics};
use pgquerylens_model::views::statements::VIEW;
use pgquerylens_model::window::{Loss, Quality};

use super::line::{Line, Span, Tone, flowed};
use super::verdict::{WELL_EXPLAINED, percent};
use super::{fact, label};
use crate::figures::{bytes, grouped, milliseconds, plural};

/// Above this share it is said why it can exceed all.
const MORE_THAN_ALL: f64 = 1.05;
/// From this share of the entry limit on evictions are near.
const NEARLY_FULL: f64 = 0.95;

/// Returns the lines on cost, coverage and the walk.
pub(super) fn lines(report: &PollReport, width: usize) -> Vec<Line> {
    let mut lines = flowed(label("this poll"), cost(report), width);
    let coverage = report.metrics.as_ref().map(coverage).unwrap_or_default();
    if !coverage.is_empty() {
        lines.extend(flowed(label("coverage"), coverage, width));
    }
    if let Some(walk) = &report.walk {
        let mut facts = vec![fact(format!("{} of {} read", walk.read, plural(walk.total, "other database")))];
        facts.extend(walk.next.as_ref().map(|next| fact(format!("next {next}"))));
        lines.extend(flowed(label("walk"), facts, width));
    }
    lines
}

fn cost(report: &PollReport) -> Vec<Span> {
    let of =
        |wanted: fn(&Outcome) -> bool| report.collectors.iter().filter(|one| wanted(&one.outcome)).count();
    let failed = of(|outcome| matches!(outcome, Outcome::Failed { .. }));
    let read = of(|outcome| matches!(outcome, Outcome::Read { .. }));
    let mut facts = sent_and_received(&report.cost);
    if read > 0 {
        facts.push(fact(format!("{} read", plural(read, "view"))));
    }
    if failed > 0 {
        facts.push(Span::new(format!("{failed} failed"), Tone::Trouble));
    }
    facts.extend(own(report));
    facts
}

/// Without a statement there was no server: a recording was replayed, which costs nobody anything.
fn sent_and_received(cost: &Cost) -> Vec<Span> {
    if cost.statements == 0 {
        return vec![fact("replayed, no server was asked")];
    }
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    let mut facts = vec![fact(format!(
        "{} in {}, {}",
        plural(number(cost.statements), "statement"),
        plural(number(cost.round_trips), "round trip"),
        milliseconds(cost.duration_ms)
    ))];
    facts.push(fact(format!("{} received", bytes(cost.received_bytes as f64))));
    if cost.connections > 0 {
        facts.push(fact(format!("{} opened", plural(number(cost.connections), "connection"))));
    }
    facts
}

/// What our statements of the window took, by the server's own account.
fn own(report: &PollReport) -> Option<Span> {
    let time = milliseconds(report.cost.own_exec_time_ms?);
    let temp = match report.cost.own_temp_blks_written {
        Some(0) => ", no temp",
        Some(_) => ", with temp",
        None => "",
    };
    Some(fact(format!("our own statements took {time} in the window{temp}")))
}

fn coverage(metrics: &UnifiedMetrics) -> Vec<Span> {
    let mut facts = Vec::new();
    if let Some(coverage) = metrics.coverage {
        facts.push(match coverage.share() {
            Some(share) => explained(share),
            None if coverage.active_ms_per_second.is_some() => fact("no session was active"),
            None => fact("active time is not known before version 14"),
        });
    }
    if let Some(statements) = &metrics.statements {
        facts.push(entries(metrics, statements));
        facts.extend(evictions(statements));
        let hidden = statements.hidden_entries;
        if hidden > 0 {
            facts.push(Span::new(format!("{} hidden from our role", grouped(hidden as u64)), Tone::Caution));
        }
    }
    facts
}

fn explained(share: f64) -> Span {
    let share_text = percent(share);
    if share < WELL_EXPLAINED {
        let text = format!(
            "statements explain {share_text} of active time; the rest: evicted, hidden, untracked, running"
        );
        return Span::new(text, Tone::Caution);
    }
    // Sessions report their active time later than their statements.
    let of = if share > MORE_THAN_ALL { "active time reported so far" } else { "databases' active time" };
    fact(format!("statements explain {share_text} of the {of}"))
}

fn entries(metrics: &UnifiedMetrics, statements: &StatementMetrics) -> Span {
    let info = metrics.view(&VIEW).and_then(|view| view.snapshot.statements);
    let used = statements.entries + statements.hidden_entries;
    match info.and_then(|info| info.max_entries).and_then(|max| u64::try_from(max).ok()) {
        Some(max) => {
            let is_nearly_full = used as f64 >= max as f64 * NEARLY_FULL;
            let tone = if is_nearly_full { Tone::Caution } else { Tone::Plain };
            Span::new(format!("{} of {} entries used", grouped(used as u64), grouped(max)), tone)
        }
        None => fact(format!("entries: {}", grouped(used as u64))),
    }
}

fn evictions(statements: &StatementMetrics) -> Option<Span> {
    match &statements.window.quality {
        Quality::Exact => Some(fact("no evictions")),
        Quality::LowerBound(losses) => losses.iter().find_map(|loss| match loss {
            Loss::Evictions(count) => {
                let text = format!("evicted {count} times: raise pg_stat_statements.max");
                Some(Span::new(text, Tone::Caution))
            }
            _ => None,
        }),
        Quality::Gap(_) => None,
    }
}
