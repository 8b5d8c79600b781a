//! What every measurement of the agent has around it: a receiver that takes everything, the work that goes on at the
//! server, and the time that passes meanwhile.

use std::time::Duration;

use pgquerylens_sandbox::receiver::{Behaviour, Receiver};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::handle::Agent;
use super::plan::Plan;
use super::status::Status;
use crate::Result;
use crate::stage::{Load, Stage};

/// How often the agent is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// How long anything that is waited for may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// An agent at work.
pub(crate) struct Scene {
    pub(crate) agent: Agent,
    pub(crate) plan: Plan,
    load: Load,
    /// Work goes on at one look in so many.
    looks_per_step: u64,
    looks: u64,
    clock: Interval,
    _receiver: Receiver,
}

impl Scene {
    /// Starts an agent by a plan; a receiver is put into it. Work goes on at one look in so many.
    pub(crate) async fn begin(stage: &Stage, plan: Plan, looks_per_step: u64) -> Result<Scene> {
        let receiver = Receiver::start().await?;
        receiver.behave(Behaviour::Discard);
        let plan = Plan { receiver: receiver.url(), ..plan };
        let mut clock = interval(EVERY);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (agent, load) = (Agent::start(&plan).await?, Load::new(stage).await?);
        Ok(Scene { agent, plan, load, looks_per_step, looks: 0, clock, _receiver: receiver })
    }

    /// Lets work go on until the agent's status is as it is wanted, and returns that.
    pub(crate) async fn until(&mut self, is_so: impl Fn(&Status) -> bool) -> Result<Status> {
        let since = Instant::now();
        loop {
            self.clock.tick().await;
            if self.looks.is_multiple_of(self.looks_per_step) {
                self.load.step().await?;
            }
            self.looks += 1;
            let status = self.agent.status().await?;
            if is_so(&status) {
                return Ok(status);
            }
            if since.elapsed() > PATIENCE {
                return Err(format!("the agent does not come that far: {status:?}").into());
            }
        }
    }

    /// Lets work go on for a while.
    pub(crate) async fn pass(&mut self, time: Duration) -> Result<Status> {
        let end = Instant::now() + time;
        self.until(|_| Instant::now() >= end).await
    }

    /// Lets a statement that nobody knows become the dearest.
    pub(crate) async fn deploy(&mut self) -> Result<()> {
        self.load.run_deployed().await
    }
}
