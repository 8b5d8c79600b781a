//! Sixty polls at one a minute, run in one minute: every pause is a sixtieth of what it is by default, and a poll
//! begins every second. The first poll, with its login and its reading of the texts, is one of the
//! sixty. In the middle a statement that nobody knows becomes the dearest, so that texts are read once more.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::rivals::Rival;
use crate::Result;
use crate::collector::handle::Collector;
use crate::collector::orders::{Orders, Turn};
use crate::samples::Samples;
use crate::stage::{Load, Stage};

const POLLS: usize = 60;
/// How many times faster than by default.
const HASTENED: f64 = 60.0;
const EVERY: Duration = Duration::from_secs(1);

/// An hour of polls.
pub(crate) struct Hour {
    /// Server CPU per poll, in milliseconds, all connections and logins included.
    pub(crate) cpu: Samples,
    /// The floor, read after each poll.
    pub(crate) floor: Samples,
    /// What the collector said after each poll.
    pub(crate) turns: Vec<Turn>,
    /// Temporary bytes in all.
    pub(crate) temporary: u64,
}

impl Hour {
    /// Returns the mean server CPU of a poll over the mean floor.
    pub(crate) fn ratio(&self) -> f64 {
        self.cpu.mean() / self.floor.mean()
    }

    /// Returns how often texts were read.
    pub(crate) fn text_readings(&self) -> u64 {
        self.turns.last().map_or(0, |turn| turn.text_readings)
    }

    /// Returns how many polls read views of the slow classes.
    pub(crate) fn slow_polls(&self) -> usize {
        self.turns.iter().filter(|turn| turn.slow_views > 0).count()
    }

    /// Returns the collector's mean CPU per poll, in milliseconds.
    pub(crate) fn collector_cpu(&self) -> f64 {
        self.turns.iter().map(|turn| turn.collector_cpu as f64 / 1e6).sum::<f64>() / self.turns.len() as f64
    }
}

/// Runs the hour.
pub(crate) async fn run(stage: &Stage) -> Result<Hour> {
    let url = stage.url();
    let mut load = Load::new(stage).await?;
    let mut floor = Rival::floor(&url).await?;
    // A connection's first reading fills its caches; the references are held for long.
    floor.take().await?;
    let mut collector = Collector::start(&Orders { url, hastened: HASTENED, state: None, visits: false })?;
    let mut hour =
        Hour { cpu: Samples::default(), floor: Samples::default(), turns: Vec::new(), temporary: 0 };
    let mut clock = interval(EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before = 0;
    for poll in 0..POLLS {
        load.step().await?;
        if poll >= POLLS / 2 {
            load.run_deployed().await?;
        }
        clock.tick().await;
        let turn = collector.poll()?;
        hour.cpu.push(turn.server_cpu.saturating_sub(before) as f64 / 1e6);
        before = turn.server_cpu;
        hour.turns.push(turn);
        hour.floor.push(floor.take().await?.server_cpu as f64 / 1e6);
    }
    let backend = hour.turns.last().map_or(0, |turn| turn.backend);
    hour.temporary = stage.temporary_bytes(backend);
    Ok(hour)
}
