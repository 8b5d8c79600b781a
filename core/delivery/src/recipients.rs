//! All who are to have what one server's polls find. Their lanes are independent: each is offered the batch at the
//! same time, and none waits for another.

use std::sync::Arc;

use futures_util::future::join_all;
use pgquerylens_engine::deliver::Deliver;
use pgquerylens_engine::state::outbox::OutboxStore;
use pgquerylens_export::origin::{Origin, ServerFacts};
use pgquerylens_model::delivery::DeliveryReport;
use pgquerylens_model::report::PollReport;
use pgquerylens_model::time::Timestamp;
use tokio::time::Instant;

use crate::exporter::Exporter;
use crate::lane::Lane;
use crate::parcel::Down;

/// All who are to have what one server's polls find.
#[derive(Debug)]
pub struct Recipients<O> {
    origin: Origin,
    lanes: Vec<Lane<O>>,
    facts: Option<ServerFacts>,
}

impl<O: OutboxStore + Clone> Recipients<O> {
    /// Makes a lane to each exporter; their outboxes lie in the store.
    pub fn new(origin: Origin, exporters: &[Arc<Exporter>], store: &O) -> Recipients<O> {
        let lanes = exporters.iter().map(|exporter| Lane::new(Arc::clone(exporter), store.clone())).collect();
        Recipients { origin, lanes, facts: None }
    }
}

impl<O: OutboxStore> Recipients<O> {
    /// Switches exporters off by name, and all others on.
    pub fn switch_off(&mut self, exporters: &[String]) {
        for lane in &mut self.lanes {
            lane.set_off(exporters.iter().any(|name| name == lane.exporter_name()));
        }
    }

    /// Sends what waits, after a poll was committed, until the time is over.
    pub async fn drain(&mut self, until: Instant) -> Vec<DeliveryReport> {
        join_all(self.lanes.iter_mut().map(|lane| lane.drain(until))).await
    }

    /// Says that the server was not read.
    pub async fn say_down(
        &mut self,
        now: Timestamp,
        last_good: Option<Timestamp>,
        until: Instant,
    ) -> Vec<DeliveryReport> {
        let down = Down { now, last_good, facts: self.facts.as_ref() };
        let origin = &self.origin;
        join_all(self.lanes.iter_mut().map(|lane| lane.say_down(&down, origin, until))).await
    }
}

impl<O: OutboxStore> Deliver for Recipients<O> {
    async fn deliver(&mut self, report: &PollReport) -> Vec<DeliveryReport> {
        self.facts = report.metrics.as_ref().map(ServerFacts::of).or(self.facts.take());
        let origin = &self.origin;
        join_all(self.lanes.iter_mut().map(|lane| lane.offer(report, origin))).await
    }
}
