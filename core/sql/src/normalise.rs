//! The text of a statement without its literals, the only form of it that may leave this crate.
//! How literals are found is left to `parser` (PostgreSQL's own) and `reduce` (ours); here is the order of the two.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::lexer::{Token, TokenKind, lex};
use crate::parser::{MAX_PARSED_BYTES, Parsable};
use crate::pieces::{CUT_MARK, Reading};
use crate::raw::RawSql;
use crate::reduce::reduce;

/// A text that holds no literal and no comment: literals are `$n`, counted from 1. It ends in `…` if the rest is
/// missing.
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
pub(crate) fn normalise(raw: &RawSql, tokens: &[Token], parsable: Option<&Parsable>) -> NormalizedSql {
    let after_parser = |text: String| reduce(&text, &lex(&text), Reading::Parsed, false);
    checked(match parsable.and_then(Parsable::normalize) {
        Some(text) => after_parser(text),
        None => {
            let reduced = reduce(raw.as_str(), tokens, Reading::Guessed, raw.cut());
            let parsable =
                if reduced.len() > MAX_PARSED_BYTES { None } else { Parsable::new(&reduced, &lex(&reduced)) };
            parsable.and_then(|parsable| parsable.normalize()).map_or(reduced, after_parser)
        }
    })
}

/// Returns at most `max_bytes` of a text, cut between two tokens, with a mark at the end if something is missing.
pub fn cut(normalized: &NormalizedSql, max_bytes: usize) -> NormalizedSql {
    if normalized.0.len() <= max_bytes {
        return normalized.clone();
    }
    let limit = max_bytes.saturating_sub(CUT_MARK.len());
    let fits = |end: &usize| *end <= limit;
    let kept = lex(&normalized.0).iter().map(|token| token.end as usize).take_while(fits).last().unwrap_or(0);
    let mut text = normalized.0.get(..kept).unwrap_or_default().to_owned();
    if max_bytes >= CUT_MARK.len() {
        text.push_str(CUT_MARK);
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

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{NormalizedSql, cut};
    use crate::analysis::analyse;
    use crate::raw::RawSql;

    fn normalized(sql: &str) -> NormalizedSql {
        analyse(&RawSql::from(sql)).normalized
    }

    fn check(statements: &[&str], expected: &Expect) {
        let texts: String = statements.iter().map(|sql| format!("{}\n", normalized(sql))).collect();
        expected.assert_eq(&texts);
    }

    #[test]
    fn ordinary_statements() {
        check(
            &[
                "SELECT  a,b FROM\tt WHERE x=-1 AND y='it''s' and z is true -- no\n LIMIT 10;",
                "select /* hint */ -1::text, 2-1, a-1, - 1, x::varchar(255), date '2026-01-01', interval '1 day'",
                "select * from t where a in (1, 2, 3) and b = any(array['x', 'y']) and (c, d) in ((1, 2), (3, 4))",
                "insert into t(a, b) values (1, default), (2, default), (3, now()) returning id",
                "select $2, $1, 5, $2 from t order by 1",
                "update t set a = E'\\'s3cr3t' where b = $q$s3cr3t$q$ and c = U&'\\0041' uescape '!'",
            ],
            &expect![[r#"
                SELECT a, b FROM t WHERE x = $1 AND y = $2 and z is true LIMIT $3
                select -$1::text, $2 - $3, a - $4, $5, x::varchar($6), date $7, interval $8
                select * from t where a in ($1) and b = any (array[$2]) and (c, d) in (($3, $4))
                insert into t(a, b) values ($1, default), ($2, now()) returning id
                select $1, $2, $3, $1 from t order by $4
                update t set a = $1 where b = $2 and c = $3
            "#]],
        );
    }

    #[test]
    fn utility_statements() {
        check(
            &[
                "ALTER ROLE app PASSWORD 's3cr3t' VALID UNTIL '2030-01-01'",
                "alter user app password \"s3cr3t\"",
                "create user mapping for app server s options (user 'u', password 's3cr3t')",
                "create subscription s connection 'password=s3cr3t' publication p",
                "do $$ begin perform 's3cr3t'; end $$",
                "create function f() returns text language sql as $$ select 's3cr3t' $$",
                "copy t from program 'curl s3cr3t' with (format csv, null 's3cr3t')",
                "comment on table t is 's3cr3t'",
                "security label for anon on column t.c is 's3cr3t'",
                "set application_name = 's3cr3t'",
                "explain (analyze) execute q(1, 's3cr3t')",
                "notify c, 's3cr3t'",
                "savepoint sp_1; release sp_1; rollback to savepoint sp_1; deallocate s_1; deallocate all",
                "fetch 10 from c",
                "create table t (a varchar(10) default 's3cr3t', b numeric(10, 2) check (b > 5))",
            ],
            &expect![[r#"
                ALTER ROLE app PASSWORD $1 VALID UNTIL $2
                alter user app password $1
                create user mapping for app server s options(user $1, password $2)
                create subscription s connection $1 publication p
                do $1
                create function f() returns text language sql as $1
                copy t from program $1 with (format csv, null $2)
                comment on table t is $1
                security label for anon on column t.c is $1
                set application_name = $1
                explain (analyze) execute q($1, $2)
                notify c, $1
                savepoint $1; release $2; rollback to savepoint $3; deallocate $4; deallocate all
                fetch $1 from c
                create table t(a varchar($1) default $2, b numeric($3, $4) check (b > $5))
            "#]],
        );
    }

    #[test]
    fn what_does_not_parse() {
        check(
            &[
                "select a from t where b = 's3cr",
                "select a from t where b = 's3cr3t' /* application='s3cr",
                "insert into t values (1, 's3cr3t'), (-2, 's3cr3t'), (3, 's3",
                "select case when a = 5 then -6 else",
                "hello 's3cr3t' 42",
                "select 'a\\' s3cr3t ' from t where",
                "select $70000, 0x1F, 1_000 from where",
                "",
            ],
            &expect![[r#"
                select a from t where b = $1 …
                select a from t where b = $1
                insert into t values ($1, $2), ($3, $4 …
                select case when a = $1 then $2 else
                hello $1 $2
                select $1 …
                select $1, $2, $3 from where

            "#]],
        );
    }

    #[test]
    fn a_cut_text_is_marked_and_ends_between_tokens() {
        let text = normalized("select alpha, beta from t where gamma = 'x'");
        assert_eq!(cut(&text, 100), text);
        assert_eq!(cut(&text, 20).as_str(), "select alpha, …");
        assert_eq!(cut(&text, 3).as_str(), "…");
        assert_eq!(cut(&text, 2).as_str(), "");
    }

    #[test]
    fn reading_back_refuses_a_literal() {
        let read = |text: &str| serde_json::from_value::<NormalizedSql>(text.into());
        assert_eq!(read("select $1").unwrap().as_str(), "select $1");
        for literal in ["select 1", "select 'a", "select $$a$$", "select -- a", "select $70000"] {
            let error = read(literal).unwrap_err().to_string();
            assert_eq!(error, "statement text is not normalised: it holds a literal or a comment");
        }
    }
}
