//! The number that groups equal statements, whatever their literals. It is a function of the normalised text alone;
//! which statements of one server are the same is left to `queryid`.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::kind::StatementKind;
use crate::lexer::Token;
use crate::parser::{Parsable, read_normalized};
use crate::pieces::Piece;

/// Groups equal statements across databases, servers and majors.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The hash.
    pub value: u64,
    /// Who computed it. Values of different sources do not compare.
    pub source: FingerprintSource,
}

/// Who computed a fingerprint.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum FingerprintSource {
    /// `pg_query`, from the parse tree: other tools with its version 18 rules come to the same value.
    Parser,
    /// Ours, from the tokens: for utility statements with literals and for what does not parse.
    Scanner,
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source {
            FingerprintSource::Parser => write!(f, "{:016x}", self.value),
            FingerprintSource::Scanner => write!(f, "s:{:016x}", self.value),
        }
    }
}

/// Returns the fingerprint of a normalised text.
///
/// `pg_query` hashes the constants of utility statements, so theirs comes from the parser only if there is none.
pub(crate) fn fingerprint(
    normalized: &str,
    tokens: &[Token],
    pieces: &[Piece<'_>],
    kind: StatementKind,
) -> Fingerprint {
    let is_jumbled = kind.is_dml() || !pieces.iter().any(Piece::is_placeholder);
    let from_parser = || read_normalized(normalized, tokens, Parsable::fingerprint);
    match is_jumbled.then(from_parser).flatten() {
        Some(value) => Fingerprint { value, source: FingerprintSource::Parser },
        None => Fingerprint { value: hash(pieces), source: FingerprintSource::Scanner },
    }
}

/// Hashes the tokens: keywords and unquoted names in lower case, as PostgreSQL folds them, and literals as one.
fn hash(pieces: &[Piece<'_>]) -> u64 {
    let mut hasher = Sha256::new_with_prefix("pgquerylens scanner 1");
    for piece in pieces {
        match piece {
            Piece::Word(word) => hasher.update(word.to_ascii_lowercase()),
            Piece::QuotedName(text) | Piece::Operator(text) => hasher.update(text),
            Piece::Mark(mark) => hasher.update([u8::try_from(*mark).unwrap_or(b'?')]),
            Piece::Placeholder(_) => hasher.update("$"),
        }
        hasher.update([0]);
    }
    let digest = hasher.finalize();
    digest.iter().take(8).fold(0, |value, byte| value << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::analysis::analyse;
    use crate::raw::RawSql;

    /// All spellings have one fingerprint.
    fn check(spellings: &[&str], expected: &Expect) {
        let fingerprints: Vec<String> =
            spellings.iter().map(|sql| analyse(&RawSql::from(*sql)).fingerprint.to_string()).collect();
        assert!(fingerprints.iter().all(|it| *it == fingerprints[0]), "{fingerprints:?} of {spellings:?}");
        expected.assert_eq(&fingerprints[0]);
    }

    #[test]
    fn literals_parameters_comments_and_case_do_not_matter() {
        check(
            &[
                "select * from t where a = 5 and b in ('x', 'y')",
                "SELECT * FROM t WHERE a = $1 AND b IN ($2, $3, $4);",
                "/* c */ select *\nfrom t -- d\nwhere a = -5 and b in ($1 /*, ... */)",
            ],
            &expect!["64984683325a2061"],
        );
        check(&["select 'a'::varchar(10)", "select $1::VARCHAR(20)"], &expect!["50fde20626009aba"]);
    }

    #[test]
    fn utility_statements_with_literals_are_the_scanners() {
        check(
            &["alter role a password 'x'", "ALTER ROLE a PASSWORD $1", "alter role A password 'y'"],
            &expect!["s:362364343023fb2d"],
        );
        check(&["savepoint a", "SAVEPOINT $1", "savepoint \"b c\""], &expect!["s:76645ba7299e07f1"]);
        check(&["fetch 5 c", "FETCH $1 c"], &expect!["s:66d0a445efe384e4"]);
        check(&["deallocate s1", "DEALLOCATE $1"], &expect!["s:91a2ed50d1a50cae"]);
        check(&["set x = 'a'", "SET x = $1"], &expect!["s:2b6b6002650dfabb"]);
    }

    #[test]
    fn utility_statements_without_literals_are_the_parsers() {
        check(&["begin", "BEGIN;"], &expect!["b16b431979fc3e05"]);
        check(&["vacuum (analyze) t"], &expect!["e89279715fc612be"]);
    }

    #[test]
    fn what_does_not_parse_is_the_scanners() {
        check(
            &["select a from t where b = 'unfinis", "SELECT a FROM t WHERE b = $1 …"],
            &expect!["s:a998ca96297581e7"],
        );
        check(&["select a from"], &expect!["s:e8f22f97638b08e1"]);
    }
}
