//! What the bench is asked to do. Its parts, a number of rounds, and a document to write the figures into.

use std::path::PathBuf;

use crate::collector::orders::Orders;

const USAGE: &str =
    "usage: pgquerylens-bench [cost] [churn] [agent] [growth] [function] [--pairs N] [--polls N] [--write FILE]

  cost         what a poll costs, against the floor and the usual way
  churn        what eviction costs the figures, against other ways to subtract
  agent        what the agent takes of its own machine, and how many servers it polls at once
  growth       whether the agent's memory grows; takes a second per poll
  function     what the function takes: its zip, a cold start, warm polls
  --pairs N    interleaved rounds of every comparison (30)
  --polls N    polls over which cost and memory must stay flat (1000)
  --function FILE  the function's binary, and --package FILE its zip
  --write FILE put the tables as Markdown between the marks of this document

Without a part all but growth are run, function only if its binary is named.";

const PAIRS: usize = 30;
const POLLS: usize = 1_000;

/// A part of the bench.
#[derive(Debug, PartialEq)]
pub(crate) enum Part {
    /// Polls against the references.
    Cost,
    /// Windows under eviction.
    Churn,
    /// The agent.
    Agent,
    /// The agent's memory after long.
    Growth,
    /// The function.
    Function,
    /// A collector of its own process, started by the cost part.
    Child(Orders),
}

/// The arguments.
#[derive(Debug, PartialEq)]
pub(crate) struct Arguments {
    pub(crate) parts: Vec<Part>,
    pub(crate) pairs: usize,
    pub(crate) polls: usize,
    pub(crate) write: Option<PathBuf>,
    pub(crate) function: Option<PathBuf>,
    pub(crate) package: Option<PathBuf>,
}

impl Arguments {
    /// Reads them, or returns how they are written.
    pub(crate) fn of(given: impl Iterator<Item = String>) -> Result<Arguments, &'static str> {
        let mut arguments = Arguments {
            parts: Vec::new(),
            pairs: PAIRS,
            polls: POLLS,
            write: None,
            function: None,
            package: None,
        };
        let mut given = given;
        while let Some(word) = given.next() {
            let mut value = || given.next().ok_or(USAGE);
            match word.as_str() {
                "cost" => arguments.parts.push(Part::Cost),
                "churn" => arguments.parts.push(Part::Churn),
                "agent" => arguments.parts.push(Part::Agent),
                "growth" => arguments.parts.push(Part::Growth),
                "function" => arguments.parts.push(Part::Function),
                "--function" => arguments.function = Some(value()?.into()),
                "--package" => arguments.package = Some(value()?.into()),
                "child" => {
                    let orders = serde_json::from_str(&value()?).map_err(|_| USAGE)?;
                    arguments.parts.push(Part::Child(orders));
                }
                "--pairs" => arguments.pairs = number(&value()?)?,
                "--polls" => arguments.polls = number(&value()?)?,
                "--write" => arguments.write = Some(value()?.into()),
                _ => return Err(USAGE),
            }
        }
        if arguments.parts.is_empty() {
            arguments.parts = vec![Part::Cost, Part::Churn, Part::Agent];
            arguments.parts.extend(arguments.function.is_some().then_some(Part::Function));
        }
        Ok(arguments)
    }
}

fn number(text: &str) -> Result<usize, &'static str> {
    text.parse().ok().filter(|number| *number > 0).ok_or(USAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_parts_and_numbers() {
        let read = |words: &str| Arguments::of(words.split_whitespace().map(str::to_owned));
        assert_eq!(read("").unwrap().parts, [Part::Cost, Part::Churn, Part::Agent]);
        let arguments = read("churn --pairs 5 --write a.md").unwrap();
        assert_eq!((arguments.parts, arguments.pairs), (vec![Part::Churn], 5));
        assert_eq!(arguments.write, Some("a.md".into()));
        for wrong in ["--pairs", "--pairs 0", "fast"] {
            assert_eq!(read(wrong), Err(USAGE));
        }
    }
}
