//! All that is known of a statement from its text alone, found in one go.

use crate::fingerprint::{Fingerprint, fingerprint};
use crate::kind::{StatementKind, kind};
use crate::lexer::lex;
use crate::normalise::{NormalizedSql, normalise};
use crate::parser::{Parsable, read_normalized};
use crate::pieces::{Reading, pieces};
use crate::raw::RawSql;
use crate::tags::tags;

/// The comment that each of our own statements begins with.
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
    /// Whether the statement is one of ours: it begins with [`OWN_MARKER`].
    pub own: bool,
}

/// Returns what a statement's text tells. Any text will do, and the work is bounded.
pub fn analyse(sql: &RawSql) -> Analysis {
    let text = sql.as_str();
    let tokens = lex(text);
    let parsable = if sql.cut() { None } else { Parsable::new(text, &tokens) };
    let normalized = normalise(text, parsable.as_ref());
    let (kind, fingerprint) = identity(&normalized);
    Analysis {
        fingerprint,
        kind,
        tables: tables(parsable.as_ref(), &normalized),
        tags: tags(text, &tokens),
        own: text.trim_start().starts_with(OWN_MARKER),
        normalized,
    }
}

/// Kind and fingerprint come from the normalised text alone, so that they are the same for a text that the server
/// or we have normalised before.
fn identity(normalized: &NormalizedSql) -> (StatementKind, Fingerprint) {
    let text = normalized.as_str();
    let pieces = pieces(text, &lex(text), Reading::Parsed);
    let kind = kind(&pieces);
    (kind, fingerprint(text, &pieces, kind))
}

/// A text whose literals stand where no `$n` may may parse only as it came; one that does not parse, only once it
/// is normalised.
fn tables(original: Option<&Parsable>, normalized: &NormalizedSql) -> Vec<String> {
    original
        .and_then(Parsable::tables)
        .or_else(|| read_normalized(normalized.as_str(), Parsable::tables))
        .unwrap_or_default()
}
