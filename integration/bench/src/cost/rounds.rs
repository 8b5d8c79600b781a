//! Interleaved rounds: the work goes on, then each rival reads once, in an order that is balanced over
//! the rounds.

use super::rivals::{Rival, Sample};
use crate::Result;
use crate::collector::orders::{Orders, Turn};
use crate::samples::Samples;
use crate::stage::{Load, Stage};

/// Rounds before those that count.
const WARM_UP: usize = 3;
/// Orders in which, over four rounds, each rival stands once in each place and once behind each other one.
const ORDERS: [[usize; 4]; 4] = [[0, 1, 3, 2], [1, 2, 0, 3], [2, 3, 1, 0], [3, 0, 2, 1]];

/// What one rival's readings cost.
#[derive(Default)]
pub(crate) struct Series {
    /// Server CPU per reading, in milliseconds.
    pub(crate) cpu: Samples,
    /// Peak memory of the backend, in bytes.
    pub(crate) peak: Samples,
    /// Bytes to the client.
    pub(crate) received: Samples,
    /// Temporary bytes per reading.
    pub(crate) temporary: f64,
    /// What the collector said, one per reading.
    pub(crate) turns: Vec<Turn>,
}

impl Series {
    fn push(&mut self, sample: Sample) {
        self.cpu.push(sample.server_cpu as f64 / 1e6);
        self.peak.push(sample.peak as f64);
        self.received.push(sample.received as f64);
        self.turns.extend(sample.turn);
    }

    /// Returns a figure of the collector's own, one per reading.
    pub(crate) fn of_turns(&self, figure: impl Fn(&Turn) -> u64) -> Samples {
        self.turns.iter().map(|turn| figure(turn) as f64).collect()
    }
}

/// All rivals on one server.
pub(crate) struct Comparison {
    pub(crate) floor: Series,
    pub(crate) usual: Series,
    pub(crate) statements: Series,
    pub(crate) poll: Series,
}

/// Takes the rounds.
pub(crate) async fn compare(stage: &Stage, pairs: usize) -> Result<Comparison> {
    let url = stage.url();
    let orders = Orders { url: url.clone(), hastened: 1.0, state: None, visits: false };
    let mut load = Load::new(stage).await?;
    let mut rivals = [
        Rival::floor(&url).await?,
        Rival::usual(&url).await?,
        Rival::statements(&url).await?,
        Rival::poll(&orders)?,
    ];
    for _ in 0..WARM_UP {
        load.step().await?;
        for rival in &mut rivals {
            rival.take().await?;
        }
    }
    let before = rivals.each_ref().map(|rival| stage.temporary_bytes(rival.backend()));
    let mut series: [Series; 4] = Default::default();
    for round in 0..pairs {
        load.step().await?;
        for rival in ORDERS[round % ORDERS.len()] {
            series[rival].push(rivals[rival].take().await?);
        }
    }
    for ((series, rival), before) in series.iter_mut().zip(&rivals).zip(before) {
        series.temporary = (stage.temporary_bytes(rival.backend()) - before) as f64 / pairs as f64;
    }
    let [floor, usual, statements, poll] = series;
    Ok(Comparison { floor, usual, statements, poll })
}
