//! What each view costs by itself: every statement that a poll may run, alone in a session, again and again.

use pgquerylens_model::view::View;

use super::alone::Alone;
use crate::Result;
use crate::collector::metered::settled_cpu;
use crate::samples::Samples;
use crate::stage::Stage;

/// A view and its server CPU per reading, in milliseconds.
pub(crate) struct ViewCost {
    pub(crate) view: &'static View,
    pub(crate) cpu: Samples,
}

/// Reads every view alone, the views in turn, this many times.
pub(crate) async fn measure(stage: &Stage, times: usize) -> Result<Vec<ViewCost>> {
    let mut alone = Alone::open(&stage.url()).await?;
    let backend = alone.backend();
    let units = alone.units()?;
    let mut costs: Vec<ViewCost> =
        units.iter().map(|(view, _)| ViewCost { view, cpu: Samples::default() }).collect();
    for round in 0..=times {
        for ((_, unit), cost) in units.iter().zip(&mut costs) {
            let before = settled_cpu(backend)?;
            alone.read(unit).await?;
            let spent = settled_cpu(backend)?.saturating_sub(before) as f64 / 1e6;
            // The first round fills the backend's caches.
            if round > 0 {
                cost.cpu.push(spent);
            }
        }
    }
    costs.sort_by(|a, b| b.cpu.median().total_cmp(&a.cpu.median()));
    Ok(costs)
}
