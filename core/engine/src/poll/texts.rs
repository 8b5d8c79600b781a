//! Statement texts: read rarely, all at once, and only when they are worth what they cost.
//!
//! The server loads and copies its whole text file for any reading of texts, whatever is asked for. So texts are
//! read when too much execution time belongs to statements without a known one, never twice within the pause, and
//! not at all when more bytes are to be expected than the budget allows. A statement that is known by its
//! fingerprint and takes little time is known well enough: another reading would not give it one of the few places
//! for a text.

use std::collections::HashMap;

use pgquerylens_model::baseline::Snapshot;
use pgquerylens_model::report::Notice;
use pgquerylens_model::rows::RawText;
use pgquerylens_model::selection::Order;
use pgquerylens_model::statements::StatementKey;
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::views::statements;
use pgquerylens_model::window::Window;
use tokio::time::Instant;

use crate::limits::{ASSUMED_TEXT_BYTES, Limits};
use crate::source::{ReadError, Request, Source, Unit};
use crate::state::StateStore;
use crate::state::contents::TextLedger;
use crate::state::dictionary::{Dictionary, OpenDictionary};

use super::Poller;
use super::collected::Collected;
use super::keep::Held;
use super::renewal::Renewal;

/// What the server pays for a byte of text, by `docs/cost.md`: 35 MB are about 180 ms.
const READING_MS_PER_BYTE: f64 = 5e-6;
/// How much longer the pause is while what is unknown takes less time than reading the texts would.
const PAUSES_WHILE_CHEAP: f64 = 6.0;
/// Share of the execution time from which on a statement known by its fingerprint alone is worth a text.
const WORTH_A_TEXT: f64 = 0.01;

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

/// Execution time that belongs to statements without a known text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Unknown {
    /// Its share of all.
    share: f64,
    /// How much it is, in milliseconds.
    milliseconds: f64,
}

/// Decides from the execution time without a known text and from what earlier readings told.
pub(super) fn decide(
    unknown: Unknown,
    entries: u64,
    ledger: &TextLedger,
    limits: &Limits,
    now: Timestamp,
) -> Decision {
    if entries == 0 || unknown.share <= limits.unknown_text_share {
        return Decision::NotNeeded;
    }
    // The more is unknown, the shorter the pause: the whole of it at the threshold, a twentieth if nothing is known.
    let expected = expected_bytes(entries, ledger);
    let is_cheap = unknown.milliseconds < expected as f64 * READING_MS_PER_BYTE;
    let pause = limits.text_pause_seconds
        * if is_cheap { PAUSES_WHILE_CHEAP } else { limits.unknown_text_share / unknown.share };
    let elapsed = ledger.tried_at.map(|tried| now.seconds_since(tried));
    if elapsed.is_some_and(|elapsed| (0.0..pause).contains(&elapsed)) {
        return Decision::TooSoon;
    }
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

/// Execution time per statement, by database and query id.
pub(super) struct Weights {
    by_statement: HashMap<(i64, i64), f64>,
}

impl Weights {
    fn of(window: &Window, snapshot: &Snapshot) -> Weights {
        let mut by_statement: HashMap<(i64, i64), f64> = HashMap::new();
        for row in 0..window.deltas.len() {
            if let Some(key) = StatementKey::of(&snapshot.rows, window.deltas.row_indexes[row]) {
                *by_statement.entry((key.dbid, key.queryid)).or_default() +=
                    Order::Time.weight(&window.deltas, row);
            }
        }
        Weights { by_statement }
    }

    /// The execution time whose statements are unknown, or known too little for what they take.
    fn unknown(&self, dictionary: &OpenDictionary) -> Unknown {
        let total: f64 = self.by_statement.values().sum();
        let is_unknown = |(key, weight): &(&(i64, i64), &f64)| {
            dictionary
                .known(key.0, key.1)
                .is_none_or(|known| !known.has_text && !known.own && **weight >= total * WORTH_A_TEXT)
        };
        let milliseconds: f64 = self.by_statement.iter().filter(is_unknown).map(|(_, weight)| *weight).sum();
        Unknown { share: if total > 0.0 { milliseconds / total } else { 0.0 }, milliseconds }
    }

    /// The weight of a statement, if it did anything.
    pub(super) fn of_statement(&self, dbid: i64, queryid: i64) -> Option<f64> {
        self.by_statement.get(&(dbid, queryid)).copied()
    }

    /// How many statements have this weight or more.
    pub(super) fn count_from(&self, threshold: f64) -> usize {
        self.by_statement.values().filter(|weight| **weight >= threshold).count()
    }

    /// The weight from which on a statement is among the first `count`.
    pub(super) fn threshold(&self, count: usize) -> f64 {
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
        let weights = Weights::of(window, snapshot);
        let unknown = weights.unknown(held.dictionary());
        let entries = snapshot.rows.len() as u64;
        let now = collected.probe.read_at;
        let limits = self.options.limits.clone();
        match decide(unknown, entries, &held.state().texts, &limits, now) {
            Decision::NotNeeded | Decision::TooSoon => None,
            Decision::TooLarge(expected) => {
                held.state_mut().texts.tried_at = Some(now);
                Some(refused(expected, limits.text_budget_bytes))
            }
            Decision::Read => {
                let unit = text_unit(collected)?;
                held.state_mut().texts.tried_at = Some(now);
                let mut renewal = Renewal::new(held.dictionary(), &weights, &limits);
                let mut sink = |dbid: i64, queryid: i64, text: &RawText| renewal.take(dbid, queryid, text);
                let budget = limits.text_budget_bytes;
                let read = self.source.stream_texts(&unit, budget, deadline, &mut sink).await;
                let read = read.map(|bytes| (bytes, renewal.finish()));
                keep(read, entries, held, budget)
            }
        }
    }
}

#[cfg(test)]
impl FromIterator<((i64, i64), f64)> for Weights {
    fn from_iter<I: IntoIterator<Item = ((i64, i64), f64)>>(weights: I) -> Weights {
        Weights { by_statement: weights.into_iter().collect() }
    }
}

fn text_unit(collected: &Collected) -> Option<Unit> {
    let capabilities = &collected.probe.capabilities;
    let sql = capabilities.statement_for(&statements::TEXTS).ok()?;
    let schema = capabilities.statements.as_ref().map(|extension| extension.schema.clone());
    Some(Unit {
        schema,
        statement_timeout: None,
        requests: vec![Request { view: &statements::TEXTS, sql, relations: None }],
    })
}

fn keep(
    read: Result<(u64, Dictionary), ReadError>,
    entries: u64,
    held: &mut Held,
    budget: u64,
) -> Option<Notice> {
    match read {
        Ok((bytes, dictionary)) => {
            let texts = &mut held.state_mut().texts;
            (texts.last_bytes, texts.last_entries, texts.broken_off_at) = (bytes, entries.max(1), None);
            held.replace_dictionary(dictionary);
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

    #[test]
    fn a_small_statement_known_by_its_fingerprint_is_known_well_enough() {
        use crate::state::dictionary::Entry;
        use pgquerylens_sql::{RawSql, analyse};
        let entry = || Entry::of(analyse(&RawSql::from("select a")), 100);
        let entries = [entry(), entry().without_text(), entry().without_text()];
        let dictionary = Dictionary::new((1..).map(|id| (1, id)).zip(entries).collect());
        let dictionary = OpenDictionary::of(dictionary.into());
        let share = |weights: [f64; 4]| {
            let weights: Weights = (1..).map(|id| (1, id)).zip(weights).collect();
            weights.unknown(&dictionary).share
        };
        assert_eq!(share([99.5, 0.5, 0.0, 0.0]), 0.0);
        assert_eq!(share([90.0, 0.0, 10.0, 0.0]), 0.1);
        assert_eq!(share([99.5, 0.0, 0.0, 0.5]), 0.005);
        assert_eq!(share([0.0; 4]), 0.0);
    }

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

    fn check(share: f64, ledger: TextLedger, decision: Decision) {
        let unknown = Unknown { share, milliseconds: 60_000.0 };
        assert_eq!(decide(unknown, 5_000, &ledger, &Limits::default(), NOW), decision);
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
    fn while_what_is_unknown_takes_less_than_a_reading_the_pause_is_an_hour() {
        let decided = |seconds: i64, milliseconds: f64| {
            let tried_at = Some(Timestamp(NOW.0 - seconds * 1_000_000));
            let ledger =
                TextLedger { tried_at, last_bytes: 35_000_000, last_entries: 5_000, broken_off_at: None };
            decide(Unknown { share: 0.5, milliseconds }, 5_000, &ledger, &Limits::default(), NOW)
        };
        assert_eq!(decided(3_500, 100.0), Decision::TooSoon);
        assert_eq!(decided(3_700, 100.0), Decision::Read);
        assert_eq!(decided(61, 200.0), Decision::Read);
    }

    #[test]
    fn what_earlier_readings_told_decides_the_estimate() {
        let large = TextLedger { last_bytes: 280 << 20, last_entries: 2_000, ..TextLedger::default() };
        check(1.0, large, Decision::TooLarge((280 << 20) / 2_000 * 5_000));
        let broken_off = TextLedger { broken_off_at: Some(64 << 20), ..TextLedger::default() };
        check(1.0, broken_off, Decision::TooLarge((64 << 20) + 1));
    }
}
