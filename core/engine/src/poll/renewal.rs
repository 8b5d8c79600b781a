//! The next dictionary, built while the texts stream by. What is known already is taken over: a text with the same
//! database and query id says the same, and analysing it is most of what a reading costs on our side.

use std::collections::HashMap;

use pgquerylens_model::rows::RawText;
use pgquerylens_sql::{RawSql, analyse};

use crate::limits::Limits;
use crate::state::dictionary::{Dictionary, Entry, OpenDictionary};

use super::texts::Weights;

/// A dictionary in the making.
pub(super) struct Renewal<'r> {
    before: &'r OpenDictionary,
    weights: &'r Weights,
    /// The weight from which on a statement gets one of the places.
    threshold: f64,
    text_bytes: usize,
    /// Texts that may still be kept of statements that matter now.
    places: usize,
    /// Texts that may still be kept of statements that mattered before.
    spare_places: usize,
    known: HashMap<(i64, i64), Entry>,
}

impl<'r> Renewal<'r> {
    /// Begins with nothing.
    pub(super) fn new(before: &'r OpenDictionary, weights: &'r Weights, limits: &Limits) -> Renewal<'r> {
        let places = limits.dictionary_texts;
        let threshold = weights.threshold(places);
        Renewal {
            before,
            weights,
            threshold,
            text_bytes: limits.dictionary_text_bytes,
            places,
            spare_places: places.saturating_sub(weights.count_from(threshold)),
            known: HashMap::new(),
        }
    }

    /// Takes one text in; of two with one key the first counts.
    pub(super) fn take(&mut self, dbid: i64, queryid: i64, text: &RawText) {
        if self.known.contains_key(&(dbid, queryid)) {
            return;
        }
        let matters = self.weights.of_statement(dbid, queryid).is_some_and(|weight| weight >= self.threshold);
        let before = self.before.entry(dbid, queryid);
        let had_text = before.is_some_and(Entry::has_text);
        let entry = match before.filter(|_| had_text || !matters) {
            Some(entry) => entry.clone(),
            None => Entry::of(analyse(&RawSql::from_bytes(text.as_bytes())), self.text_bytes),
        };
        let places = if matters { &mut self.places } else { &mut self.spare_places };
        let keeps_text = (matters || had_text) && *places > 0;
        *places -= usize::from(keeps_text);
        self.known.insert((dbid, queryid), if keeps_text { entry } else { entry.without_text() });
    }

    /// Returns the dictionary, what takes most time first: that is what the next polls show.
    pub(super) fn finish(self) -> Dictionary {
        let weight =
            |(dbid, queryid): &(i64, i64)| self.weights.of_statement(*dbid, *queryid).unwrap_or_default();
        let mut known: Vec<((i64, i64), Entry)> = self.known.into_iter().collect();
        known.sort_by(|(a, _), (b, _)| weight(b).total_cmp(&weight(a)).then_with(|| a.cmp(b)));
        Dictionary::new(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renewed(before: Dictionary, weights: &[(i64, f64)], texts: &[(i64, &str)]) -> Dictionary {
        let limits = Limits { dictionary_texts: 2, ..Limits::default() };
        let weights = Weights::from_iter(weights.iter().map(|(queryid, weight)| ((1, *queryid), *weight)));
        let before = OpenDictionary::of(before.into());
        let mut renewal = Renewal::new(&before, &weights, &limits);
        for (queryid, text) in texts {
            renewal.take(1, *queryid, &RawText::new(text.as_bytes()));
        }
        renewal.finish()
    }

    fn texts(dictionary: Dictionary, queryids: [i64; 3]) -> [Option<String>; 3] {
        let open = OpenDictionary::of(dictionary.into());
        assert_eq!(open.len(), 3);
        queryids.map(|queryid| open.entry(1, queryid)?.text().map(String::from))
    }

    fn is(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    const TEXTS: [(i64, &str); 3] = [(7, "select a"), (8, "select b"), (9, "select c")];

    #[test]
    fn texts_are_kept_of_what_weighs_most() {
        let dictionary = renewed(Dictionary::default(), &[(7, 1.0), (8, 9.0), (9, 5.0)], &TEXTS);
        assert_eq!(texts(dictionary, [7, 8, 9]), [None, is("select b"), is("select c")]);
    }

    #[test]
    fn a_text_stays_while_there_is_room() {
        let before = renewed(Dictionary::default(), &[(8, 9.0), (9, 5.0)], &TEXTS);
        let [now, earlier @ ..] = texts(renewed(before, &[(7, 1.0)], &TEXTS), [7, 8, 9]);
        assert_eq!(now, is("select a"));
        assert_eq!(earlier.iter().flatten().count(), 1);
    }

    #[test]
    fn what_is_known_is_not_analysed_again() {
        let before = renewed(Dictionary::default(), &[(8, 9.0)], &TEXTS);
        let changed = [(7, "select a"), (8, "select something else"), (9, "select c")];
        assert_eq!(texts(renewed(before, &[(8, 1.0)], &changed), [7, 8, 9])[1], is("select b"));
    }
}
