//! Polls that are not one of a steady row: a process that starts, finds its state, logs in over TLS and polls once;
//! and visits of other databases, each over a connection of its own.

use super::rivals::Rival;
use crate::Result;
use crate::collector::handle::Collector;
use crate::collector::orders::{Orders, Turn};
use crate::samples::Samples;
use crate::stage::{Load, Stage};

/// Polls in which all other databases are visited.
const WALKS: usize = 10;

/// Cold polls, or visits, with the floor read beside each.
#[derive(Default)]
pub(crate) struct Beside {
    /// Server CPU from login to the end, in milliseconds.
    pub(crate) cpu: Samples,
    /// The floor in the same round.
    pub(crate) floor: Samples,
    /// What the collector said.
    pub(crate) turns: Vec<Turn>,
}

/// Starts a collector again and again on one state.
pub(crate) async fn polls(stage: &Stage, times: usize) -> Result<Beside> {
    let folder = tempfile::tempdir()?;
    let state = Some(folder.path().to_owned());
    let orders = Orders { url: stage.url_with_tls(), hastened: 1.0, state, visits: false };
    let mut load = Load::new(stage).await?;
    let mut floor = Rival::floor(&stage.url()).await?;
    // The first one reads the texts, which those that follow find in the state.
    Collector::start(&orders)?.poll()?;
    let mut beside = Beside::default();
    for _ in 0..times {
        load.step().await?;
        let turn = Collector::start(&orders)?.poll()?;
        beside.cpu.push(turn.server_cpu as f64 / 1e6);
        beside.floor.push(floor.take().await?.server_cpu as f64 / 1e6);
        beside.turns.push(turn);
    }
    Ok(beside)
}

/// Lets a collector walk through all databases; one figure per visit.
pub(crate) async fn visits(stage: &Stage) -> Result<Beside> {
    let url = stage.url();
    let mut floor = Rival::floor(&url).await?;
    let mut collector = Collector::start(&Orders { url, hastened: 1.0, state: None, visits: true })?;
    let mut beside = Beside::default();
    for _ in 0..WALKS {
        let turn = collector.poll()?;
        let reference = floor.take().await?.server_cpu as f64 / 1e6;
        for (_, cpu) in &turn.visits {
            beside.cpu.push(*cpu as f64 / 1e6);
            beside.floor.push(reference);
        }
        beside.turns.push(turn);
    }
    Ok(beside)
}
