//! The seam between a poll and those who are to have what it found. A poll is committed after this, never before.

use pgquerylens_model::delivery::DeliveryReport;
use pgquerylens_model::report::PollReport;

/// Takes what a poll found.
pub trait Deliver {
    /// Returns once everyone has answered or the batch lies where it survives until they do. It has a bound of its
    /// own: a poll waits for this before it commits.
    fn deliver(&mut self, report: &PollReport) -> impl Future<Output = Vec<DeliveryReport>>;
}

/// Nobody is to have it: what is shown on the spot needs no delivery.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl Deliver for Nobody {
    async fn deliver(&mut self, _report: &PollReport) -> Vec<DeliveryReport> {
        Vec::new()
    }
}
