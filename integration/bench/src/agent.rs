//! What the agent takes of its own machine, and how many servers it polls at once: the program that is shipped, real
//! servers under many names, and a receiver that takes everything.

mod crowd;
mod figures;
mod growth;
mod handle;
mod hour;
mod plan;
mod scene;
mod status;
pub(crate) mod usage;

use crate::Result;
use crate::arguments::Arguments;
use crate::lines;
use crate::stage::{self, Stage};

/// Polls of each server in the short look at growth; the long one has as many as are asked for.
const SHORT_GROWTH: u64 = 100;
/// Polls of each server in a crowd of large ones.
const CROWDED_POLLS: u64 = 2;

/// Measures, shows the table, and tells whether everything was reached.
pub(crate) async fn run(arguments: &Arguments) -> Result<bool> {
    let mut lines = Vec::new();
    let ordinary = Stage::set(stage::ORDINARY).await?;
    lines.extend(figures::hour(&hour::run(&ordinary).await?));
    drop(ordinary);
    let small = Stage::set(stage::SMALL).await?;
    lines.extend(figures::far(&crowd::far(&small).await?));
    drop(small);
    let crowded = Stage::set(stage::CROWDED).await?;
    lines.extend(figures::near(&crowd::near(&crowded, CROWDED_POLLS).await?));
    lines.extend(figures::growth(&growth::run(&crowded, SHORT_GROWTH).await?, SHORT_GROWTH));
    lines::tell(arguments, "agent", "What the agent takes", &lines)
}

/// Looks for growth over many polls of each server, for which it takes a second per poll.
pub(crate) async fn run_growth(arguments: &Arguments) -> Result<bool> {
    let crowded = Stage::set(stage::CROWDED).await?;
    let polls = arguments.polls as u64;
    let lines = figures::growth(&growth::run(&crowded, polls).await?, polls);
    lines::tell(arguments, "growth", "What the agent takes after long", &lines)
}
