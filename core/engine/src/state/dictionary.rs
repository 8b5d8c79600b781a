//! Normalised texts of the statements that matter, and fingerprints of the rest, so that a second invocation shows
//! texts without reading any.

use pgquerylens_sql::{Analysis, NormalizedSql, cut};
use serde::{Deserialize, Serialize};

use super::codec::Stored;

/// What is known of statements, ordered by database and query id.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Dictionary {
    entries: Vec<Entry>,
}

impl Stored for Dictionary {
    const FORMAT: u16 = 3;
}

/// What is known of one statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Oid of the database.
    pub dbid: i64,
    /// The query id.
    pub queryid: i64,
    /// Fingerprint, as it is shown.
    pub fingerprint: String,
    /// SELECT, UPDATE, CREATE TABLE …
    pub statement_type: String,
    /// Normalised text, for the statements that matter.
    pub text: Option<NormalizedSql>,
    /// Tables that the text names.
    pub tables: Vec<String>,
    /// The distance of pgvector whose operator or function it has.
    pub distance: Option<String>,
    /// The table that `INSERT` or `COPY … FROM` writes to.
    pub written: Option<String>,
    /// It is a utility statement.
    pub utility: bool,
    /// The statement is one of ours.
    pub own: bool,
}

impl Entry {
    /// Reduces an analysis to what is kept.
    pub fn of(dbid: i64, queryid: i64, analysis: Analysis, text_bytes: usize) -> Entry {
        Entry {
            dbid,
            queryid,
            fingerprint: analysis.fingerprint.to_string(),
            utility: analysis.kind.is_utility(),
            statement_type: analysis.kind.as_str().to_owned(),
            text: Some(cut(&analysis.normalized, text_bytes)),
            tables: analysis.tables,
            distance: analysis.distance.map(str::to_owned),
            written: analysis.written,
            own: analysis.own,
        }
    }

    /// Returns the entry without its text.
    pub fn without_text(self) -> Entry {
        Entry { text: None, tables: Vec::new(), ..self }
    }
}

impl Dictionary {
    /// Makes a dictionary; of two entries with one key the first stays.
    pub fn new(mut entries: Vec<Entry>) -> Dictionary {
        entries.sort_by_key(|entry| (entry.dbid, entry.queryid));
        entries.dedup_by_key(|entry| (entry.dbid, entry.queryid));
        Dictionary { entries }
    }

    /// Returns what is known of a statement.
    pub fn get(&self, dbid: i64, queryid: i64) -> Option<&Entry> {
        let place = self.entries.binary_search_by_key(&(dbid, queryid), |entry| (entry.dbid, entry.queryid));
        place.ok().map(|place| &self.entries[place])
    }

    /// Returns how many statements are known.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
