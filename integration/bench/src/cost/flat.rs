//! Whether polls stay as cheap as they were: CPU and memory of both sides around poll 100 and around the last one.

use pgquerylens_sandbox::backend;

use super::rivals::Rival;
use crate::Result;
use crate::collector::handle::Collector;
use crate::collector::orders::Orders;
use crate::samples::Samples;
use crate::stage::{Load, Stage};

/// Polls on either side that are compared; the last of the early ones is poll 100.
const COMPARED: usize = 60;
const EARLY_END: usize = 100;
/// Work goes on once in so many polls: a thousand polls are run in a row, not in a day.
const POLLS_PER_STEP: usize = 10;

/// Figures around one poll.
#[derive(Default)]
pub(crate) struct Around {
    /// Server CPU of a poll over the floor read after it.
    pub(crate) server: Samples,
    /// CPU of the collector over the floor read after it.
    pub(crate) collector: Samples,
    /// Resident memory of the collector, in bytes.
    pub(crate) resident: Samples,
    /// Memory of the backend that is its own, in bytes.
    pub(crate) backend: Samples,
}

/// The early polls and the late ones.
pub(crate) struct Flat {
    pub(crate) early: Around,
    pub(crate) late: Around,
}

/// Polls so many times in a row.
pub(crate) async fn run(stage: &Stage, polls: usize) -> Result<Flat> {
    let url = stage.url();
    let mut load = Load::new(stage).await?;
    let mut floor = Rival::floor(&url).await?;
    let mut collector = Collector::start(&Orders { url, hastened: 1.0, state: None, visits: false })?;
    let mut flat = Flat { early: Around::default(), late: Around::default() };
    let late_from = polls.saturating_sub(COMPARED).max(EARLY_END);
    let mut before = 0;
    for poll in 0..late_from + COMPARED {
        if poll % POLLS_PER_STEP == 0 {
            load.step().await?;
        }
        let turn = collector.poll()?;
        let spent = turn.server_cpu.saturating_sub(before);
        before = turn.server_cpu;
        let around = match poll {
            _ if poll >= late_from => &mut flat.late,
            _ if (EARLY_END - COMPARED..EARLY_END).contains(&poll) => &mut flat.early,
            _ => continue,
        };
        let reference = floor.take().await?.server_cpu as f64;
        around.server.push(spent as f64 / reference);
        around.collector.push(turn.collector_cpu as f64 / reference);
        around.resident.push(turn.collector_resident as f64);
        around.backend.push(backend::private_memory_bytes(turn.backend)? as f64);
    }
    Ok(flat)
}
