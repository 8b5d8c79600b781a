//! Conditions and lists of a plan: SQL's tokens, of which literals are masked.

use crate::lexer::{Token, TokenKind, lex};

use super::MASK;

/// The words of a plan that a number of its own follows.
const NUMBERED: [&str; 2] = ["InitPlan", "SubPlan"];

/// Masks the literals of a text. Nothing if it ends inside of one, or has a comment, which no plan has.
pub(super) fn masked(text: &str) -> Option<String> {
    let tokens = lex(text);
    let mut masked = String::with_capacity(text.len());
    for (at, token) in tokens.iter().enumerate() {
        let written = token.text(text);
        masked.push_str(match token.kind {
            TokenKind::Comment | TokenKind::Unterminated => return None,
            TokenKind::PlainString | TokenKind::OtherString => MASK,
            TokenKind::Number if is_parameter(written) || is_numbered(text, &tokens[..at]) => written,
            TokenKind::Number => MASK,
            _ => written,
        });
    }
    Some(masked)
}

/// What the executor computes before is `$0` and on.
fn is_parameter(written: &str) -> bool {
    let digits = written.strip_prefix('$').unwrap_or_default();
    (1..=5).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
}

fn is_numbered(text: &str, before: &[Token]) -> bool {
    match before {
        [.., word, space] if space.text(text) == " " => NUMBERED.contains(&word.text(text)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_operators_stay() {
        for (text, expected) in [
            ("(a = 'x'::text)", Some("(a = ?::text)")),
            ("((a)::text = ANY ('{s3cr3t,\"b\"}'::text[]))", Some("((a)::text = ANY (?::text[]))")),
            (
                "(t_1.n > 42) AND (f('it''s', E'\\\\', B'01') <> $1)",
                Some("(t_1.n > ?) AND (f(?, ?, ?) <> $1)"),
            ),
            (
                "(n = $0) OR (hashed SubPlan 2) OR (InitPlan 3).col1",
                Some("(n = $0) OR (hashed SubPlan 2) OR (InitPlan 3).col1"),
            ),
            ("(\"Odd 'name\".b ~~ '%x%'::text)", Some("(\"Odd 'name\".b ~~ ?::text)")),
            ("(n = $70000123)", Some("(n = ?)")),
            ("(a = '-1'::integer) AND (b = 1.5e-3)", Some("(a = ?::integer) AND (b = ?)")),
            ("(a = 'open", None),
            ("(a -- b)", None),
            ("(a = $q$open)", None),
            ("SubPlan 1", Some("SubPlan 1")),
            ("subplan 4711", Some("subplan ?")),
        ] {
            assert_eq!(masked(text).as_deref(), expected, "{text}");
        }
    }
}
