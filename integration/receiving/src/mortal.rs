//! Death at a chosen step: what is about to be done is not done, and nothing after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pgquerylens_delivery::recipients::Recipients;
use pgquerylens_engine::deliver::Deliver;
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_engine::state::outbox::{OutboxStore, Waiting};
use pgquerylens_engine::state::{Object, ObjectName, StateStore, StoreError, Version};
use pgquerylens_model::delivery::DeliveryReport;
use pgquerylens_model::report::PollReport;
use tokio::sync::Notify;

/// A step of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The batch is sent or kept.
    Deliver,
    /// The dictionary is committed; not at every poll.
    CommitDictionary,
    /// Plans of the log are committed; not at every poll.
    CommitPlans,
    /// The baseline is committed.
    CommitBaseline,
    /// A batch that was answered is removed from the outbox.
    RemoveFromOutbox,
}

/// Ends a process when it comes to a step. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Fate(Arc<Doom>);

#[derive(Debug)]
struct Doom {
    before: Option<Step>,
    is_met: AtomicBool,
    met: Notify,
}

impl Fate {
    /// Ends the process before it takes this step, or not at all.
    pub fn before(step: Option<Step>) -> Fate {
        Fate(Arc::new(Doom { before: step, is_met: AtomicBool::new(false), met: Notify::new() }))
    }

    /// Tells whether the process came to its end.
    pub fn is_met(&self) -> bool {
        self.0.is_met.load(Ordering::Relaxed)
    }

    /// Runs what a process does until it is done or the process ends; then there is no result.
    pub async fn live<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.0.met.notified() => None,
            done = work => Some(done),
        }
    }

    async fn come_to(&self, step: Step) {
        if self.0.before == Some(step) {
            self.0.is_met.store(true, Ordering::Relaxed);
            self.0.met.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

/// A store in memory that outlives the processes which use it.
#[derive(Clone, Debug)]
pub struct MortalStore {
    /// What stays.
    pub inner: Arc<MemoryStore>,
    /// What ends its user.
    pub fate: Fate,
}

impl StateStore for MortalStore {
    async fn read(&self, name: ObjectName) -> Result<Option<Object>, StoreError> {
        self.inner.read(name).await
    }

    async fn commit(
        &self,
        name: ObjectName,
        bytes: &[u8],
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        match name {
            ObjectName::Baseline => self.fate.come_to(Step::CommitBaseline).await,
            ObjectName::Dictionary => self.fate.come_to(Step::CommitDictionary).await,
            ObjectName::Plans => self.fate.come_to(Step::CommitPlans).await,
            ObjectName::Control | ObjectName::Lease => {}
        }
        self.inner.commit(name, bytes, expected).await
    }
}

impl OutboxStore for MortalStore {
    async fn waiting(&self, exporter: &str) -> Result<Vec<Waiting>, StoreError> {
        self.inner.waiting(exporter).await
    }

    async fn batch(&self, exporter: &str, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.batch(exporter, number).await
    }

    async fn put(&self, exporter: &str, number: u64, bytes: &[u8]) -> Result<(), StoreError> {
        self.inner.put(exporter, number, bytes).await
    }

    async fn remove(&self, exporter: &str, number: u64) -> Result<(), StoreError> {
        self.fate.come_to(Step::RemoveFromOutbox).await;
        self.inner.remove(exporter, number).await
    }
}

/// Recipients whose process may end before they are reached.
#[derive(Debug)]
pub struct MortalRecipients<'r, O> {
    /// The recipients.
    pub inner: &'r mut Recipients<O>,
    /// What ends the process.
    pub fate: &'r Fate,
}

impl<O: OutboxStore> Deliver for MortalRecipients<'_, O> {
    async fn deliver(&mut self, report: &PollReport) -> Vec<DeliveryReport> {
        self.fate.come_to(Step::Deliver).await;
        self.inner.deliver(report).await
    }
}
