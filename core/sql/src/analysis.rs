//! All that is known of a statement from its text alone, found in one go.

use crate::fingerprint::{Fingerprint, fingerprint};
use crate::kind::{StatementKind, kind};
use crate::lexer::{Token, lex};
use crate::normalise::{NormalizedSql, normalise};
use crate::parser::{Parsable, read_normalized};
use crate::pieces::{Reading, pieces};
use crate::raw::RawSql;
use crate::tags::tags;
use crate::vectors::{distance, written};

/// The comment that each of our own statements carries, behind its first word.
pub const OWN_MARKER: &str = "/* pgquerylens";

/// What a statement's text tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Analysis {
    /// The text without literals and comments.
    pub normalized: NormalizedSql,
    /// What groups it with equal statements elsewhere.
    pub fingerprint: Fingerprint,
    /// The sort of statement.
    pub kind: StatementKind,
    /// The tables it names, with their schema if it was written, at most [`MAX_TABLES`](crate::MAX_TABLES); none if
    /// the text does not parse. Views and tables look alike here.
    pub tables: Vec<String>,
    /// Tags from its comments, by key; unlike the text these are what the application wrote, so only keys of
    /// [`ALLOWED_TAGS`](crate::ALLOWED_TAGS) are here.
    pub tags: Vec<(String, String)>,
    /// The distance of pgvector whose operator or function it has: `cosine`, `l2`, …
    pub distance: Option<&'static str>,
    /// The table that `INSERT` or `COPY … FROM` writes to.
    pub written: Option<String>,
    /// Whether the statement is one of ours: [`OWN_MARKER`] is its first or second word.
    pub own: bool,
}

/// Returns what a statement's text tells. Any text will do, and the work is bounded.
///
/// PostgreSQL 18 keeps no comment that stands before a statement, so ours stands behind the first word.
fn is_own(text: &str) -> bool {
    let text = text.trim_start();
    let second = text.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
    text.starts_with(OWN_MARKER) || second.starts_with(OWN_MARKER)
}

/// Kind and fingerprint come from the normalised text alone, so that they are the same for a text that the server
/// or we have normalised before.
pub fn analyse(sql: &RawSql) -> Analysis {
    let text = sql.as_str();
    let tokens = lex(text);
    let parsable = if sql.cut() { None } else { Parsable::new(text, &tokens) };
    let normalized = normalise(sql, &tokens, parsable.as_ref());
    let normalized_tokens = lex(normalized.as_str());
    let pieces = pieces(normalized.as_str(), &normalized_tokens, Reading::Parsed);
    let kind = kind(&pieces);
    Analysis {
        fingerprint: fingerprint(normalized.as_str(), &normalized_tokens, &pieces, kind),
        kind,
        tables: tables(parsable.as_ref(), normalized.as_str(), &normalized_tokens),
        tags: tags(text, &tokens),
        distance: distance(&pieces),
        written: written(&pieces, kind),
        own: is_own(text),
        normalized,
    }
}

/// A text with literals where no `$n` may stand parses only as it came; one that does not parse may do so once it
/// is normalised.
fn tables(original: Option<&Parsable>, normalized: &str, tokens: &[Token]) -> Vec<String> {
    original
        .and_then(Parsable::tables)
        .or_else(|| read_normalized(normalized, tokens, Parsable::tables))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::analyse;
    use crate::fingerprint::FingerprintSource;
    use crate::parser::MAX_TABLES;
    use crate::raw::RawSql;

    fn check_tables(sql: &str, expected: &[&str]) {
        assert_eq!(analyse(&RawSql::from(sql)).tables, expected, "{sql}");
    }

    #[test]
    fn tables_are_named_as_written() {
        check_tables(
            "select * from a.t join \"Odd\" o on true where exists (select from a.t, u)",
            &["a.t", "\"Odd\"", "u"],
        );
        check_tables("with c as (select * from t) insert into s.x select * from c", &["s.x", "t"]);
        check_tables("copy t from '/tmp/x'", &["t"]);
        check_tables("create table t (a varchar(10))", &["t"]);
        check_tables("select $1::varchar($2) from t", &["t"]);
        check_tables("select * from t where", &[]);
    }

    #[test]
    fn tables_are_bounded() {
        let joined: String = (0..200).map(|table| format!(", t{table}")).collect();
        let analysis = analyse(&RawSql::from(format!("select from t{joined}").as_str()));
        assert_eq!(analysis.tables.len(), MAX_TABLES);
    }

    #[test]
    fn our_own_statements_are_known_by_their_marker() {
        let own = |sql: &str| analyse(&RawSql::from(sql)).own;
        assert!(own("/* pgquerylens:statements */ select 1"));
        assert!(own("\n /* pgquerylens */ select 1"));
        assert!(!own("select '/* pgquerylens */'"));
    }

    #[test]
    fn a_text_that_the_server_cut_is_not_parsed() {
        let cut = analyse(&RawSql::from("select a from t").mark_cut());
        assert_eq!(cut.normalized.as_str(), "select a from t …");
        assert_eq!(cut.fingerprint.source, FingerprintSource::Scanner);
        assert_eq!(cut.tables, [""; 0]);
        let again = analyse(&RawSql::from(cut.normalized.as_str()));
        assert_eq!(again, cut);
    }
}
