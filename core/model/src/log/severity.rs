//! How grave an entry is, and which lines only say more about the entry before them: the word that stands between a line's
//! prefix and its message. Where `lc_messages` translates it, a line is none of ours.

use serde::{Deserialize, Serialize};

/// How grave an entry is, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// `DEBUG`, `INFO`, `NOTICE`, `LOG`: nothing is wrong.
    Log,
    /// `WARNING`
    Warning,
    /// `ERROR`: a statement was given up.
    Error,
    /// `FATAL`: a session was.
    Fatal,
    /// `PANIC`: all sessions were.
    Panic,
}

impl Severity {
    /// Those that are counted.
    pub const COUNTED: [Severity; 4] = [Severity::Warning, Severity::Error, Severity::Fatal, Severity::Panic];

    /// Returns PostgreSQL's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Log => "LOG",
            Severity::Warning => "WARNING",
            Severity::Error => "ERROR",
            Severity::Fatal => "FATAL",
            Severity::Panic => "PANIC",
        }
    }
}

/// What a line with a prefix is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    /// The first line of an entry.
    Entry(Severity),
    /// A further part of the entry before it.
    Part,
}

/// The words, and what follows from each (`error_severity` and `send_message_to_server_log` in PostgreSQL's `elog.c`).
const WORDS: [(&str, Begins); 15] = [
    ("LOG", Begins::Entry(Severity::Log)),
    ("ERROR", Begins::Entry(Severity::Error)),
    ("STATEMENT", Begins::Part),
    ("DETAIL", Begins::Part),
    ("HINT", Begins::Part),
    ("CONTEXT", Begins::Part),
    ("FATAL", Begins::Entry(Severity::Fatal)),
    ("WARNING", Begins::Entry(Severity::Warning)),
    ("PANIC", Begins::Entry(Severity::Panic)),
    ("NOTICE", Begins::Entry(Severity::Log)),
    ("INFO", Begins::Entry(Severity::Log)),
    ("DEBUG", Begins::Entry(Severity::Log)),
    ("QUERY", Begins::Part),
    ("LOCATION", Begins::Part),
    ("BACKTRACE", Begins::Part),
];

/// Reads the word behind a prefix; returns what the line is, and its message.
pub(super) fn word(text: &str) -> Option<(Begins, &str)> {
    WORDS.iter().find_map(|(word, begins)| {
        let message = text.strip_prefix(word)?.strip_prefix(":  ")?;
        Some((*begins, message))
    })
}
