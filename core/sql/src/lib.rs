//! Fingerprints, normalises and classifies PostgreSQL statements. A text comes in as [`RawSql`], which may hold
//! literals and cannot be printed, and leaves as [`Analysis`], whose text holds none.
//! Plans come in as bytes and leave as [`MaskedPlan`], which holds none either.
//! Which texts are read, and what becomes of the analyses, is left to others; nothing here does I/O.

mod analysis;
mod cache;
mod fingerprint;
mod kind;
mod lexer;
mod normalise;
mod parser;
mod pieces;
mod plan;
mod raw;
mod reduce;
mod tags;
mod vectors;

pub use analysis::{Analysis, OWN_MARKER, analyse};
pub use cache::AnalysisCache;
pub use fingerprint::{Fingerprint, FingerprintSource};
pub use kind::{Command, StatementKind};
pub use normalise::{HoldsLiteral, NormalizedSql, cut};
pub use parser::{MAX_PARSED_BYTES, MAX_PARSED_DEPTH, MAX_PARSED_TOKENS, MAX_TABLES};
pub use plan::{MaskedPlan, PlanFormat};
pub use raw::{MAX_SQL_BYTES, RawSql};
pub use tags::{ALLOWED_TAGS, MAX_TAG_BYTES, MAX_TAGS};
