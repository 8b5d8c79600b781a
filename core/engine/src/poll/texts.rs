//! Statement texts: read rarely, all at once, and only when they are worth what they cost.
//!
//! The server loads and copies its whole text file for any reading of texts, whatever is asked for. So texts are
//! read when too much execution time belongs to statements without a known one, never twice within the pause, and
//! not at all when more bytes are to be expected than the budget allows.

use std::collections::HashMap;

use pgquerylens_model::baseline::Snapshot;
use pgquerylens_model::report::Notice;
use pgquerylens_model::selection::Order;
use pgquerylens_model::statements::StatementKey;
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::views::statements;
use pgquerylens_model::window::Window;
use pgquerylens_sql::{RawSql, analyse};
use tokio::time::Instant;

use crate::limits::{ASSUMED_TEXT_BYTES, Limits};
use crate::source::{ReadError, Request, Source, Unit};
use crate::state::StateStore;
use crate::state::contents::TextLedger;
use crate::state::dictionary::{Dictionary, Entry};

use super::Poller;
use super::collected::Collected;
use super::keep::Held;

/// Whether texts are read at this poll.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Decision {
    /// What is unknown does not matter.
    NotNeeded,
    /// Texts were read, or refused, a short while ago.
    TooSoon,
    /// More bytes are to be expected than the budget allows.
    TooLarge(u64),
    /// Read them.
    Read,
}

/// Decides from the share of execution time without a known text and from what earlier readings told.
pub(super) fn decide(
    unknown_share: f64,
    entries: u64,
    ledger: &TextLedger,
    limits: &Limits,
    now: Timestamp,
) -> Decision {
    if entries == 0 || unknown_share <= limits.unknown_text_share {
        return Decision::NotNeeded;
    }
    // The more is unknown, the shorter the pause: the whole of it at the threshold, a twentieth if nothing is known.
    let pause = limits.text_pause_seconds * limits.unknown_text_share / unknown_share;
    let elapsed = ledger.tried_at.map(|tried| now.seconds_since(tried));
    if elapsed.is_some_and(|elapsed| (0.0..pause).contains(&elapsed)) {
        return Decision::TooSoon;
    }
    let expected = expected_bytes(entries, ledger);
    if expected > limits.text_budget_bytes { Decision::TooLarge(expected) } else { Decision::Read }
}

/// The last reading's bytes per entry; or, after one that was broken off, more than it got to.
pub(super) fn expected_bytes(entries: u64, ledger: &TextLedger) -> u64 {
    match (ledger.broken_off_at, ledger.last_entries) {
        (Some(bytes), _) => bytes.saturating_add(1),
        (None, 0) => entries.saturating_mul(ASSUMED_TEXT_BYTES),
        (None, known) => ledger.last_bytes / known * entries,
    }
}

/// Execution time per statement, and how much of it has no known text.
struct Weights {
    by_statement: HashMap<(i64, i64), f64>,
    unknown_share: f64,
}

impl Weights {
    fn of(window: &Window, snapshot: &Snapshot, dictionary: &Dictionary) -> Weights {
        let mut by_statement = HashMap::new();
        for row in 0..window.deltas.len() {
            if let Some(key) = StatementKey::of(&snapshot.rows, window.deltas.row_indexes[row]) {
                *by_statement.entry((key.dbid, key.queryid)).or_default() +=
                    Order::Time.weight(&window.deltas, row);
            }
        }
        let total: f64 = by_statement.values().sum();
        let unknown: f64 = by_statement
            .iter()
            .filter(|((dbid, queryid), _)| {
                dictionary.get(*dbid, *queryid).is_none_or(|entry| entry.text.is_none() && !entry.own)
            })
            .map(|(_, weight)| *weight)
            .sum();
        Weights { by_statement, unknown_share: if total > 0.0 { unknown / total } else { 0.0 } }
    }

    /// The weight from which on a statement is among the first `count`.
    fn threshold(&self, count: usize) -> f64 {
        let mut weights: Vec<f64> = self.by_statement.values().copied().collect();
        weights.sort_by(|a, b| b.total_cmp(a));
        weights.get(count.saturating_sub(1)).copied().unwrap_or(0.0)
    }
}

impl<S: Source, T: StateStore> Poller<S, T> {
    /// Reads texts if they are called for, and says so if they are called for and refused.
    pub(super) async fn read_texts(
        &mut self,
        collected: &Collected,
        held: &mut Held,
        deadline: Instant,
    ) -> Option<Notice> {
        let (snapshot, window) = collected.statements()?;
        let weights = Weights::of(window, snapshot, held.dictionary());
        let entries = snapshot.rows.len() as u64;
        let now = collected.probe.read_at;
        let limits = self.options.limits.clone();
        match decide(weights.unknown_share, entries, &held.state().texts, &limits, now) {
            Decision::NotNeeded | Decision::TooSoon => None,
            Decision::TooLarge(expected) => {
                held.state_mut().texts.tried_at = Some(now);
                Some(refused(expected, limits.text_budget_bytes))
            }
            Decision::Read => {
                let unit = text_unit(collected)?;
                held.state_mut().texts.tried_at = Some(now);
                let entries_read = self.stream(&unit, &weights, deadline).await;
                keep(entries_read, entries, held, limits.text_budget_bytes)
            }
        }
    }

    /// Streams the texts; each is analysed and dropped before the next one comes.
    async fn stream(
        &mut self,
        unit: &Unit,
        weights: &Weights,
        deadline: Instant,
    ) -> Result<(u64, Vec<Entry>), ReadError> {
        let limits = &self.options.limits;
        let threshold = weights.threshold(limits.dictionary_texts);
        let text_bytes = limits.dictionary_text_bytes;
        let mut texts_left = limits.dictionary_texts;
        let mut known: HashMap<(i64, i64), Entry> = HashMap::new();
        let mut sink = |dbid: i64, queryid: i64, text: &pgquerylens_model::rows::RawText| {
            if known.contains_key(&(dbid, queryid)) {
                return;
            }
            let entry = Entry::of(dbid, queryid, analyse(&RawSql::from_bytes(text.as_bytes())), text_bytes);
            let matters =
                weights.by_statement.get(&(dbid, queryid)).is_some_and(|weight| *weight >= threshold);
            let entry = if matters && texts_left > 0 { entry } else { entry.without_text() };
            texts_left -= usize::from(entry.text.is_some());
            known.insert((dbid, queryid), entry);
        };
        let bytes = self.source.stream_texts(unit, limits.text_budget_bytes, deadline, &mut sink).await?;
        Ok((bytes, known.into_values().collect()))
    }
}

fn text_unit(collected: &Collected) -> Option<Unit> {
    let capabilities = &collected.probe.capabilities;
    let sql = capabilities.statement_for(&statements::TEXTS).ok()?;
    let schema = capabilities.statements.as_ref().map(|extension| extension.schema.clone());
    Some(Unit { schema, requests: vec![Request { view: &statements::TEXTS, sql, relations: None }] })
}

fn keep(
    read: Result<(u64, Vec<Entry>), ReadError>,
    entries: u64,
    held: &mut Held,
    budget: u64,
) -> Option<Notice> {
    match read {
        Ok((bytes, known)) => {
            let texts = &mut held.state_mut().texts;
            (texts.last_bytes, texts.last_entries, texts.broken_off_at) = (bytes, entries.max(1), None);
            held.replace_dictionary(Dictionary::new(known));
            None
        }
        Err(ReadError::TextBudgetExceeded(bytes)) => {
            held.state_mut().texts.broken_off_at = Some(bytes);
            Some(refused(bytes.saturating_add(1), budget))
        }
        Err(error) => Some(Notice {
            degrades: true,
            message: format!("statement texts were not read: {error}"),
            mend: None,
        }),
    }
}

fn refused(expected: u64, budget: u64) -> Notice {
    Notice {
        degrades: true,
        message: format!(
            "statement texts were not read: about {} MiB are to be expected, the budget is {} MiB",
            expected.div_ceil(1 << 20),
            budget >> 20
        ),
        mend: Some(
            "raise --text-budget, or shorten the texts (lower pg_stat_statements.max, reset it)".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

    fn check(unknown_share: f64, ledger: TextLedger, decision: Decision) {
        assert_eq!(decide(unknown_share, 5_000, &ledger, &Limits::default(), NOW), decision);
    }

    #[test]
    fn texts_are_read_when_enough_time_has_none() {
        check(0.04, TextLedger::default(), Decision::NotNeeded);
        check(0.06, TextLedger::default(), Decision::Read);
    }

    #[test]
    fn texts_are_not_read_again_within_the_pause() {
        let ago = |seconds: i64| TextLedger {
            tried_at: Some(Timestamp(NOW.0 - seconds * 1_000_000)),
            ..TextLedger::default()
        };
        check(0.1, ago(60), Decision::TooSoon);
        check(0.1, ago(301), Decision::Read);
        check(1.0, ago(31), Decision::Read);
        check(1.0, ago(-60), Decision::Read);
    }

    #[test]
    fn what_earlier_readings_told_decides_the_estimate() {
        let large = TextLedger { last_bytes: 280 << 20, last_entries: 2_000, ..TextLedger::default() };
        check(1.0, large, Decision::TooLarge((280 << 20) / 2_000 * 5_000));
        let broken_off = TextLedger { broken_off_at: Some(64 << 20), ..TextLedger::default() };
        check(1.0, broken_off, Decision::TooLarge((64 << 20) + 1));
    }
}
