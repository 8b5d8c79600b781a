//! What is looked for: plain data, without a look at the world.

use std::fmt;
use std::str::FromStr;

use crate::instance::AURORA;
use crate::session::Account;

/// The engines of RDS that are PostgreSQL.
const ENGINES: [&str; 2] = ["postgres", AURORA];

/// Where servers are looked for, and which of them are wanted.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The accounts; `None` is that of our own credentials, and no account at all is that one alone.
    pub accounts: Vec<Option<Account>>,
    /// The regions in each account; none is that of the environment.
    pub regions: Vec<String>,
    /// Tags that a server, or its cluster, has to have, all of them.
    pub tags: Vec<TagRule>,
    /// Names of which an instance or its cluster has to have one; none is any.
    pub include: Vec<Pattern>,
    /// Names that neither an instance nor its cluster may have. They go before `include`.
    pub exclude: Vec<Pattern>,
    /// `postgres` and `aurora-postgresql`, or one of them; none is both.
    pub engines: Vec<String>,
    /// Whom to log in as, where a server's tag does not say it.
    pub user: String,
    /// Which database to connect to, where a server's tag does not say it.
    pub database: String,
    /// How to log in.
    pub login: Login,
}

/// How found servers are logged in to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Login {
    /// By a token of IAM; what does not take any is left out.
    #[default]
    RdsIam,
    /// By a password that is said elsewhere.
    Password,
}

/// A tag that has to be there, with any value or one that fits.
#[derive(Clone, Debug)]
pub struct TagRule {
    /// The tag's key, in the very case.
    pub key: String,
    /// The value, in the very case; `None` is any.
    pub value: Option<Pattern>,
}

/// A name with `*` for any characters, `?` for one, and `[ab]` for one of several.
#[derive(Clone, Debug)]
pub struct Pattern(glob::Pattern);

/// A pattern that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPattern {
    /// Where in the text it goes wrong, counted in bytes from 0.
    pub at: usize,
    /// What is wrong there.
    pub why: &'static str,
}

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at position {}", self.why, self.at)
    }
}

impl std::error::Error for BadPattern {}

impl FromStr for Pattern {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Pattern, BadPattern> {
        glob::Pattern::new(text).map(Pattern).map_err(|error| BadPattern { at: error.pos, why: error.msg })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl fmt::Display for TagRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}={value}", self.key),
            None => f.write_str(&self.key),
        }
    }
}

impl Pattern {
    /// RDS keeps names of instances and clusters in lower case, whatever they were created by.
    pub(super) fn fits_name(&self, name: &str) -> bool {
        let any_case = glob::MatchOptions { case_sensitive: false, ..glob::MatchOptions::new() };
        self.0.matches_with(name, any_case)
    }

    pub(super) fn fits_value(&self, value: &str) -> bool {
        self.0.matches(value)
    }
}

impl Search {
    pub(super) fn all_accounts(&self) -> Vec<Option<Account>> {
        if self.accounts.is_empty() { vec![None] } else { self.accounts.clone() }
    }

    /// Tells whether an engine is PostgreSQL, and wanted.
    pub(super) fn wants_engine(&self, engine: &str) -> bool {
        ENGINES.contains(&engine)
            && (self.engines.is_empty() || self.engines.iter().any(|wanted| wanted == engine))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_names_in_any_case_and_values_in_theirs() {
        let pattern = |text: &str| text.parse::<Pattern>().unwrap();
        for (text, name, fits) in [
            ("shop-*", "shop-1", true),
            ("Shop-?", "shop-1", true),
            ("shop-?", "shop-10", false),
            ("*", "", true),
            ("shop", "shop-1", false),
        ] {
            assert_eq!(pattern(text).fits_name(name), fits, "{text} {name}");
        }
        assert!(pattern("team/*").fits_value("team/a/b") && !pattern("Prod").fits_value("prod"));
        assert!(pattern("prod*").fits_value("prod.eu"));
    }

    #[test]
    fn a_bad_pattern_says_where() {
        let bad = "shop-[".parse::<Pattern>().unwrap_err();
        assert_eq!(bad.to_string(), "invalid range pattern at position 5");
    }

    #[test]
    fn other_engines_are_never_wanted() {
        let any = Search::default();
        let aurora = Search { engines: vec!["aurora-postgresql".to_owned()], ..Search::default() };
        assert!(any.wants_engine("postgres") && !any.wants_engine("mysql"));
        assert!(aurora.wants_engine("aurora-postgresql") && !aurora.wants_engine("postgres"));
    }
}
