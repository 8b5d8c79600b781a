//! Any bytes at all: no crash, and a normalised text stays as it is. `tests/properties.rs` checks more, on the
//! stable toolchain. The seed corpus is `integration/fuzz-corpus/sql`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pgquerylens_sql::{NormalizedSql, RawSql, analyse};

fuzz_target!(|bytes: &[u8]| {
    let analysis = analyse(&RawSql::from_bytes(bytes));
    let text = analysis.normalized.as_str();
    assert!(NormalizedSql::try_from(text.to_owned()).is_ok(), "a literal is left");
    let again = analyse(&RawSql::from(text));
    assert_eq!(again.normalized, analysis.normalized);
    assert_eq!(again.fingerprint, analysis.fingerprint);
});
