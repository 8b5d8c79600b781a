//! A source that the poller reads from while its owner keeps a hand on it: `record` writes between two polls what the
//! recorder has taken down. The two never want it at once.

use std::sync::Arc;

use pgquerylens_engine::dial::ConnectError;
use pgquerylens_engine::source::{Answer, Opened, ReadError, Source, TextSink, Unit};
use pgquerylens_model::report::Cost;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

/// A source with two owners.
pub(super) struct Shared<S>(Arc<Mutex<S>>);

impl<S> Shared<S> {
    /// Takes a source.
    pub(super) fn new(source: S) -> Shared<S> {
        Shared(Arc::new(Mutex::new(source)))
    }

    /// Does something with the source between two polls.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut S) -> T) -> T {
        act(&mut self.idle())
    }

    fn idle(&self) -> MutexGuard<'_, S> {
        self.0.try_lock().expect("a source is used by one at a time, and no poll runs now")
    }
}

impl<S> Clone for Shared<S> {
    fn clone(&self) -> Shared<S> {
        Shared(Arc::clone(&self.0))
    }
}

impl<S: Source + Send> Source for Shared<S> {
    fn is_open(&self) -> bool {
        self.idle().is_open()
    }

    async fn open(&mut self, database: Option<&str>) -> Result<Opened, ConnectError> {
        self.0.lock().await.open(database).await
    }

    fn close(&mut self) {
        self.idle().close();
    }

    fn set_pooled(&mut self) {
        self.idle().set_pooled();
    }

    fn cost(&self) -> Cost {
        self.idle().cost()
    }

    async fn read(&mut self, units: &[Unit], deadline: Instant) -> Vec<Answer> {
        self.0.lock().await.read(units, deadline).await
    }

    async fn stream_texts(
        &mut self,
        unit: &Unit,
        budget_bytes: u64,
        deadline: Instant,
        sink: &mut TextSink<'_>,
    ) -> Result<u64, ReadError> {
        self.0.lock().await.stream_texts(unit, budget_bytes, deadline, sink).await
    }
}
