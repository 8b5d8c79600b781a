//! SQLSTATE: PostgreSQL's code of an error, five letters and digits of which the first two are its class.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A code. No other text fits in, so that none gets out by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sqlstate([u8; 5]);

impl Sqlstate {
    /// Reads a code.
    pub fn of(text: &str) -> Option<Sqlstate> {
        let code: [u8; 5] = text.as_bytes().try_into().ok()?;
        let is_code = code.iter().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit());
        is_code.then_some(Sqlstate(code))
    }

    /// Returns the code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Returns its class.
    pub fn class(&self) -> &str {
        &self.as_str()[..2]
    }
}

impl fmt::Debug for Sqlstate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Sqlstate {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Sqlstate, &'static str> {
        Sqlstate::of(&text).ok_or("no SQLSTATE")
    }
}

impl From<Sqlstate> for String {
    fn from(code: Sqlstate) -> String {
        code.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_code_is_one() {
        assert_eq!(Sqlstate::of("23505").map(|code| code.class().to_owned()).as_deref(), Some("23"));
        for text in ["", "2350", "235055", "23é0", "p0001", "23 05", "'a'b1"] {
            assert_eq!(Sqlstate::of(text), None, "{text:?}");
        }
    }
}
