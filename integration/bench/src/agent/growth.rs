//! Whether the agent's memory stays what it was: ten servers, and what is resident around a tenth of their polls and
//! around the last ones.

use super::plan::Plan;
use super::scene::Scene;
use crate::Result;
use crate::samples::Samples;
use crate::stage::Stage;

pub(crate) const NAMES: usize = 10;
/// Work goes on once in so many polls of a server, so that statements grow by a few hundred in a thousand.
const POLLS_PER_STEP: u64 = 10;
/// Of all polls, the last part of those that are compared.
const COMPARED: u64 = 20;

/// Resident memory in bytes, looked at once a second.
#[derive(Default)]
pub(crate) struct Growth {
    /// Up to a tenth of the polls.
    pub(crate) early: Samples,
    /// Up to the last poll.
    pub(crate) late: Samples,
}

/// Polls each server so many times.
pub(crate) async fn run(stage: &Stage, polls: u64) -> Result<Growth> {
    let mut scene = Scene::begin(stage, Plan::of(stage.url(), NAMES), POLLS_PER_STEP).await?;
    let mut growth = Growth::default();
    let is_compared = |end: u64, done: u64| end - polls / COMPARED < done && done <= end;
    for done in 1..=polls {
        scene.until(|status| status.polls_of_each() >= done).await?;
        let resident = scene.agent.usage()?.resident as f64;
        if is_compared(polls / 10, done) {
            growth.early.push(resident);
        }
        if is_compared(polls, done) {
            growth.late.push(resident);
        }
    }
    scene.agent.status().await?.is_sound()?;
    Ok(growth)
}
