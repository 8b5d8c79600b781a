//! A plan as `auto_explain` writes it to the log: an entry whose first line says how long the statement took, and whose
//! further lines are the plan in one of its formats. The text holds literals; to make it fit to be kept is left to whoever
//! can read SQL.
//! <https://www.postgresql.org/docs/current/auto-explain.html>

use crate::rows::RawText;
use crate::time::Timestamp;

/// The longest text of a plan that is read.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;

/// A plan that was found, with its literals. It cannot be printed.
#[derive(Clone, Debug, PartialEq)]
pub struct RawPlan {
    /// What tells it from every other that its source ever found: the same one, found again, has the same.
    pub id: String,
    /// When it was written, where the prefix tells.
    pub time: Option<Timestamp>,
    /// Who executed the statement.
    pub user: Option<String>,
    /// In which database.
    pub database: Option<String>,
    /// How long the statement took, in milliseconds.
    pub duration_ms: f64,
    /// The plan; none where it is longer than what is read, or was cut by whoever keeps the log.
    pub text: Option<RawText>,
}

/// Reads how long a statement took, if what follows is its plan.
pub(super) fn duration_ms(message: &str) -> Option<f64> {
    message.strip_prefix("duration: ")?.strip_suffix(" ms  plan:")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_plan_is_one() {
        for (message, expected) in [
            ("duration: 12.345 ms  plan:", Some(12.345)),
            ("duration: 12.345 ms  statement: select 1", None),
            ("duration: 12.345 ms", None),
            ("duration: long ms  plan:", None),
        ] {
            assert_eq!(duration_ms(message), expected, "{message}");
        }
    }
}
