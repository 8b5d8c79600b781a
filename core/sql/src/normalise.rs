//! The text of a statement without its literals, the only form of it that may leave this crate.
//! How literals are found is left to `parser` (PostgreSQL's own) and `reduce` (ours); here is the order of the two.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::lexer::{TokenKind, lex};
use crate::parser::Parsable;
use crate::pieces::Reading;
use crate::reduce::reduce;

/// What [`cut`] puts where it cut.
const CUT_MARK: char = '…';

/// A text that holds no literal and no comment: literals are `$n`, counted from 1.
///
/// Only this crate can make one. It can be read back from our own state; reading checks that no literal is in it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NormalizedSql(String);

impl NormalizedSql {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NormalizedSql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for NormalizedSql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<NormalizedSql> for String {
    fn from(normalized: NormalizedSql) -> String {
        normalized.0
    }
}

impl TryFrom<String> for NormalizedSql {
    type Error = HoldsLiteral;

    fn try_from(text: String) -> Result<NormalizedSql, HoldsLiteral> {
        if holds_literal(&text) { Err(HoldsLiteral) } else { Ok(NormalizedSql(text)) }
    }
}

/// A text that was to be read as normalised holds a literal or a comment. It does not say which.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HoldsLiteral;

impl fmt::Display for HoldsLiteral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("statement text is not normalised: it holds a literal or a comment")
    }
}

impl std::error::Error for HoldsLiteral {}

/// Returns the text without its literals.
///
/// `parsable` is the text as the parser may see it. PostgreSQL's parser replaces constants first, because it knows
/// that `-1` and `true` are constants. It leaves many in utility statements, so the scanner goes over its result.
/// What does not parse goes to the scanner first; the result may parse, and then it takes the same way, so that
/// normalising twice changes nothing.
pub(crate) fn normalise(sql: &str, tokens: &[Token], parsable: Option<&Parsable>) -> NormalizedSql {
    let after_parser = |text: String| reduce(&text, &lex(&text), Reading::Parsed);
    checked(match parsable.and_then(Parsable::normalize) {
        Some(text) => after_parser(text),
        None => {
            let reduced = reduce(sql, tokens, Reading::Guessed);
            read_normalized(&reduced, &lex_if_short(&reduced), Parsable::normalize).map_or(reduced, after_parser)
        }
    })
}

/// Returns at most `max_bytes` of a text, cut between two tokens, with a mark at the end if something is missing.
pub fn cut(normalized: &NormalizedSql, max_bytes: usize) -> NormalizedSql {
    if normalized.0.len() <= max_bytes {
        return normalized.clone();
    }
    let limit = max_bytes.saturating_sub(CUT_MARK.len_utf8());
    let fits = |end: &usize| *end <= limit;
    let kept = lex(&normalized.0).iter().map(|token| token.end as usize).take_while(fits).last().unwrap_or(0);
    let mut text = normalized.0.get(..kept).unwrap_or_default().to_owned();
    if max_bytes >= CUT_MARK.len_utf8() {
        text.push(CUT_MARK);
    }
    NormalizedSql(text)
}

/// The last look at a text before it is called normalised. Nothing gets here with a literal in it; if something
/// did, its text would be lost rather than shown.
fn checked(text: String) -> NormalizedSql {
    NormalizedSql(if holds_literal(&text) { String::new() } else { text })
}

fn holds_literal(text: &str) -> bool {
    text.contains('\0')
        || lex(text).iter().any(|token| {
            matches!(
                token.kind,
                TokenKind::Comment
                    | TokenKind::PlainString
                    | TokenKind::OtherString
                    | TokenKind::Number
                    | TokenKind::Unterminated
            )
        })
}
