//! What is wrong with a configuration: where, what, and what to write instead. All of it is told at once, and no value of
//! a secret is part of it.

use std::fmt;
use std::path::PathBuf;

use crate::options;

/// The most mistakes that are told; who has more has one cause for most of them.
const MAX_TOLD: usize = 50;

/// A place in a file, both counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// The line.
    pub line: usize,
    /// The character in it.
    pub column: usize,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Where in the file, if it is said there.
    pub at: Option<At>,
    /// What is wrong, as it was written.
    pub what: String,
    /// What to write instead.
    pub instead: String,
}

impl Mistake {
    /// Describes a mistake in the file.
    pub fn at(at: At, what: impl Into<String>, instead: impl Into<String>) -> Mistake {
        Mistake { at: Some(at), what: what.into(), instead: instead.into() }
    }

    /// Describes a mistake outside of the file, or of the file as a whole.
    pub fn outside(what: impl Into<String>, instead: impl Into<String>) -> Mistake {
        Mistake { at: None, what: what.into(), instead: instead.into() }
    }
}

impl From<options::Mistake> for Mistake {
    fn from(mistake: options::Mistake) -> Mistake {
        Mistake::outside(mistake.written, mistake.instead)
    }
}

/// Everything that is wrong with a configuration; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes {
    /// The file, if there is one.
    file: Option<PathBuf>,
    /// In the order of the file; what is said elsewhere comes first.
    all: Vec<Mistake>,
}

impl Mistakes {
    /// Puts mistakes into their order. What several servers have from one place is told once.
    pub fn new(file: Option<PathBuf>, mut all: Vec<Mistake>) -> Mistakes {
        all.sort();
        all.dedup();
        Mistakes { file, all }
    }

    /// Returns how many there are.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// Tells whether a file is part of the configuration.
    pub fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// Returns a line for each, with file, line and column, up to a number that can be read.
    pub fn lines(&self) -> Vec<String> {
        let line = |mistake: &Mistake| {
            let place = match (&self.file, mistake.at) {
                (Some(file), Some(At { line, column })) => format!("{}:{line}:{column}: ", file.display()),
                (None, Some(At { line, column })) => format!("{line}:{column}: "),
                (_, None) => String::new(),
            };
            format!("{place}{}: {}", mistake.what, mistake.instead)
        };
        let mut lines: Vec<String> = self.all.iter().take(MAX_TOLD).map(line).collect();
        if self.all.len() > MAX_TOLD {
            lines.push(format!("… and {} more", self.all.len() - MAX_TOLD));
        }
        lines
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl std::error::Error for Mistakes {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_once_in_the_order_of_the_file() {
        let at = |line| At { line, column: 3 };
        let all = vec![
            Mistake::at(at(9), "b", "2"),
            Mistake::at(at(2), "a", "1"),
            Mistake::at(at(9), "b", "2"),
            Mistake::outside("X=1", "0"),
        ];
        let told = Mistakes::new(Some("x.yaml".into()), all);
        assert_eq!(told.to_string(), "X=1: 0\nx.yaml:2:3: a: 1\nx.yaml:9:3: b: 2");
    }

    #[test]
    fn a_heap_of_mistakes_is_cut() {
        let all = (1..=60).map(|line| Mistake::at(At { line, column: 1 }, "a", "1")).collect();
        let lines = Mistakes::new(None, all).lines();
        assert_eq!((lines.len(), lines[50].as_str()), (51, "… and 10 more"));
    }
}
