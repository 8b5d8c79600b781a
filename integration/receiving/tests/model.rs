//! The model test: polls of a server whose truth is known, answers of every kind, and death at every step. In the end
//! the receiver's sums are the truth, at no moment were they above it, and with window ids so are the events.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pgquerylens_delivery::exporter::Exporter;
use pgquerylens_delivery::otlp::Protocol;
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_receiving::form::Form;
use pgquerylens_receiving::mortal::{Fate, Step};
use pgquerylens_receiving::process::Process;
use pgquerylens_receiving::server::ModelServer;
use pgquerylens_sandbox::receiver::{Behaviour, Receiver};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// Long enough for a receiver on this machine, short enough for the many that never answer.
const TIMEOUT: Duration = Duration::from_millis(150);

/// What happens next.
#[derive(Clone, Debug)]
enum Event {
    /// The server executes statements, each so many times.
    Work(Vec<(i64, i64)>),
    /// The process polls, delivers, commits and drains, while the receiver behaves so.
    Poll(Behaviour),
    /// It does the same and is killed before a step.
    PollAndDie(Behaviour, Step),
    /// It is killed between two polls.
    Restart,
}

fn answers() -> impl Strategy<Value = Behaviour> {
    let retry_later = vec![("retry-after", "1")];
    prop_oneof![
        6 => Just(Behaviour::Accept),
        1 => Just(Behaviour::Status(503, Vec::new())),
        1 => Just(Behaviour::Status(429, retry_later)),
        1 => Just(Behaviour::Status(400, Vec::new())),
        1 => Just(Behaviour::Partial(3)),
        1 => Just(Behaviour::Html),
        1 => Just(Behaviour::Close),
        1 => Just(Behaviour::HalfAnAnswer),
        1 => Just(Behaviour::Hang),
        2 => Just(Behaviour::TakeAndHang),
        1 => Just(Behaviour::HangAfterHeaders),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Deliver),
        Just(Step::CommitDictionary),
        Just(Step::CommitBaseline),
        Just(Step::RemoveFromOutbox),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let work = prop::collection::vec((1i64..7, 1i64..50), 1..4);
    let event = prop_oneof![
        4 => work.prop_map(Event::Work),
        4 => answers().prop_map(Event::Poll),
        2 => (answers(), steps()).prop_map(|(answer, step)| Event::PollAndDie(answer, step)),
        1 => Just(Event::Restart),
    ];
    prop::collection::vec(event, 4..24)
}

/// The world: a server, a state, a receiver, and the process of the moment.
struct World {
    server: ModelServer,
    state: Arc<MemoryStore>,
    receiver: Receiver,
    exporters: Vec<Arc<Exporter>>,
    process: Process,
    /// The calls at the first reading that was committed: sums begin there.
    base: Option<BTreeMap<i64, i64>>,
    /// Whether an answer made a batch go that the receiver does not have.
    events_were_lost: bool,
}

impl World {
    async fn new(protocol: Protocol) -> World {
        let (server, state) = (ModelServer::default(), Arc::new(MemoryStore::default()));
        let receiver = Receiver::start().await.unwrap();
        let exporters = vec![Form { timeout: TIMEOUT, ..Form::of(protocol) }.to(&receiver)];
        let process = Process::start(&server, &state, &exporters);
        World { server, state, receiver, exporters, process, base: None, events_were_lost: false }
    }

    async fn meet(&mut self, event: &Event) {
        match event {
            Event::Work(work) => {
                for (queryid, times) in work {
                    self.server.execute(*queryid, *times);
                }
            }
            Event::Poll(answer) => self.poll(answer).await,
            Event::PollAndDie(answer, step) => {
                self.restart(Fate::before(Some(*step)));
                self.poll(answer).await;
                self.restart(Fate::before(None));
            }
            Event::Restart => self.restart(Fate::before(None)),
        }
    }

    fn restart(&mut self, fate: Fate) {
        self.process = Process::start_with(&self.server, &self.state, &self.exporters, fate);
    }

    async fn poll(&mut self, answer: &Behaviour) {
        self.receiver.behave(answer.clone());
        let before = self.server.calls();
        if self.process.poll().await.is_some() {
            self.base.get_or_insert(before);
            self.process.drain().await;
        }
        let loses = matches!(answer, Behaviour::Status(400, _) | Behaviour::Partial(_));
        self.events_were_lost |= loses;
    }

    /// Lets everything arrive: a process that comes up anew waits for nobody.
    async fn recover(&mut self) {
        for _ in 0..2 {
            self.restart(Fate::before(None));
            self.poll(&Behaviour::Accept).await;
        }
    }

    /// Returns the calls of each statement since sums began, as they are on the server.
    fn truth(&self) -> BTreeMap<i64, i64> {
        let base = self.base.clone().unwrap_or_else(|| self.server.calls());
        let since = |(queryid, calls): (i64, i64)| (queryid, calls - base.get(&queryid).unwrap_or(&0));
        self.server.calls().into_iter().map(since).collect()
    }

    fn never_above(&self) -> Result<(), TestCaseError> {
        let (account, truth) = (self.receiver.account(), self.truth());
        prop_assert_eq!(&account.violations, &Vec::<String>::new());
        prop_assert_eq!(account.late, 0, "what was sent later is newer");
        let total: i64 = truth.values().sum();
        let (sum, events) = (
            account.sum("postgresql.statements.calls"),
            account.events_sum(WINDOW, "pgquerylens.total.calls"),
        );
        prop_assert!(sum <= total as f64, "{sum} calls of {total}");
        prop_assert!(events <= total as f64, "{events} calls in events of {total}");
        prop_assert!(account.sum("postgresql.commits") <= self.server.commits() as f64);
        Ok(())
    }
}

const WINDOW: &str = "pgquerylens.statements_window";

async fn check(protocol: Protocol, events: Vec<Event>) -> Result<(), TestCaseError> {
    let mut world = World::new(protocol).await;
    for event in &events {
        world.meet(event).await;
        world.never_above()?;
    }
    world.recover().await;
    world.never_above()
}

fn run(protocol: Protocol, cases: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&events(), |events| runtime.block_on(check(protocol, events)));
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

#[test]
fn sums_and_events_are_the_truth_over_http() {
    run(Protocol::HttpProtobuf, 60);
}
