//! The model test: polls of a server whose truth is known, answers of every kind, and death at every step. In the end
//! the receiver's sums are the truth, at no moment were they above it, and with window ids so are the events. What is refused for ever is not there, and nothing in its place.

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
use pgquerylens_receiving::server::{ModelServer, OWN_QUERYID};
use pgquerylens_sandbox::receiver::{Account, Behaviour, Receiver};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// Long enough for a receiver on this machine, short enough for the many that never answer.
const TIMEOUT: Duration = Duration::from_millis(60);
/// Histories per protocol: a few seconds.
const CASES: u32 = 40;
/// Polls after which everything has arrived that can; two are enough where nothing is slow.
const MAX_RECOVERIES: usize = 20;
const CALLS: &str = "postgresql.statements.calls";
const WINDOW: &str = "pgquerylens.statements_window";
const TOP_QUERY: &str = "db.server.top_query";

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
    /// An entry is evicted.
    Evict(i64),
    /// All entries are reset.
    Reset,
}

/// Answers after which everything can still arrive.
fn answers() -> impl Strategy<Value = Behaviour> {
    prop_oneof![
        6 => Just(Behaviour::Accept),
        1 => Just(Behaviour::Status(503, Vec::new())),
        1 => Just(Behaviour::Status(429, vec![("retry-after", "1")])),
        1 => Just(Behaviour::Html),
        1 => Just(Behaviour::Close),
        1 => Just(Behaviour::HalfAnAnswer),
        1 => Just(Behaviour::Hang),
        2 => Just(Behaviour::TakeAndHang),
        1 => Just(Behaviour::HangAfterHeaders),
    ]
}

/// Answers after which something is gone for ever.
fn refusals() -> impl Strategy<Value = Behaviour> {
    prop_oneof![Just(Behaviour::Status(400, Vec::new())), Just(Behaviour::Partial(3))]
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Deliver),
        Just(Step::CommitDictionary),
        Just(Step::CommitBaseline),
        Just(Step::RemoveFromOutbox),
    ]
}

fn work() -> impl Strategy<Value = Event> {
    prop::collection::vec((1i64..7, 1i64..50), 1..4).prop_map(Event::Work)
}

/// Deaths and answers of every kind but refusals, over a server that forgets nothing.
fn recoverable() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => work(),
        4 => answers().prop_map(Event::Poll),
        2 => (answers(), steps()).prop_map(|(answer, step)| Event::PollAndDie(answer, step)),
        1 => Just(Event::Restart),
    ]
}

/// The same with refusals.
fn refused() -> impl Strategy<Value = Event> {
    prop_oneof![4 => recoverable(), 1 => refusals().prop_map(Event::Poll)]
}

/// A server that forgets, and a process that is killed only between two polls.
fn forgetful() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => work(),
        4 => answers().prop_map(Event::Poll),
        1 => Just(Event::Restart),
        1 => (1i64..7).prop_map(Event::Evict),
        1 => Just(Event::Reset),
    ]
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
}

impl World {
    async fn new(protocol: Protocol) -> World {
        let (server, state) = (ModelServer::default(), Arc::new(MemoryStore::default()));
        let receiver = Receiver::start().await.unwrap();
        let exporters = vec![Form { timeout: TIMEOUT, ..Form::of(protocol) }.to(&receiver)];
        let process = Process::start(&server, &state, &exporters);
        World { server, state, receiver, exporters, process, base: None }
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
            Event::Evict(queryid) => self.server.evict(*queryid),
            Event::Reset => self.server.reset_statements(),
        }
    }

    fn restart(&mut self, fate: Fate) {
        self.process = Process::start_with(&self.server, &self.state, &self.exporters, fate);
    }

    async fn poll(&mut self, answer: &Behaviour) {
        self.receiver.behave(answer.clone());
        let before = self.server.executed();
        if self.process.poll().await.is_some() {
            self.base.get_or_insert(before);
            self.process.drain().await;
        }
    }

    /// Lets everything arrive: a process that comes up anew waits for nobody.
    async fn recover(&mut self, protocol: Protocol) {
        self.exporters = vec![Form::of(protocol).to(&self.receiver)];
        for _ in 0..MAX_RECOVERIES {
            self.restart(Fate::before(None));
            self.poll(&Behaviour::Accept).await;
            let left = self.process.drain().await.unwrap();
            if self.base.is_some() && left.iter().all(|report| report.outbox_entries == 0) {
                return;
            }
        }
        panic!("it does not recover");
    }

    /// Returns the calls of each statement since sums began, our own aside, as they are on the server.
    fn truth(&self) -> BTreeMap<i64, i64> {
        let base = self.base.clone().unwrap_or_else(|| self.server.executed());
        let since = |(queryid, calls): (i64, i64)| (queryid, calls - base.get(&queryid).unwrap_or(&0));
        self.server.executed().into_iter().filter(|(id, _)| *id != OWN_QUERYID).map(since).collect()
    }

    fn never_above(&self) -> Result<(), TestCaseError> {
        let (account, truth) = (self.receiver.account(), self.truth());
        prop_assert_eq!(&account.violations, &Vec::<String>::new());
        prop_assert_eq!(account.late, 0, "what was sent later is newer");
        let total = truth.values().sum::<i64>() as f64;
        prop_assert!(calls(&account) <= total, "{} calls of {total}", calls(&account));
        prop_assert!(window_calls(&account) <= total, "{} in windows of {total}", window_calls(&account));
        prop_assert!(account.sum("postgresql.commits") <= self.server.commits() as f64);
        for (queryid, truth) in truth {
            let events = event_calls(&account, queryid);
            prop_assert!(events <= truth as f64, "{events} in events of {queryid}, of {truth}");
        }
        Ok(())
    }

    fn is_the_truth(&self) -> Result<(), TestCaseError> {
        let (account, truth) = (self.receiver.account(), self.truth());
        let total = truth.values().sum::<i64>() as f64;
        prop_assert_eq!(calls(&account), total);
        prop_assert_eq!(window_calls(&account), total);
        prop_assert_eq!(account.sum("postgresql.commits"), self.server.commits_read() as f64);
        for (queryid, truth) in truth {
            prop_assert_eq!(event_calls(&account, queryid), truth as f64);
        }
        Ok(())
    }
}

/// Returns the sum of all series but our own.
fn calls(account: &Account) -> f64 {
    let others = account.series_of(CALLS).filter(|(key, _)| key.attributes != "pgquerylens.part=own");
    others.map(|(_, series)| series.sum()).sum()
}

fn window_calls(account: &Account) -> f64 {
    let sum = |attribute| account.events_sum(WINDOW, attribute);
    sum("pgquerylens.total.calls") - sum("pgquerylens.own.calls")
}

fn event_calls(account: &Account, queryid: i64) -> f64 {
    let queryid = queryid.to_string();
    let records = account.windows.values().flat_map(|window| &window.records);
    let of_statement = records.filter(|((event, _), attributes)| {
        event == TOP_QUERY && attributes.get("postgresql.queryid") == Some(&queryid)
    });
    of_statement.filter_map(|(_, attributes)| attributes["postgresql.calls"].parse::<f64>().ok()).sum()
}

async fn check(protocol: Protocol, events: &[Event]) -> Result<World, TestCaseError> {
    let mut world = World::new(protocol).await;
    for event in events {
        world.meet(event).await;
        world.never_above()?;
    }
    world.recover(protocol).await;
    world.never_above()?;
    Ok(world)
}

/// Checks histories of such events, and what is to hold in the end.
fn run(
    protocol: Protocol,
    event: impl Strategy<Value = Event>,
    in_the_end: impl Fn(&World) -> Result<(), TestCaseError>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config =
        Config { cases: CASES, max_shrink_iters: 200, failure_persistence: None, ..Config::default() };
    let histories = prop::collection::vec(event, 4..24);
    let outcome = TestRunner::new(config).run(&histories, |events| {
        let world = runtime.block_on(check(protocol, &events))?;
        in_the_end(&world)
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

#[test]
fn sums_and_events_are_the_truth_over_http_with_protobuf() {
    run(Protocol::HttpProtobuf, recoverable(), World::is_the_truth);
}

#[test]
fn sums_and_events_are_the_truth_over_http_with_json() {
    run(Protocol::HttpJson, recoverable(), World::is_the_truth);
}

#[test]
fn sums_and_events_are_the_truth_over_grpc() {
    run(Protocol::Grpc, recoverable(), World::is_the_truth);
}

/// What is refused for ever may never be seen again: events, and the last value of a series that left.
#[test]
fn what_is_refused_leaves_nothing_above_the_truth() {
    run(Protocol::HttpProtobuf, refused(), |_| Ok(()));
}

#[test]
fn what_a_server_forgets_leaves_nothing_above_the_truth() {
    run(Protocol::HttpProtobuf, forgetful(), |_| Ok(()));
}

/// What a killed process told and the server then forgot stays told: after the reset every sum begins anew.
#[test]
fn deaths_and_resets_leave_nothing_above_the_truth() {
    let event = || prop_oneof![6 => recoverable(), 1 => Just(Event::Reset)];
    run(Protocol::HttpProtobuf, event(), |_| Ok(()));
}

/// Wrong, and known: a process that is killed between delivery and commit has told of executions of an entry that the
/// server then evicts. The next process cannot know, and its sum is below what was told. By OTLP's rules nothing is
/// above the truth; a receiver that takes a fall for a new beginning counts the whole sum once more.
#[test]
fn a_death_before_the_commit_and_an_eviction_let_a_sum_fall() {
    let history = [
        Event::Poll(Behaviour::Accept),
        Event::Work(vec![(1, 9)]),
        Event::PollAndDie(Behaviour::Accept, Step::CommitBaseline),
        Event::Evict(1),
        Event::Work(vec![(1, 2)]),
        Event::Poll(Behaviour::Accept),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut world = World::new(Protocol::HttpProtobuf).await;
        for event in &history {
            world.meet(event).await;
        }
        world.recover(Protocol::HttpProtobuf).await;
        let account = world.receiver.account();
        assert_eq!((calls(&account), world.truth()[&1]), (2.0, 11));
        assert!(account.violations.iter().any(|fall| fall.contains("falls from 9 to 2")), "{account:?}");
    });
}
