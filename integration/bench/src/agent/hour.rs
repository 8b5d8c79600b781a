//! One server for an hour that passes in a minute: sixty polls, the first one with its login and its reading of the texts
//! among them. At half past a statement that nobody knows becomes the dearest, so that texts are read once more.

use super::plan::Plan;
use super::scene::Scene;
use super::usage::Usage;
use crate::Result;
use crate::stage::Stage;

pub(crate) const POLLS: u64 = 60;

/// Returns what the agent took from its start to its sixtieth poll.
pub(crate) async fn run(stage: &Stage) -> Result<Usage> {
    let mut scene = Scene::begin(stage, Plan::of(stage.url(), 1), 1).await?;
    scene.until(|status| status.polls() >= POLLS / 2).await?;
    scene.deploy().await?;
    let status = scene.until(|status| status.polls() >= POLLS).await?;
    status.is_sound()?;
    scene.agent.usage()
}
