//! A live source that looks at each backend's CPU time before it lets it go.

use std::thread::sleep;
use std::time::Duration;

use pgquerylens_engine::dial::ConnectError;
use pgquerylens_engine::source::live::Live;
use pgquerylens_engine::source::{Answer, Opened, ReadError, Source, TextSink, Unit};
use pgquerylens_model::probe::{PROBE, Probe};
use pgquerylens_model::report::Cost;
use pgquerylens_sandbox::backend;
use tokio::time::Instant;

/// How long a backend must have stood still before its CPU time is read: it works a little after it has answered.
const STILL_FOR: Duration = Duration::from_millis(2);
/// How often we look whether it does.
const LOOKS: usize = 50;

/// Returns a backend's CPU time in nanoseconds once it stands still.
pub(crate) fn settled_cpu(process: u32) -> pgquerylens_sandbox::Result<u64> {
    let mut before = backend::cpu_nanoseconds(process)?;
    for _ in 0..LOOKS {
        sleep(STILL_FOR);
        let now = backend::cpu_nanoseconds(process)?;
        if now == before {
            break;
        }
        before = now;
    }
    Ok(before)
}

/// A live server whose backends are watched.
pub(crate) struct Metered {
    inner: Live,
    backend: Option<u32>,
    database: Option<String>,
    ended: Vec<(Option<String>, u64)>,
    text_readings: u64,
}

impl Metered {
    /// Watches this source.
    pub(crate) fn new(inner: Live) -> Metered {
        Metered { inner, backend: None, database: None, ended: Vec::new(), text_readings: 0 }
    }

    /// Returns the backend of the open connection.
    pub(crate) fn backend(&self) -> Option<u32> {
        self.backend
    }

    /// Returns the CPU time of all backends so far, in nanoseconds.
    pub(crate) fn server_cpu(&self) -> u64 {
        let held = self.backend.and_then(|process| settled_cpu(process).ok()).unwrap_or(0);
        held + self.ended.iter().map(|(_, cpu)| cpu).sum::<u64>()
    }

    /// Returns the visits so far: database and CPU time.
    pub(crate) fn visits(&self) -> Vec<(String, u64)> {
        let visit = |(database, cpu): &(Option<String>, u64)| Some((database.clone()?, *cpu));
        self.ended.iter().filter_map(visit).collect()
    }

    /// Returns how often texts were read.
    pub(crate) fn text_readings(&self) -> u64 {
        self.text_readings
    }

    fn note_end(&mut self) {
        if let Some(cpu) = self.backend.take().and_then(|process| settled_cpu(process).ok()) {
            self.ended.push((self.database.take(), cpu));
        }
    }
}

fn backend_of(answers: &[Answer]) -> Option<u32> {
    let answer = answers.iter().find(|answer| answer.view.name == PROBE.name)?;
    let probe = Probe::from_rows(answer.rows.as_ref().ok()?)?;
    u32::try_from(probe.pid).ok()
}

impl Source for Metered {
    fn is_open(&self) -> bool {
        self.inner.is_open()
    }

    async fn open(&mut self, database: Option<&str>) -> Result<Opened, ConnectError> {
        self.note_end();
        self.database = database.map(str::to_owned);
        self.inner.open(database).await
    }

    fn close(&mut self) {
        self.note_end();
        self.inner.close();
    }

    fn set_pooled(&mut self) {
        self.inner.set_pooled();
    }

    fn cost(&self) -> Cost {
        self.inner.cost()
    }

    async fn read(&mut self, units: &[Unit], deadline: Instant) -> Vec<Answer> {
        let answers = self.inner.read(units, deadline).await;
        self.backend = backend_of(&answers).or(self.backend);
        answers
    }

    async fn stream_texts(
        &mut self,
        unit: &Unit,
        budget_bytes: u64,
        deadline: Instant,
        sink: &mut TextSink<'_>,
    ) -> Result<u64, ReadError> {
        self.text_readings += 1;
        self.inner.stream_texts(unit, budget_bytes, deadline, sink).await
    }
}
