//! The text of a statement as PostgreSQL gave it: it may hold literals, so it cannot be printed.
//! Reading a text out of it is left to this crate; everyone else sees the normalised form.

use std::fmt;

/// The longest text that is looked at. Longer ones are cut here: what follows the first mebibyte tells nobody
/// more about a statement, and the work per text stays bounded.
pub const MAX_SQL_BYTES: usize = 1 << 20;

/// A text as PostgreSQL gave it, which may hold literals.
///
/// Neither `Debug` nor `Display` print it, and there is no way to write it out: the way on is
/// [`analyse`](crate::analyse).
#[derive(Clone, PartialEq, Eq)]
pub struct RawSql {
    text: String,
    damaged: bool,
    cut: bool,
}

impl RawSql {
    /// Reads the bytes of a text in whatever encoding the database has.
    ///
    /// A `SQL_ASCII` database may send anything: bytes that are not UTF-8 and NULs become U+FFFD, which `damaged`
    /// reports. What goes beyond [`MAX_SQL_BYTES`] is dropped, which `cut` reports.
    pub fn from_bytes(bytes: &[u8]) -> RawSql {
        let cut = bytes.len() > MAX_SQL_BYTES;
        let kept = if cut { &bytes[..char_boundary(bytes, MAX_SQL_BYTES)] } else { bytes };
        let lossy = String::from_utf8_lossy(kept);
        let has_nul = kept.contains(&0);
        let damaged = has_nul || matches!(lossy, std::borrow::Cow::Owned(_));
        let text = if has_nul { lossy.replace('\0', "\u{FFFD}") } else { lossy.into_owned() };
        RawSql { text, damaged, cut }
    }

    /// Marks a text that the server itself had cut, as `pg_stat_activity` does at `track_activity_query_size`.
    ///
    /// The beginning of a statement may parse as another statement, so a cut text is never parsed.
    #[must_use]
    pub fn mark_cut(mut self) -> RawSql {
        self.cut = true;
        self
    }

    /// Returns the length in bytes of what was kept.
    pub fn len_bytes(&self) -> usize {
        self.text.len()
    }

    /// Returns whether bytes had to be replaced: invalid UTF-8 or NUL.
    pub fn damaged(&self) -> bool {
        self.damaged
    }

    /// Returns whether the end of the text is missing.
    pub fn cut(&self) -> bool {
        self.cut
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

impl From<&str> for RawSql {
    fn from(text: &str) -> RawSql {
        RawSql::from_bytes(text.as_bytes())
    }
}

impl fmt::Debug for RawSql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawSql({} bytes)", self.text.len())
    }
}

impl fmt::Display for RawSql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Returns the last place at or before `limit` where a UTF-8 character begins, so that cutting a valid text does
/// not damage it. Three steps back are enough; in other encodings the place does not matter.
fn char_boundary(bytes: &[u8], limit: usize) -> usize {
    let is_continuation = |at: usize| bytes[at] & 0b1100_0000 == 0b1000_0000;
    (limit.saturating_sub(3)..=limit).rev().find(|at| !is_continuation(*at)).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::{MAX_SQL_BYTES, RawSql};

    #[test]
    fn never_prints_its_text() {
        let raw = RawSql::from("select 's3cr3t-canary'");
        assert_eq!(format!("{raw:?} {raw}"), "RawSql(22 bytes) RawSql(22 bytes)");
    }

    #[test]
    fn replaces_what_is_not_utf8_and_nul() {
        let raw = RawSql::from_bytes(b"select \"gr\xfc\xdf\0e\"");
        assert_eq!(raw.as_str(), "select \"gr\u{FFFD}\u{FFFD}\u{FFFD}e\"");
        assert!(raw.damaged() && !raw.cut());
        assert!(!RawSql::from("select 'ü'").damaged());
    }

    #[test]
    fn cuts_between_characters() {
        let raw = RawSql::from("ü".repeat(MAX_SQL_BYTES).as_str());
        assert!(raw.cut() && !raw.damaged());
        assert_eq!(raw.len_bytes(), MAX_SQL_BYTES);
        let odd = RawSql::from(format!("x{}", "ü".repeat(MAX_SQL_BYTES)).as_str());
        assert!(odd.cut() && !odd.damaged());
        assert_eq!(odd.len_bytes(), MAX_SQL_BYTES - 1);
    }
}
