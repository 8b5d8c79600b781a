//! Dispatcher and workers: what is found becomes messages, and each message a poll.

use std::collections::BTreeSet;
use std::time::Duration;

use pgquerylens_sandbox::lambda::Ended;
use serde_json::json;

use crate::stage::{Stage, outcome};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_found_is_sent_and_what_is_sent_is_polled() {
    let mut stage = Stage::open().await;
    let queue_url = stage.queue().await;
    for name in ["shop-1", "shop-2", "blog-1"] {
        stage.instance(name, "team=shop").await;
    }
    stage.instance("other-1", "team=other").await;
    let dispatching = [
        ("PGQUERYLENS_QUEUE_URL", queue_url.as_str()),
        ("PGQUERYLENS_DISCOVER_TAG", "team=shop"),
        ("PGQUERYLENS_DISCOVER_EXCLUDE", "blog-*"),
        ("PGQUERYLENS_DISCOVER_ENGINE", "postgres,aurora-postgresql"),
        ("PGQUERYLENS_STATE", ""),
    ];
    let mut dispatcher = stage.environment(&dispatching).await;
    let ended = dispatcher.invoke(&json!({})).await.unwrap();
    let told = json!({"sent": 2, "unsent": 0, "left_out": 2, "troubles": 0});
    assert_eq!(ended, Ended::Answered(told), "{}", stage.log());

    let messages = stage.receive(&queue_url).await;
    let mut names: Vec<&str> =
        messages.iter().filter_map(|message| message.body["target"]["name"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["shop-1", "shop-2"]);
    let mut worker = stage.environment(&[("PGQUERYLENS_EVERY", "1s")]).await;
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stage.planted.execute(5).await.unwrap();
        let ended = worker.invoke(&stage.handed_over(&messages)).await.unwrap();
        assert_eq!(ended, Ended::Answered(json!({"batchItemFailures": []})), "{}", stage.log());
    }
    let account = stage.receiver.account();
    for server in ["shop-1", "shop-2"] {
        assert_eq!(account.calls(server, stage.planted.queryid), 5, "{server}: {}", stage.log());
    }
    stage.is_sound(&[&dispatcher, &worker]);
}

/// Later than any clock, so that no message is late.
const NOT_LATE: u64 = 4_102_444_800_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_a_long_interval_is_not_polled_at_every_tick_but_whenever_somebody_asks() {
    let mut stage = Stage::open().await;
    let (mut one, mut other) = (
        stage.environment(&[("PGQUERYLENS_EVERY", "15m")]).await,
        stage.environment(&[("PGQUERYLENS_EVERY", "15m")]).await,
    );
    let calls = |stage: &Stage| stage.receiver.account().calls("shop", stage.planted.queryid);
    one.invoke(&stage.sent_at(NOT_LATE)).await.unwrap();
    stage.planted.execute(5).await.unwrap();
    // Neither the process that polled nor another one, which knows by the state alone.
    for environment in [&mut one, &mut other] {
        environment.invoke(&stage.sent_at(NOT_LATE)).await.unwrap();
        assert_eq!(calls(&stage), 0, "{}", stage.log());
    }
    assert_eq!(stage.log().matches(r#""outcome":"early""#).count(), 2, "{}", stage.log());
    assert_eq!(outcome(&other.invoke(&stage.event()).await.unwrap()), "polled");
    stage.everything_arrived();
    stage.is_sound(&[&one, &other]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_out_of_order_count_nothing_twice() {
    let mut stage = Stage::open().await;
    let (mut one, mut other) = (
        stage.environment(&[("PGQUERYLENS_EVERY", "1s")]).await,
        stage.environment(&[("PGQUERYLENS_EVERY", "1s")]).await,
    );
    one.invoke(&stage.sent_at(NOT_LATE)).await.unwrap();
    for round in 1..=4 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stage.planted.execute(5).await.unwrap();
        // The newer message comes first, and the older one to somebody else.
        one.invoke(&stage.sent_at(NOT_LATE + round * 60_000)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        stage.planted.execute(5).await.unwrap();
        other.invoke(&stage.sent_at(NOT_LATE - round * 60_000)).await.unwrap();
        stage.everything_arrived();
    }
    stage.is_sound(&[&one, &other]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dispatcher_that_can_send_nothing_fails() {
    let mut stage = Stage::open().await;
    stage.instance("shop-1", "team=shop").await;
    let nowhere = stage.queue().await.replace("pgquerylens", "nobody-made-this");
    let mut dispatcher = stage.environment(&[("PGQUERYLENS_QUEUE_URL", &nowhere)]).await;
    let ended = dispatcher.invoke(&json!({})).await.unwrap();
    assert!(matches!(&ended, Ended::Failed { message, .. } if message.contains("queue")), "{ended:?}");
    let wrong = [("PGQUERYLENS_QUEUE_URL", nowhere.as_str()), ("PGQUERYLENS_DISCOVER_ROLE", "admin")];
    let mut dispatcher = stage.environment(&wrong).await;
    let ended = dispatcher.invoke(&json!({})).await.unwrap();
    assert!(
        matches!(&ended, Ended::Failed { message, .. } if message.contains("ARN of a role")),
        "{ended:?}"
    );
    stage.is_sound(&[&dispatcher]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_state_server_counters_are_sums_and_nothing_is_kept() {
    let mut stage = Stage::open().await;
    let mut environment = stage.environment(&[("PGQUERYLENS_STATE", "memory:")]).await;
    let commits = |stage: &Stage| stage.receiver.sums("postgresql.commits");
    environment.invoke(&stage.event()).await.unwrap();
    let first = commits(&stage);
    stage.planted.execute(20).await.unwrap();
    environment.invoke(&stage.event()).await.unwrap();
    assert!(first > 0.0 && commits(&stage) >= first + 20.0, "{first} and then {}", commits(&stage));
    assert_eq!(stage.receiver.account().calls("shop", stage.planted.queryid), 0);
    stage.is_sound(&[&environment]);
}

/// One server behind many names: what a dispatcher and a queue make of a large fleet, with a worker that is killed now and then
/// in the middle of its messages, and what that takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_fleet_goes_through_the_queue_whole() {
    let servers = 20 * pgquerylens_sandbox::scale() as usize;
    let mut stage = Stage::open().await;
    let queue_url = stage.queue().await;
    for number in 0..servers {
        stage.instance(&format!("shop-{number}"), "team=shop").await;
    }
    let dispatching =
        [("PGQUERYLENS_QUEUE_URL", queue_url.as_str()), ("PGQUERYLENS_DISCOVER_TAG", "team=shop")];
    let mut dispatcher = stage.environment(&dispatching).await;
    let mut worker = stage.environment(&[("PGQUERYLENS_EVERY", "1s")]).await;
    let (mut batches, mut killed, mut polls) = (0_usize, 0, 0);
    let (mut wall, mut cpu, mut peak_kib) = (Duration::ZERO, Duration::ZERO, 0);
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stage.planted.execute(5).await.unwrap();
        let ended = dispatcher.invoke(&json!({})).await.unwrap();
        let told = json!({"sent": servers, "unsent": 0, "left_out": 0, "troubles": 0});
        assert_eq!(ended, Ended::Answered(told), "{}", stage.log());
        let mut done = BTreeSet::new();
        while done.len() < servers {
            let messages = stage.receive(&queue_url).await;
            if messages.is_empty() {
                // What a killed worker had is hidden for a while.
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
            batches += 1;
            let event = stage.handed_over(&messages);
            if batches % 10 == 2 {
                let moment = tokio::time::sleep(Duration::from_millis(60));
                killed += usize::from(worker.invoke_until(&event, moment).await.unwrap() == Ended::Killed);
                continue;
            }
            let (began, spent) = (std::time::Instant::now(), stage.cpu(&worker));
            let ended = worker.invoke(&event).await.unwrap();
            assert_eq!(ended, Ended::Answered(json!({"batchItemFailures": []})), "{}", stage.log());
            wall += began.elapsed();
            cpu += stage.cpu(&worker).saturating_sub(spent);
            peak_kib = peak_kib.max(stage.peak_memory_kib(&worker));
            stage.delete(&queue_url, &messages).await;
            polls += messages.len();
            done.extend(messages.iter().map(|message| message.body["target"]["name"].to_string()));
        }
    }
    assert!(killed > 0, "nobody was killed");
    let account = stage.receiver.account();
    for number in 0..servers {
        assert_eq!(account.calls(&format!("shop-{number}"), stage.planted.queryid), 5, "shop-{number}");
    }
    assert!(peak_kib < 256 << 10, "a worker took {peak_kib} KiB");
    stage.is_sound(&[&dispatcher, &worker]);
    let (a_second, a_core) = (polls as f64 / wall.as_secs_f64(), polls as f64 / cpu.as_secs_f64());
    println!(
        "{servers} servers: {killed} workers killed, {a_second:.1} polls a second by one worker, {a_core:.1} for a second of \
         a core, {peak_kib} KiB at most; 10,000 servers a minute would take {:.0} workers side by side and {:.1} cores",
        (10_000.0 / 60.0 / a_second).ceil(),
        10_000.0 / 60.0 / a_core,
    );
}
