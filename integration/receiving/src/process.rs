//! A process that polls the model server and delivers, over a state that outlives it.

use std::sync::Arc;
use std::time::Duration;

use pgquerylens_delivery::exporter::Exporter;
use pgquerylens_delivery::recipients::Recipients;
use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::outside::{Outside, Unobserved};
use pgquerylens_engine::poll::{PollFailure, PollOptions, Poller};
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_export::origin::Origin;
use pgquerylens_model::delivery::DeliveryReport;
use pgquerylens_model::report::PollReport;
use pgquerylens_model::running::SeriesRules;
use tokio::time::Instant;

use crate::mortal::{Fate, MortalRecipients, MortalStore};
use crate::server::{ModelServer, ModelSource};

/// How long a receiver or a drain may take: more than any test needs.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process.
pub struct Process {
    poller: Poller<ModelSource, MortalStore>,
    recipients: Recipients<MortalStore>,
    fate: Fate,
}

/// Few series, so that statements enter and leave them often.
const RULES: SeriesRules = SeriesRules { top: 2, hold_seconds: 150.0, most: 3 };

/// Everything due and named.
fn options() -> PollOptions {
    PollOptions { all_due: true, series: Some(RULES), ..PollOptions::within(Limits::default(), 100_000) }
}

/// Returns reports of so many polls that nobody was to have, each after some work.
pub async fn reports(server: &ModelServer, count: usize) -> Vec<PollReport> {
    let mut process = Process::start(server, &Arc::default(), &[]);
    let mut reports = Vec::new();
    for poll in 0..count {
        server.execute(1 + poll as i64 % 3, 5);
        reports.push(process.poll_well().await);
    }
    reports
}

/// Returns by when a receiver has to have answered, however busy the machine is.
pub fn until() -> Instant {
    Instant::now() + PATIENCE
}

/// Returns the model server as resources name it.
pub fn origin() -> Origin {
    Origin { name: "model".to_owned(), address: "model".to_owned(), port: 5432, ..Origin::default() }
}

impl Process {
    /// Starts a process that lives on.
    pub fn start(server: &ModelServer, state: &Arc<MemoryStore>, exporters: &[Arc<Exporter>]) -> Process {
        Process::start_with(server, state, exporters, Fate::before(None))
    }

    /// Starts a process that may end.
    pub fn start_with(
        server: &ModelServer,
        state: &Arc<MemoryStore>,
        exporters: &[Arc<Exporter>],
        fate: Fate,
    ) -> Process {
        let store = MortalStore { inner: Arc::clone(state), fate: fate.clone() };
        let recipients = Recipients::new(origin(), exporters, &store);
        let poller = Poller::new(server.source(), store, "model:5432/shop".to_owned(), options());
        Process { poller, recipients, fate }
    }

    /// Polls, delivers and commits; nothing if the process ended.
    pub async fn poll(&mut self) -> Option<Result<PollReport, PollFailure>> {
        self.poll_beside(&mut Unobserved).await
    }

    /// Does the same while somebody looks from outside.
    pub async fn poll_beside(
        &mut self,
        outside: &mut impl Outside,
    ) -> Option<Result<PollReport, PollFailure>> {
        let mut recipients = MortalRecipients { inner: &mut self.recipients, fate: &self.fate };
        self.fate.live(self.poller.poll_for(&mut recipients, outside, None)).await
    }

    /// Polls where nothing can go wrong but the delivery.
    pub async fn poll_well(&mut self) -> PollReport {
        self.poll().await.expect("the process lives").expect("the model server can be read")
    }

    /// Sends what waits; nothing if the process ended.
    pub async fn drain(&mut self) -> Option<Vec<DeliveryReport>> {
        self.fate.live(self.recipients.drain(until())).await
    }
}
