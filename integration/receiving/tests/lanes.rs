//! Lanes over real receivers: what waits, what is sent when, and that nobody waits for another. Nothing here measures
//! time: requests are counted, and their order is compared.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::time::Duration;

use pgquerylens_delivery::lane::Lane;
use pgquerylens_delivery::otlp::Protocol;
use pgquerylens_delivery::parcel::Down;
use pgquerylens_engine::state::file::FileStore;
use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_export::otlp::{Encoding, Temporality};
use pgquerylens_model::time::Timestamp;
use pgquerylens_receiving::form::Form;
use pgquerylens_receiving::process::{Process, origin, reports, until};
use pgquerylens_receiving::server::{ModelServer, OWN_QUERYID};
use pgquerylens_sandbox::receiver::{Account, Behaviour, Receiver, SeriesKey};

/// How often a receiver that is back is looked for, and the pause between: longer than a lane's own first pauses.
const MAX_LOOKS: usize = 100;
const LOOK: Duration = Duration::from_millis(100);
/// A lane's first pause is a second.
const FIRST_PAUSE_IS_OVER: Duration = Duration::from_millis(1_100);
const CALLS: &str = "postgresql.statements.calls";

fn http(name: &'static str) -> Form {
    Form { name, ..Form::of(Protocol::HttpProtobuf) }
}

/// Drains until nothing waits, over the pauses that a lane makes after failures.
async fn drained(process: &mut Process) {
    for _ in 0..MAX_LOOKS {
        let reports = process.drain().await.unwrap();
        if reports.iter().all(|report| report.outbox_entries == 0) {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
    panic!("it is not drained");
}

fn calls(account: &Account) -> f64 {
    let others = account.series_of(CALLS).filter(|(key, _)| key.attributes != "pgquerylens.part=own");
    others.map(|(_, series)| series.sum()).sum()
}

fn truth(server: &ModelServer) -> f64 {
    server.executed().iter().filter(|(id, _)| **id != OWN_QUERYID).map(|(_, calls)| *calls as f64).sum()
}

#[tokio::test(flavor = "current_thread")]
async fn a_receiver_that_comes_back_gets_everything_in_order() {
    for form in Form::each() {
        let (server, state) = (ModelServer::default(), Arc::new(MemoryStore::default()));
        let mut receiver = Receiver::start().await.unwrap();
        let mut process = Process::start(&server, &state, &[form.to(&receiver)]);
        process.poll_well().await;
        receiver.down().await;
        for minute in 1..=10 {
            server.execute(minute % 4, minute);
            let report = process.poll_well().await;
            assert_eq!(report.deliveries[0].outbox_entries as i64, minute, "{form:?}");
            process.drain().await.unwrap();
        }
        receiver.up().await.unwrap();
        drained(&mut process).await;
        let account = receiver.account();
        assert_eq!(calls(&account), truth(&server), "{form:?}");
        assert_eq!(account.windows.len(), 10, "{form:?}: each window's events");
        assert_eq!((account.late, account.violations), (0, vec![]), "{form:?}: in order");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn differences_add_up_to_the_truth_at_a_receiver_that_takes_those() {
    for form in Form::each() {
        let encoding = Encoding { temporality: Temporality::Delta, ..form.encoding };
        let (server, state) = (ModelServer::default(), Arc::new(MemoryStore::default()));
        let receiver = Receiver::start().await.unwrap();
        let exporter = Form { encoding, ..form.clone() }.to(&receiver);
        let mut process = Process::start(&server, &state, &[exporter]);
        process.poll_well().await;
        for minute in 1..=5 {
            server.execute(minute % 3, 10 + minute);
            process.poll_well().await;
        }
        let account = receiver.account();
        let is_others = |key: &SeriesKey| key.metric == CALLS && key.attributes != "pgquerylens.part=own";
        let added = account.added.iter().filter(|(key, _)| is_others(key));
        assert_eq!(added.map(|(_, sum)| sum).sum::<f64>(), truth(&server), "{form:?}");
        assert_eq!(account.series_of(CALLS).count(), 0, "{form:?}: and nothing else says the same");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn nothing_is_sent_before_the_receiver_asked_for_it() {
    for form in Form::each() {
        let (server, state) = (ModelServer::default(), Arc::new(MemoryStore::default()));
        let receiver = Receiver::start().await.unwrap();
        let exporters = [form.to(&receiver)];
        let mut process = Process::start(&server, &state, &exporters);
        receiver.behave(Behaviour::Status(429, vec![("retry-after", "3600")]));
        for minute in 1..=3 {
            server.execute(1, minute);
            process.poll_well().await;
            process.drain().await.unwrap();
        }
        assert_eq!(receiver.requests().len(), 1, "{form:?}");
        receiver.behave(Behaviour::Accept);
        process.drain().await.unwrap();
        assert_eq!(receiver.requests().len(), 1, "{form:?}: an hour is not over");
        let mut another = Process::start(&server, &state, &exporters);
        another.drain().await.unwrap();
        assert_eq!(receiver.account().windows.len(), 2, "{form:?}: another process knows nothing of it");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_receiver_that_asks_for_no_pause_is_not_asked_without_end() {
    let (server, state) = (ModelServer::default(), Arc::new(MemoryStore::default()));
    let receiver = Receiver::start().await.unwrap();
    receiver.behave(Behaviour::Status(429, vec![("retry-after", "0")]));
    let mut process = Process::start(&server, &state, &[http("otel").to(&receiver)]);
    process.poll_well().await;
    process.drain().await.unwrap();
    assert!(receiver.requests().len() <= 2, "{} requests", receiver.requests().len());
}

/// One exporter is dead, one hangs, one is healthy.
#[tokio::test(flavor = "current_thread")]
async fn the_healthy_gets_every_batch_at_once_and_the_others_are_waited_for_once() {
    let (server, state) = (ModelServer::default(), Arc::new(MemoryStore::default()));
    let (mut dead, slow) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    let healthy = Receiver::start().await.unwrap();
    let forms = [(http("dead"), &dead), (http("slow"), &slow), (http("healthy"), &healthy)];
    let exporters: Vec<_> = forms.iter().map(|(form, receiver)| form.to(receiver)).collect();
    dead.down().await;
    slow.behave(Behaviour::Hang);
    let mut process = Process::start(&server, &state, &exporters);
    for minute in 1..=5 {
        server.execute(1, minute);
        let before = healthy.requests().len();
        let report = process.poll_well().await;
        // The poll is over, and the slow one still has not answered: nobody waited for that.
        let waiting: Vec<usize> = report.deliveries.iter().map(|report| report.outbox_entries).collect();
        assert_eq!(waiting, [minute as usize, minute as usize, 0]);
        assert_eq!(slow.requests().len(), 1, "it is not asked again before a commit");
        assert!(healthy.requests().len() > before);
        if minute == 1 {
            let trouble = report.deliveries[1].trouble.as_deref();
            assert_eq!(trouble, Some("no answer within 1 s; the batch is kept"));
        }
    }
    assert_eq!(calls(&healthy.account()), truth(&server) - 1.0);
    assert_eq!(slow.account().series.len(), 0);
}

#[tokio::test(flavor = "current_thread")]
async fn a_slow_receiver_that_recovers_is_sent_to_before_the_commit_again() {
    let (server, state) = (ModelServer::default(), Arc::new(MemoryStore::default()));
    let receiver = Receiver::start().await.unwrap();
    let mut process = Process::start(&server, &state, &[http("otel").to(&receiver)]);
    receiver.behave(Behaviour::Hang);
    process.poll_well().await;
    receiver.behave(Behaviour::Accept);
    drained(&mut process).await;
    server.execute(1, 5);
    let report = process.poll_well().await;
    assert_eq!(report.deliveries[0].outbox_entries, 0);
    assert!(report.deliveries[0].total().accepted > 0);
}

#[tokio::test(flavor = "current_thread")]
async fn a_partial_success_and_a_refusal_are_counted_by_family() {
    let reports = reports(&ModelServer::default(), 2).await;
    let receiver = Receiver::start().await.unwrap();
    let mut lane = Lane::new(http("otel").to(&receiver), MemoryStore::default());
    receiver.behave(Behaviour::Partial(2));
    let partial = lane.offer(&reports[0], &origin()).await;
    let sent: u64 = sum_of(http("otel").to(&receiver).encode(&reports[0], &origin())).values().sum();
    let rejected = 2 * receiver.requests().len() as u64;
    assert_eq!(partial.families["taken_in_part"].rejected, rejected);
    assert_eq!((partial.total().accepted, partial.total().rejected), (sent - rejected, rejected));
    assert_eq!(partial.trouble.as_deref(), Some("2 rejected: too old"));
    receiver.behave(Behaviour::Demand("authorization", "Bearer right"));
    let refused = lane.offer(&reports[1], &origin()).await;
    assert!(refused.trouble.as_deref().unwrap().ends_with("answered 401 Unauthorized"));
    let (accepted, rejected) = (refused.total().accepted, refused.families["pg_stat_database"].rejected);
    assert_eq!((accepted, rejected > 0, refused.outbox_entries), (0, true, 0));
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_too_large_arrives_in_halves() {
    let report = &reports(&ModelServer::default(), 2).await[1];
    for form in Form::each() {
        let (free, bounded) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
        bounded.behave(Behaviour::AtMost(2_500));
        Lane::new(form.to(&free), MemoryStore::default()).offer(report, &origin()).await;
        let mut lane = Lane::new(form.to(&bounded), MemoryStore::default());
        let mut account = lane.offer(report, &origin()).await;
        let trouble = account.trouble.take().unwrap();
        // What it did not get within a second waits.
        while account.outbox_entries > 0 {
            account = lane.drain(until()).await;
            assert_eq!(account.total().rejected, 0);
        }
        assert!(trouble.contains("which a smaller batch-bytes would save"), "{trouble}");
        assert!(bounded.requests().iter().filter(|request| request.is_taken).count() > 2);
        let (expected, found) = (free.account(), bounded.account());
        assert_eq!(found.violations, Vec::<String>::new());
        assert_eq!((found.series, found.levels), (expected.series, expected.levels), "{form:?}");
        assert_eq!(found.windows, expected.windows);
    }
}

/// Halving ends with a point that is too large alone.
#[tokio::test(flavor = "current_thread")]
async fn what_is_too_large_by_itself_is_refused_and_counted() {
    let report = &reports(&ModelServer::default(), 2).await[1];
    let receiver = Receiver::start().await.unwrap();
    receiver.behave(Behaviour::AtMost(10));
    let exporter = http("otel").to(&receiver);
    let sent: u64 = sum_of(exporter.encode(report, &origin())).values().sum();
    let mut lane = Lane::new(exporter, MemoryStore::default());
    let mut account = lane.offer(report, &origin()).await;
    let mut rejected = account.total().rejected;
    while account.outbox_entries > 0 {
        account = lane.drain(until()).await;
        rejected += account.total().rejected;
    }
    assert_eq!((rejected, account.total().accepted), (sent, 0));
}

/// A receiver may refuse to go back in time, and then what waits would be lost.
#[tokio::test(flavor = "current_thread")]
async fn the_news_that_a_server_is_down_does_not_overtake_what_waits() {
    let reports = reports(&ModelServer::default(), 1).await;
    let mut receiver = Receiver::start().await.unwrap();
    receiver.down().await;
    let mut lane = Lane::new(http("otel").to(&receiver), MemoryStore::default());
    assert_eq!(lane.offer(&reports[0], &origin()).await.outbox_entries, 1);
    receiver.up().await.unwrap();
    tokio::time::sleep(FIRST_PAUSE_IS_OVER).await;
    let down = Down { now: Timestamp(1_800_000_000_000_000), last_good: None, facts: None };
    lane.say_down(&down, &origin(), until()).await;
    assert_eq!(receiver.requests().len(), 0);
    assert_eq!(lane.drain(until()).await.outbox_entries, 0);
    let before = receiver.requests().len();
    lane.say_down(&down, &origin(), until()).await;
    assert_eq!(receiver.requests().len(), before + 1);
}

/// A sum that was refused once is in the next batch: it has everything since its start.
#[tokio::test(flavor = "current_thread")]
async fn what_was_refused_once_is_in_the_sums_of_the_next() {
    let (server, state) = (ModelServer::default(), Arc::new(MemoryStore::default()));
    let receiver = Receiver::start().await.unwrap();
    let mut process = Process::start(&server, &state, &[http("otel").to(&receiver)]);
    process.poll_well().await;
    for answer in [Behaviour::Status(400, Vec::new()), Behaviour::Accept] {
        receiver.behave(answer);
        server.execute(1, 7);
        process.poll_well().await;
    }
    assert_eq!(calls(&receiver.account()), truth(&server));
}

#[tokio::test(flavor = "current_thread")]
async fn an_outbox_over_its_budget_gives_up_the_oldest_and_counts_them_by_family() {
    let reports = reports(&ModelServer::default(), 6).await;
    let mut receiver = Receiver::start().await.unwrap();
    let exporter = Form { outbox_bytes: 6_000, ..http("otel") }.to(&receiver);
    let kinds: BTreeMap<String, u64> = sum_of(exporter.encode(&reports[0], &origin()));
    let state = Arc::new(MemoryStore::default());
    receiver.down().await;
    let mut lane = Lane::new(Arc::clone(&exporter), Arc::clone(&state));
    let mut accounts = Vec::new();
    for report in &reports {
        accounts.push(lane.offer(report, &origin()).await);
    }
    let dropped = accounts.iter().find(|account| account.total().dropped > 0).unwrap();
    let by_family = dropped.families.iter().map(|(family, count)| (family.clone(), count.dropped));
    assert_eq!(by_family.collect::<BTreeMap<_, _>>(), kinds, "the first batch went");
    let kept = accounts.last().unwrap();
    assert!(kept.outbox_bytes <= 6_000 && kept.outbox_entries < reports.len(), "{kept:?}");
    receiver.up().await.unwrap();
    Lane::new(exporter, state).drain(until()).await;
    let ends: Vec<String> = receiver.account().windows.into_values().map(|window| window.end).collect();
    let newest = reports.last().unwrap().metrics.as_ref().unwrap().statements.as_ref().unwrap();
    assert!(ends.contains(&newest.window.to.to_rfc3339()), "the newest stayed: {ends:?}");
}

fn sum_of(parcels: Vec<pgquerylens_delivery::parcel::Parcel>) -> BTreeMap<String, u64> {
    let mut sum = BTreeMap::new();
    for (family, count) in parcels.into_iter().flat_map(|parcel| parcel.counts) {
        *sum.entry(family).or_default() += count;
    }
    sum
}

#[tokio::test(flavor = "current_thread")]
async fn a_full_disk_costs_the_batch_that_it_cannot_keep_and_no_other() {
    let reports = reports(&ModelServer::default(), 3).await;
    let mut receiver = Receiver::start().await.unwrap();
    receiver.down().await;
    let folder = tempfile::tempdir().unwrap();
    let mut lane = Lane::new(http("otel").to(&receiver), FileStore::new(folder.path()));
    let first = lane.offer(&reports[0], &origin()).await;
    let outbox = folder.path().join("outbox/otel");
    // The file that is about to become the next batch lies on a full disk.
    symlink("/dev/full", outbox.join(format!("{:020}.new", 1))).unwrap();
    let second = lane.offer(&reports[1], &origin()).await;
    let third = lane.offer(&reports[2], &origin()).await;
    let counts =
        [&first, &second, &third].map(|account| (account.total().dropped > 0, account.outbox_entries));
    assert_eq!(counts, [(false, 1), (true, 1), (false, 2)]);
    assert!(second.trouble.as_deref().unwrap().starts_with("write to the outbox"), "{second:?}");
    assert_eq!(fs::read_dir(&outbox).unwrap().count(), 2, "no half of a batch is left");
    receiver.up().await.unwrap();
    let drained = Lane::new(http("otel").to(&receiver), FileStore::new(folder.path())).drain(until()).await;
    assert_eq!((drained.outbox_entries, drained.total().rejected), (0, 0));
    assert!(drained.total().accepted > 0);
}
