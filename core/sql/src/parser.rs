//! The one door to PostgreSQL's own parser. It is C and recursive, so only texts of a bounded size, depth and
//! number of tokens go through; what is refused here is left to the scanner.

use crate::lexer::{Token, TokenKind};
use crate::pieces::CUT_MARK;

/// The longest text that is parsed. The parser needs about 0.2 µs per byte, three times per statement; statements
/// above this are nearly always long lists, which the scanner folds into short ones before they come here again.
pub const MAX_PARSED_BYTES: usize = 64 * 1024;

/// The most tokens, white space and comments aside, in a text that is parsed. A chain such as `1 + 1 + …` nests in
/// the tree without a parenthesis, and `pg_query` gives up when half a mebibyte of the stack is left; a chain of
/// this many tokens gets through on a stack of 1.5 MiB, so that every thread comes to the same result.
pub const MAX_PARSED_TOKENS: usize = 3_000;

/// The deepest nesting of parentheses, brackets and `CASE` in a text that is parsed. The fingerprint looks no
/// deeper than 100 nodes anyway.
pub const MAX_PARSED_DEPTH: usize = 200;

/// The most tables that are named per statement.
pub const MAX_TABLES: usize = 64;

/// A text that may go to the parser, without its comments.
#[derive(Debug)]
pub(crate) struct Parsable(String);

impl Parsable {
    /// Returns the text to parse, `None` if it is too large or too deep, or if there is nothing to parse: for that
    /// the binding would make a slice of a null pointer.
    pub(crate) fn new(sql: &str, tokens: &[Token]) -> Option<Parsable> {
        let is_sane = |token: &Token| match token.kind {
            TokenKind::Unterminated => false,
            // Too high a number of a parameter, taken for a literal.
            TokenKind::Number => !token.text(sql).starts_with('$'),
            TokenKind::Word => token.text(sql) != CUT_MARK,
            _ => true,
        };
        let is_said = |token: &&Token| !matches!(token.kind, TokenKind::Space | TokenKind::Comment);
        let said = || tokens.iter().filter(is_said);
        let is_empty = said().all(|token| token.kind == TokenKind::Semicolon);
        let is_long = said().nth(MAX_PARSED_TOKENS).is_some();
        if is_empty || is_long || !said().all(is_sane) || depth(sql, tokens) > MAX_PARSED_DEPTH {
            return None;
        }
        let text = without_comments(sql, tokens);
        (text.len() <= MAX_PARSED_BYTES).then_some(Parsable(text))
    }

    /// Returns the text with its constants replaced, `None` if it does not parse.
    pub(crate) fn normalize(&self) -> Option<String> {
        pg_query::normalize(&self.0).ok()
    }

    /// Returns the fingerprint, `None` if the text does not parse.
    pub(crate) fn fingerprint(&self) -> Option<u64> {
        pg_query::fingerprint(&self.0, 0, 0).ok().map(|found| found.value)
    }

    /// Returns the tables that the statement names, as written, in order, each once; `None` if it does not parse.
    pub(crate) fn tables(&self) -> Option<Vec<String>> {
        let summary = pg_query::summary(&self.0, 0, -1).ok()?;
        let mut tables: Vec<String> = Vec::new();
        for table in summary.protobuf.tables {
            if tables.len() < MAX_TABLES && !tables.contains(&table.name) {
                tables.push(table.name);
            }
        }
        Some(tables)
    }
}

/// Reads a normalised text, `None` if it does not parse.
///
/// A literal in a type's modifier (`varchar(255)`) is part of the grammar, not an expression: the parser takes no
/// `$n` there, so it is shown a number. Neither fingerprints nor tables depend on constants.
pub(crate) fn read_normalized<T>(
    normalized: &str,
    tokens: &[Token],
    read: impl Fn(&Parsable) -> Option<T>,
) -> Option<T> {
    let parsable = Parsable::new(normalized, tokens)?;
    read(&parsable).or_else(|| read(&Parsable(with_modifiers(normalized, tokens)?)))
}

/// Types and functions whose modifiers must be integers in the grammar, by the last word of their names.
const TYPES_WITH_MODIFIERS: [&str; 17] = [
    "char",
    "character",
    "varchar",
    "varying",
    "nchar",
    "bit",
    "float",
    "time",
    "timestamp",
    "interval",
    "second",
    "decimal",
    "numeric",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
];

/// Writes 1 for each `$n` in a type's modifiers, `None` if there is none.
fn with_modifiers(normalized: &str, tokens: &[Token]) -> Option<String> {
    let mut text = String::with_capacity(normalized.len());
    let (mut in_modifiers, mut is_changed) = (false, false);
    let mut is_type = false;
    for token in tokens.iter().filter(|token| token.kind != TokenKind::Space) {
        let part = token.text(normalized);
        let is_literal = token.kind == TokenKind::Param;
        in_modifiers = match token.kind {
            TokenKind::OpenParen => is_type,
            TokenKind::Param | TokenKind::Comma => in_modifiers,
            _ => false,
        };
        is_changed |= in_modifiers && is_literal;
        text.push(' ');
        text.push_str(if in_modifiers && is_literal { "1" } else { part });
        is_type = token.kind == TokenKind::Word
            && TYPES_WITH_MODIFIERS.iter().any(|name| part.eq_ignore_ascii_case(name));
    }
    is_changed.then_some(text)
}

/// Returns the text with one space for each run of white space and comments.
fn without_comments(sql: &str, tokens: &[Token]) -> String {
    let mut text = String::with_capacity(sql.len().min(MAX_PARSED_BYTES));
    let mut is_apart = false;
    for token in tokens {
        if matches!(token.kind, TokenKind::Space | TokenKind::Comment) {
            is_apart = true;
            continue;
        }
        if is_apart && !text.is_empty() {
            text.push(' ');
        }
        is_apart = false;
        text.push_str(match token.text(sql) {
            // The parser finds the end of these too early, before `UESCAPE`; the constant's value does not matter.
            string if token.kind == TokenKind::OtherString && string.starts_with(['u', 'U']) => "''",
            other => other,
        });
    }
    text
}

fn depth(sql: &str, tokens: &[Token]) -> usize {
    let (mut deepest, mut depth) = (0_usize, 0_usize);
    for token in tokens {
        let is_case =
            |word: &str| token.kind == TokenKind::Word && token.text(sql).eq_ignore_ascii_case(word);
        match token.kind {
            TokenKind::OpenParen | TokenKind::OpenBracket => depth += 1,
            TokenKind::CloseParen | TokenKind::CloseBracket => depth = depth.saturating_sub(1),
            TokenKind::Word if is_case("case") => depth += 1,
            TokenKind::Word if is_case("end") => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}
