//! The number that groups equal statements, whatever their literals. It is a function of the normalised text alone;
//! which statements of one server are the same is left to `queryid`.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::kind::StatementKind;
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
pub(crate) fn fingerprint(normalized: &str, pieces: &[Piece<'_>], kind: StatementKind) -> Fingerprint {
    let is_jumbled = kind.is_dml() || !pieces.iter().any(Piece::is_placeholder);
    let from_parser = || read_normalized(normalized, Parsable::fingerprint);
    match if is_jumbled { from_parser() } else { None } {
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
