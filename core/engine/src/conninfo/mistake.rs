//! What is wrong with the connection settings, and what to write instead. No text here ever holds a password: a value
//! is quoted only where a password cannot have slipped into its place.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

/// One thing that is wrong, with its remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong and where it was said.
    pub what: String,
    /// What to write instead.
    pub instead: String,
}

impl Mistake {
    pub(super) fn new(what: impl Into<String>, instead: impl Into<String>) -> Self {
        Self { what: what.into(), instead: instead.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.what, self.instead)
    }
}

/// Everything that is wrong with the connection settings, found in one go; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("read the connection settings")?;
        self.0.iter().try_for_each(|mistake| write!(formatter, "\n  {mistake}"))
    }
}

impl Error for Mistakes {}

/// Something that works but deserves a word to the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The password stands in the connection string, where `ps` and the shell's history show it.
    PasswordInArguments,
    /// The password file is not read.
    PassfileIgnored {
        /// The file.
        path: PathBuf,
        /// Why, and what to do about it.
        why: String,
    },
    /// A setting has no effect here.
    Ignored {
        /// The keyword.
        keyword: &'static str,
        /// Why.
        why: &'static str,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PasswordInArguments => formatter.write_str(
                "the password in the arguments shows in ps and in the shell's history: \
                 use PGPASSWORD, ~/.pgpass (mode 0600) or a service file instead",
            ),
            Self::PassfileIgnored { path, why } => {
                write!(formatter, "the password file {} is not used: {why}", path.display())
            }
            Self::Ignored { keyword, why } => write!(formatter, "{keyword} has no effect: {why}"),
        }
    }
}
