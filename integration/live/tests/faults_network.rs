//! Networks and servers that fail before and during a poll: the poll ends within its deadline, reports what it has
//! or says what happened, and the same poller then goes on with windows that cover the time that was missed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::fmt;
use std::time::Duration;

use futures_util::future::join_all;
use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::poll::{PollFailure, PollOptions};
use pgquerylens_live::faults::{Planted, statements_window};
use pgquerylens_live::{MemoryPoller, failures, monitored, options, poller, view};
use pgquerylens_model::report::{PollReport, Status};
use pgquerylens_model::views::database;
use pgquerylens_model::window::Quality;
use pgquerylens_sandbox::proxy::{Direction, Proxy};
use pgquerylens_sandbox::{Server, Shutdown, roles};
use tokio::time::{Instant, sleep};

const DEADLINE: Duration = Duration::from_secs(4);
/// What a poll may take beyond its deadline: cancelling on a server that does not answer.
const GRACE: Duration = Duration::from_secs(3);
/// How long each direction takes while a fault is awaited: the probe is back after twice this, the first batch after
/// four times.
const LATENCY: Duration = Duration::from_millis(300);
/// When the first batch is on its way to the server.
const IN_MID_POLL: Duration = Duration::from_millis(750);

#[derive(Clone, Copy, Debug)]
enum Fault {
    Blackhole,
    RequestsStop,
    AnswersStop,
    Reset,
    CutAfter(u64),
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    BeforeThePoll,
    InMidPoll,
}

const FAULTS: [Fault; 6] = [
    Fault::Blackhole,
    Fault::RequestsStop,
    Fault::AnswersStop,
    Fault::Reset,
    Fault::CutAfter(2_000),
    Fault::Refused,
];

/// A poller behind a proxy of its own.
struct Case {
    fault: Fault,
    when: When,
    proxy: Proxy,
    poller: MemoryPoller,
    /// Calls of the planted statement in all committed windows.
    counted: i64,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.fault, self.when)
    }
}

fn impatient() -> PollOptions {
    let limits = Limits { deadline: DEADLINE, ..Limits::default() };
    PollOptions { limits, top: 20, ..options() }
}

/// Sizes of tables are read in a batch of their own, after the others.
async fn server_with_a_table() -> Server {
    let server = monitored(Server::new(18)).await;
    server.execute("create table sized (id int primary key)").await.unwrap();
    server
}

async fn behind_proxy(server: &Server) -> (Proxy, MemoryPoller) {
    let proxy = Proxy::start(server.port()).await.unwrap();
    let poller = poller(&proxy.url(roles::MONITOR, "postgres"), impatient());
    (proxy, poller)
}

impl Case {
    async fn new(server: &Server, fault: Fault, when: When) -> Case {
        let (proxy, mut poller) = behind_proxy(server).await;
        poller.poll().await.unwrap();
        Case { fault, when, proxy, poller, counted: 0 }
    }

    async fn begin_fault(proxy: &mut Proxy, fault: Fault) {
        match fault {
            Fault::Blackhole => proxy.blackhole(),
            Fault::RequestsStop => proxy.half_open(Direction::ToServer),
            Fault::AnswersStop => proxy.half_open(Direction::ToClient),
            Fault::Reset => proxy.reset(),
            Fault::CutAfter(bytes) => proxy.cut_after_bytes(bytes),
            Fault::Refused => {
                proxy.refuse().await;
                proxy.reset();
            }
        }
    }

    /// Polls while the fault is there.
    async fn poll_under_fault(&mut self, planted: &Planted) {
        let Case { fault, when, proxy, poller, .. } = self;
        proxy.delay(LATENCY, LATENCY);
        if *when == When::BeforeThePoll {
            Case::begin_fault(proxy, *fault).await;
        }
        let began = Instant::now();
        let interfere = async {
            if *when == When::InMidPoll {
                sleep(IN_MID_POLL).await;
                Case::begin_fault(proxy, *fault).await;
            }
        };
        let (polled, ()) = tokio::join!(poller.poll(), interfere);
        let elapsed = began.elapsed();
        assert!(elapsed < DEADLINE + GRACE, "{self}: {elapsed:?}");
        self.judge(polled, planted);
    }

    fn judge(&mut self, polled: Result<PollReport, PollFailure>, planted: &Planted) {
        match polled {
            Ok(report) => {
                self.counted += planted.calls(&report);
                println!("{self}: reported, {:?}", failures(&report));
                assert_eq!(report.status == Status::Degraded, !failures(&report).is_empty(), "{self}");
            }
            Err(failure) => {
                println!("{self}: {failure}");
                let named = matches!(
                    failure,
                    PollFailure::Connect(_) | PollFailure::Probe(_) | PollFailure::Deadline
                );
                assert!(named, "{self}: {failure:?}");
            }
        }
    }

    /// Polls when the fault is over; everything that was done is now in some window.
    async fn poll_after_fault(&mut self, planted: &Planted, truth: i64) {
        self.proxy.heal().await.unwrap();
        let report = self.poller.poll().await.unwrap_or_else(|failure| panic!("{self}: {failure}"));
        assert_eq!(failures(&report), Vec::<String>::new(), "{self}");
        assert_eq!(statements_window(&report).quality, Quality::Exact, "{self}");
        self.counted += planted.calls(&report);
        assert_eq!(self.counted, truth, "{self}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn no_network_fault_outlasts_the_deadline_or_costs_a_call() {
    let server = server_with_a_table().await;
    let planted = Planted::on(&server).await;
    let mut cases = Vec::new();
    for fault in FAULTS {
        for when in [When::BeforeThePoll, When::InMidPoll] {
            cases.push(Case::new(&server, fault, when).await);
        }
    }
    planted.run(&server, 5).await;
    join_all(cases.iter_mut().map(|case| case.poll_under_fault(&planted))).await;
    planted.run(&server, 3).await;
    for case in &mut cases {
        case.poll_after_fault(&planted, 8).await;
    }
}

#[tokio::test(flavor = "current_thread")]
async fn what_was_read_before_the_network_stopped_is_reported() {
    let server = server_with_a_table().await;
    let planted = Planted::on(&server).await;
    let mut case = Case::new(&server, Fault::RequestsStop, When::InMidPoll).await;
    planted.run(&server, 5).await;
    case.proxy.delay(LATENCY, LATENCY);
    let stop = async {
        sleep(4 * LATENCY - Duration::from_millis(100)).await;
        case.proxy.half_open(Direction::ToServer);
    };
    let (polled, ()) = tokio::join!(case.poller.poll(), stop);
    let report = polled.unwrap();
    assert_eq!(report.status, Status::Degraded);
    assert_eq!(planted.calls(&report), 5);
    let lines = failures(&report);
    assert!(!lines.is_empty() && lines.iter().all(|line| line.contains("deadline")), "{lines:?}");
}

/// Polls through a slow network and lets the server end in the middle of it.
async fn check_server_ends(server: Server, end: impl AsyncFnOnce(Server, u32) -> Server) {
    let planted = Planted::on(&server).await;
    let (proxy, mut poller) = behind_proxy(&server).await;
    poller.poll().await.unwrap();
    planted.run(&server, 5).await;
    let admin = server.superuser().await.unwrap();
    let find = "select pid from pg_stat_activity where application_name = 'pgquerylens'";
    let pid = admin.query_one(find, &[]).await.unwrap().get::<_, i32>(0);
    drop(admin);
    proxy.delay(LATENCY, LATENCY);
    let began = Instant::now();
    let poll = async { (poller.poll().await, began.elapsed()) };
    let kill = async {
        sleep(IN_MID_POLL).await;
        end(server, u32::try_from(pid).unwrap()).await
    };
    let ((polled, elapsed), server) = tokio::join!(poll, kill);
    assert!(elapsed < DEADLINE + GRACE, "{elapsed:?}");
    let counted = match &polled {
        Ok(report) => {
            assert_eq!(report.status, Status::Degraded);
            let lines = failures(report);
            assert!(lines.iter().any(|line| line.contains("connection ended")), "{lines:?}");
            planted.calls(report)
        }
        Err(failure) => {
            println!("{failure}");
            0
        }
    };
    proxy.delay(Duration::ZERO, Duration::ZERO);
    planted.run(&server, 2).await;
    let report = poller.poll().await.expect("the poller goes on with the server that came back");
    assert_eq!(failures(&report), Vec::<String>::new());
    let counted = counted + planted.calls(&report);
    // A postmaster that is stopped at once still writes pg_stat_statements' file; one that recovers does not.
    match statements_window(&report).quality {
        Quality::Exact => assert_eq!(counted, 7),
        _ => assert!(counted <= 7, "{counted}"),
    }
    // The cumulative statistics are lost either way, and the report says so.
    let of_databases = view(&report, &database::VIEW).window.as_ref().unwrap();
    assert_ne!(of_databases.quality, Quality::Exact);
}

#[tokio::test(flavor = "current_thread")]
async fn a_backend_killed_in_mid_poll_costs_this_poll_alone() {
    check_server_ends(monitored(Server::new(18)).await, async |server, pid| {
        server.kill9_backend(pid).await.unwrap();
        server
    })
    .await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_stopped_at_once_in_mid_poll_costs_this_poll_alone() {
    check_server_ends(monitored(Server::new(18)).await, async |mut server, _| {
        server.stop(Shutdown::Immediate).await.unwrap();
        server.start_again().await.unwrap();
        server
    })
    .await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_steady_poll_needs_at_most_four_round_trips() {
    let server = monitored(Server::new(18)).await;
    let proxy = Proxy::start(server.port()).await.unwrap();
    let steady = PollOptions { all_due: false, top: 20, ..options() };
    let mut poller = poller(&proxy.url(roles::MONITOR, "postgres"), steady);
    poller.poll().await.unwrap();
    proxy.delay(Duration::from_millis(50), Duration::from_millis(50));
    for _ in 0..3 {
        proxy.reset_counts();
        let report = poller.poll().await.unwrap();
        let seen = proxy.counts();
        assert_eq!(seen.connections, 0);
        assert!(seen.round_trips <= 4, "{seen:?}");
        assert_eq!(report.cost.round_trips, seen.round_trips);
        assert_eq!(report.cost.received_bytes, seen.bytes_to_client);
        assert_eq!(report.cost.sent_bytes, seen.bytes_to_server);
    }
}
