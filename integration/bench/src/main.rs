//! What a poll costs the monitored server, against the least it could cost and against what is usual; what eviction
//! costs the figures; and what the agent takes of its own machine. Here the arguments are read and the parts are run one after another.

mod agent;
mod arguments;
mod churn;
mod collector;
mod cost;
mod function;
mod lines;
mod samples;
mod stage;
mod tables;

use std::error::Error;
use std::process::ExitCode;

use arguments::{Arguments, Part};

/// What every fallible function of the bench returns: whatever goes wrong ends it, and is shown.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = match Arguments::of(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(64);
        }
    };
    match run(&arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the parts that were asked for and tells whether all of them reached what they had to.
async fn run(arguments: &Arguments) -> Result<bool> {
    let mut reached = true;
    for part in &arguments.parts {
        reached &= match part {
            Part::Cost => cost::run(arguments).await?,
            Part::Agent => agent::run(arguments).await?,
            Part::Growth => agent::run_growth(arguments).await?,
            Part::Churn => churn::run(arguments).await?,
            Part::Function => function::run(arguments).await?,
            Part::Child(orders) => collector::child::run(orders).await?,
        };
    }
    Ok(reached)
}
