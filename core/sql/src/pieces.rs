//! A text as the sequence of what matters in it: no white space, no comments, and a placeholder for each literal.
//! Whatever is asked of a statement without its parser (canonical text, kind, scanner fingerprint) is asked here.

use crate::lexer::{Token, TokenKind, param_number};

/// One thing that matters, in the order of the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Piece<'a> {
    /// A keyword or an unquoted name.
    Word(&'a str),
    /// A quoted name with its quotes.
    QuotedName(&'a str),
    /// An operator or a byte that begins no token.
    Operator(&'a str),
    /// One of `( ) [ ] , . ;`
    Mark(char),
    /// `$n`, or a literal that becomes one.
    Placeholder(Placeholder),
}

/// Where a placeholder comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Placeholder {
    /// `$n` of the text itself: equal numbers are the same value.
    Param(u32),
    /// A number.
    Number,
    /// Any other literal.
    Text,
}

impl Piece<'_> {
    /// Returns whether this is the given keyword, in either case.
    pub(crate) fn is_word(&self, keyword: &str) -> bool {
        matches!(self, Piece::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    pub(crate) fn is_one_of(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is_word(keyword))
    }

    pub(crate) fn is_placeholder(&self) -> bool {
        matches!(self, Piece::Placeholder(_))
    }

    /// Returns whether both say the same, whatever the literals are.
    pub(crate) fn same_shape(&self, other: &Piece<'_>) -> bool {
        (self.is_placeholder() && other.is_placeholder()) || self == other
    }
}

/// Whether the server's parser has read the text as it is now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reading {
    /// It parses: strings end where the lexer says.
    Parsed,
    /// It does not, so a session with `standard_conforming_strings = off` may have sent it.
    Guessed,
}

/// Stands for the rest of a text that is missing or cannot be told from a literal. A text that ends in it is never
/// parsed: the beginning of a statement may well be another statement.
pub(crate) const CUT_MARK: &str = "…";

/// Returns what matters in a text, and the mark at the end if a quote is never closed.
///
/// In a text that nobody parsed, a string with `\'` in it ends at that quote or goes on behind it, depending on a
/// setting of the session. What follows is then taken for part of the literal.
pub(crate) fn pieces<'a>(sql: &'a str, tokens: &[Token], reading: Reading) -> Vec<Piece<'a>> {
    let mut pieces = Vec::with_capacity(tokens.len() / 2 + 1);
    let rest = [Piece::Placeholder(Placeholder::Text), Piece::Word(CUT_MARK)];
    for token in tokens {
        let text = token.text(sql);
        pieces.push(match token.kind {
            TokenKind::Space | TokenKind::Comment => continue,
            TokenKind::PlainString if reading == Reading::Guessed && text.contains("\\'") => {
                pieces.extend(rest);
                break;
            }
            TokenKind::Unterminated => {
                pieces.extend(rest);
                break;
            }
            TokenKind::PlainString | TokenKind::OtherString => Piece::Placeholder(Placeholder::Text),
            TokenKind::Number => Piece::Placeholder(Placeholder::Number),
            TokenKind::Param => param_number(text).map_or(Piece::Placeholder(Placeholder::Number), |n| {
                Piece::Placeholder(Placeholder::Param(n))
            }),
            TokenKind::Word => Piece::Word(text),
            TokenKind::QuotedName => Piece::QuotedName(text),
            TokenKind::Operator | TokenKind::Other => Piece::Operator(text),
            TokenKind::OpenParen => Piece::Mark('('),
            TokenKind::CloseParen => Piece::Mark(')'),
            TokenKind::OpenBracket => Piece::Mark('['),
            TokenKind::CloseBracket => Piece::Mark(']'),
            TokenKind::Comma => Piece::Mark(','),
            TokenKind::Dot => Piece::Mark('.'),
            TokenKind::Semicolon => Piece::Mark(';'),
        });
    }
    pieces
}
