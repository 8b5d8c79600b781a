//! A hundred servers in one process, 20 ms away: as many at once as there are workers, against one after another. The
//! same agent does both in turn, told by a reload, so that all else is the same.

use std::time::{Duration, Instant};

use pgquerylens_sandbox::proxy::Proxy;
use pgquerylens_sandbox::roles;

use super::plan::{Plan, WORKERS};
use super::scene::Scene;
use super::usage::Usage;
use crate::Result;
use crate::samples::Samples;
use crate::stage::Stage;

pub(crate) const NAMES: usize = 100;
/// A round trip takes both ways.
const ONE_WAY: Duration = Duration::from_millis(10);
/// Turns of both kinds.
const TURNS: usize = 4;
/// Those who wait for a place of the plan before are served by then.
const SETTLED: Duration = Duration::from_secs(8);
const MEASURED: Duration = Duration::from_secs(10);
/// Polls of each server before anything is measured: the first one logs in and reads everything.
const WARM_UP: u64 = 3;

/// In seconds: how often a server is polled by default.
const MINUTE: u64 = 60;

/// What a crowd took.
pub(crate) struct Crowd {
    /// Polls a second, as many at once as there are workers.
    pub(crate) at_once: Samples,
    /// Polls a second, one after another, in the turns between.
    pub(crate) in_turn: Samples,
    /// CPU of the agent per poll while many were at work, in milliseconds.
    pub(crate) cpu: Samples,
    pub(crate) usage: Usage,
}

/// Lets the agent poll a far server under a hundred names.
pub(crate) async fn far(stage: &Stage) -> Result<Crowd> {
    let proxy = Proxy::start(stage.server.port()).await?;
    proxy.delay(ONE_WAY, ONE_WAY);
    let url = proxy.url(roles::MONITOR, "postgres");
    let mut scene = Scene::begin(stage, Plan::of(url, NAMES), 1).await?;
    scene.until(|status| status.polls_of_each() >= WARM_UP).await?;
    let (mut at_once, mut in_turn, mut cpu) = (Samples::default(), Samples::default(), Samples::default());
    for _ in 0..TURNS {
        in_turn.push(pace(&mut scene, 1).await?.0);
        let (polls, milliseconds) = pace(&mut scene, WORKERS).await?;
        at_once.push(polls);
        cpu.push(milliseconds);
    }
    scene.agent.status().await?.is_sound()?;
    Ok(Crowd { at_once, in_turn, cpu, usage: scene.agent.usage()? })
}

/// Lets the agent poll a near server under a hundred names once a minute, until each was polled so often. The first poll
/// of each reads texts, which takes longer than all else.
pub(crate) async fn near(stage: &Stage, polls: u64) -> Result<Usage> {
    let plan = Plan { every_seconds: MINUTE, ..Plan::of(stage.url(), NAMES) };
    let mut scene = Scene::begin(stage, plan, 1).await?;
    let status = scene.until(|status| status.polls_of_each() >= polls).await?;
    status.is_sound()?;
    scene.agent.usage()
}

/// Returns polls a second and the agent's CPU per poll with so many workers.
async fn pace(scene: &mut Scene, workers: usize) -> Result<(f64, f64)> {
    scene.agent.reload(&Plan { workers, ..scene.plan.clone() })?;
    let before = scene.pass(SETTLED).await?;
    let (since, usage) = (Instant::now(), scene.agent.usage()?);
    let after = scene.pass(MEASURED).await?;
    let (passed, spent) = (since.elapsed(), scene.agent.usage()?.cpu - usage.cpu);
    let polls = (after.polls() - before.polls()) as f64;
    Ok((polls / passed.as_secs_f64(), spent.as_secs_f64() * 1e3 / polls))
}
