//! What is known of statements: fingerprints of all, normalised texts of those that matter, so that a second invocation
//! shows texts without reading any.

use std::sync::Arc;

use pgquerylens_sql::{Analysis, Fingerprint, NormalizedSql, StatementKind, cut};
use serde::{Deserialize, Serialize};

use super::blocks::{Blocks, Unpacked};
use super::codec::Stored;

/// What is known of statements. It is small enough to be held between polls; a poll opens it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Dictionary {
    /// Ordered by database and query id.
    index: Vec<Known>,
    entries: Blocks,
}

impl Stored for Dictionary {
    const FORMAT: u16 = 4;
}

/// What is asked of every statement at every poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    dbid: i64,
    queryid: i64,
    /// Where the rest is.
    place: u32,
    /// The statement is one of ours.
    pub own: bool,
    /// It is a utility statement.
    pub utility: bool,
    /// Its text is kept.
    pub has_text: bool,
    /// It may have to do with vectors: it has a distance, or writes to a table.
    pub may_use_vectors: bool,
}

/// What is known of one statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What groups it with equal statements elsewhere.
    pub fingerprint: Fingerprint,
    /// SELECT, UPDATE, CREATE TABLE …
    pub kind: StatementKind,
    /// The distance of pgvector whose operator or function it has.
    pub distance: Option<String>,
    /// The table that `INSERT` or `COPY … FROM` writes to.
    pub written: Option<String>,
    /// The statement is one of ours.
    pub own: bool,
    /// Tables that the text names.
    pub tables: Vec<String>,
    text: Option<String>,
}

impl Entry {
    /// Reduces an analysis to what is kept, with a text of so many bytes.
    pub fn of(analysis: Analysis, text_bytes: usize) -> Entry {
        Entry {
            fingerprint: analysis.fingerprint,
            kind: analysis.kind,
            distance: analysis.distance.map(str::to_owned),
            written: analysis.written,
            own: analysis.own,
            tables: analysis.tables,
            text: Some(cut(&analysis.normalized, text_bytes).into()),
        }
    }

    /// Returns the entry without its text, for a statement that does not matter.
    pub fn without_text(self) -> Entry {
        Entry { text: None, tables: Vec::new(), ..self }
    }

    /// Tells whether its text is kept.
    pub fn has_text(&self) -> bool {
        self.text.is_some()
    }

    /// Returns its normalised text, for the statements that matter, after a look whether there is no literal in it.
    pub fn text(&self) -> Option<NormalizedSql> {
        self.text.clone()?.try_into().ok()
    }
}

impl Dictionary {
    /// Makes a dictionary of statements by database and query id, each of which comes once. Those that are asked for
    /// together are best beside each other.
    pub fn new(statements: Vec<((i64, i64), Entry)>) -> Dictionary {
        let known = |(place, ((dbid, queryid), entry)): (u32, &((i64, i64), Entry))| Known {
            dbid: *dbid,
            queryid: *queryid,
            place,
            own: entry.own,
            utility: entry.kind.is_utility(),
            has_text: entry.has_text(),
            may_use_vectors: entry.distance.is_some() || entry.written.is_some(),
        };
        let mut index: Vec<Known> = (0..).zip(&statements).map(known).collect();
        index.sort_by_key(|known| (known.dbid, known.queryid));
        Dictionary { index, entries: Blocks::of(statements.into_iter().map(|(_, entry)| entry).collect()) }
    }
}

/// A dictionary that somebody reads in.
#[derive(Debug)]
pub struct OpenDictionary {
    dictionary: Arc<Dictionary>,
    unpacked: Unpacked,
}

impl OpenDictionary {
    /// Opens a dictionary.
    pub fn of(dictionary: Arc<Dictionary>) -> OpenDictionary {
        OpenDictionary { unpacked: Unpacked::none_of(&dictionary.entries), dictionary }
    }

    /// Returns the dictionary that is open.
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// Returns what is asked of every statement.
    pub fn known(&self, dbid: i64, queryid: i64) -> Option<&Known> {
        let index = &self.dictionary.index;
        let place = index.binary_search_by_key(&(dbid, queryid), |known| (known.dbid, known.queryid));
        place.ok().map(|place| &index[place])
    }

    /// Returns all that is known of a statement.
    pub fn entry(&self, dbid: i64, queryid: i64) -> Option<&Entry> {
        self.unpacked.get(&self.dictionary.entries, self.known(dbid, queryid)?.place)
    }

    /// Returns how many statements are known.
    pub fn len(&self) -> usize {
        self.dictionary.index.len()
    }

    /// Tells whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.dictionary.index.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use pgquerylens_sql::{RawSql, analyse};

    use super::*;
    use crate::state::codec;

    fn statement(queryid: i64, sql: &str) -> ((i64, i64), Entry) {
        ((1, queryid), Entry::of(analyse(&RawSql::from(sql)), 100))
    }

    #[test]
    fn statements_are_found_again_whatever_the_order_they_came_in() {
        let (key, plain) = statement(7, "select b from y");
        let statements = vec![
            statement(9, "select a from x"),
            statement(2, "vacuum y"),
            (key, plain.without_text()),
            statement(5, "insert into z values (1)"),
        ];
        let dictionary = Dictionary::new(statements);
        let read: Dictionary = codec::decode(&codec::encode(&dictionary)).unwrap();
        assert_eq!(read, dictionary);
        let open = OpenDictionary::of(Arc::new(read));
        let shown = |queryid| {
            let (known, entry) = (open.known(1, queryid)?, open.entry(1, queryid)?);
            let flags = [known.utility, known.has_text, known.may_use_vectors];
            let text = entry.text().map(String::from).unwrap_or_default();
            let tables = entry.tables.join(" ");
            Some(format!("{:?} {}: {text} [{tables}]", flags.map(u8::from), entry.kind))
        };
        let all: Vec<String> = [1, 2, 5, 7, 9].into_iter().filter_map(shown).collect();
        assert_eq!(
            all,
            [
                "[1, 1, 0] VACUUM: vacuum y [y]",
                "[0, 1, 1] INSERT: insert into z values ($1) [z]",
                "[0, 0, 0] SELECT:  []",
                "[0, 1, 0] SELECT: select a from x [x]",
            ]
        );
    }

    #[test]
    fn a_text_with_a_literal_is_not_shown_even_if_it_was_kept() {
        let (_, entry) = statement(1, "select a");
        let tampered = Entry { text: Some("select 'secret'".to_owned()), ..entry };
        let open = OpenDictionary::of(Arc::new(Dictionary::new(vec![((1, 1), tampered)])));
        assert_eq!(open.entry(1, 1).and_then(Entry::text), None);
    }
}
