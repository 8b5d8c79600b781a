//! What schedulers do at night: twice, at the same time, late, killed in the middle. The sums at the receiver are the truth.

use std::time::Duration;

use pgquerylens_sandbox::Shutdown;
use pgquerylens_sandbox::gcs_double::{Fault, GcsDouble};
use pgquerylens_sandbox::lambda::Ended;
use pgquerylens_sandbox::receiver::Behaviour;
use serde_json::Value;

use crate::stage::{Stage, outcome};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_at_the_same_time_one_ends_at_once_and_says_so() {
    let mut stage = Stage::open().await;
    let (mut first, mut second) = (stage.environment(&[]).await, stage.environment(&[]).await);
    let event = stage.event();
    assert_eq!(outcome(&first.invoke(&event).await.unwrap()), "polled");
    stage.planted.execute(10).await.unwrap();
    // The first holds the lock as long as its receiver does not answer.
    stage.receiver.behave(Behaviour::TakeAndHang);
    let before = stage.receiver.requests().len();
    let holding = async {
        let delivering = async {
            while stage.receiver.requests().len() == before {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let overlapping = async {
            delivering.await;
            let ended = second.invoke(&event).await.unwrap();
            stage.receiver.behave(Behaviour::Accept);
            ended
        };
        tokio::join!(first.invoke(&event), overlapping)
    };
    let (held, lost) = holding.await;
    assert_eq!(outcome(&lost), "overlapped", "{lost:?} {}", stage.log());
    assert_eq!(outcome(&held.unwrap()), "polled");
    stage.planted.execute(10).await.unwrap();
    assert_eq!(outcome(&second.invoke(&event).await.unwrap()), "polled");
    stage.everything_arrived();
    stage.is_sound(&[&first, &second]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn environments_that_take_turns_lose_nothing_and_count_nothing_twice() {
    let mut stage = Stage::open().await;
    let mut environments =
        [stage.environment(&[]).await, stage.environment(&[]).await, stage.environment(&[]).await];
    let event = stage.event();
    for round in 0..9 {
        // A duplicate follows on the heels.
        for environment in [round % 3, (round + 1) % 3] {
            let ended = environments[environment].invoke(&event).await.unwrap();
            assert_eq!(outcome(&ended), "polled", "{ended:?}");
        }
        stage.planted.execute(7).await.unwrap();
    }
    environments[0].invoke(&event).await.unwrap();
    stage.everything_arrived();
    stage.is_sound(&environments.each_ref());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_after_each_delivery_it_counts_nothing_twice() {
    let mut stage = Stage::open().await;
    let mut environment = stage.environment(&[]).await;
    let event = stage.event();
    environment.invoke(&event).await.unwrap();
    for _ in 0..5 * pgquerylens_sandbox::scale() {
        stage.planted.execute(5).await.unwrap();
        stage.receiver.behave(Behaviour::TakeAndHang);
        let before = stage.receiver.requests().len();
        let delivered = async {
            while stage.receiver.requests().len() == before {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let ended = environment.invoke_until(&event, delivered).await.unwrap();
        assert_eq!(ended, Ended::Killed);
        stage.receiver.behave(Behaviour::Accept);
        assert_eq!(outcome(&environment.invoke(&event).await.unwrap()), "polled");
        stage.everything_arrived();
    }
    stage.is_sound(&[&environment]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_counts_nothing_twice() {
    let mut stage = Stage::open().await;
    let mut environment = stage.environment(&[]).await;
    let event = stage.event();
    environment.invoke(&event).await.unwrap();
    let mut killed = 0;
    for round in 0..20 * pgquerylens_sandbox::scale() {
        stage.planted.execute(5).await.unwrap();
        let moment = Duration::from_millis(u64::from(round % 20) * 4);
        let ended = environment.invoke_until(&event, tokio::time::sleep(moment)).await.unwrap();
        killed += usize::from(ended == Ended::Killed);
    }
    assert!(killed > 0, "no moment fell into an invocation");
    assert_eq!(outcome(&environment.invoke(&event).await.unwrap()), "polled");
    stage.everything_arrived();
    stage.is_sound(&[&environment]);
}

/// What was written may be there or not: whoever is killed then does not know it, and whoever comes next finds out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_during_the_commit_it_counts_nothing_twice() {
    let mut stage = Stage::open().await;
    let (store, folder) = (GcsDouble::start("states").await.unwrap(), tempfile::tempdir().unwrap());
    let credentials = folder.path().join("credentials.json");
    std::fs::write(&credentials, store.credentials()).unwrap();
    let credentials = credentials.display().to_string();
    let variables =
        [("PGQUERYLENS_STATE", "gs://states/prod"), ("GOOGLE_APPLICATION_CREDENTIALS", credentials.as_str())];
    let mut environment = stage.environment(&variables).await;
    let event = stage.event();
    environment.invoke(&event).await.unwrap();
    for fault in [Fault::Unanswered, Fault::DoneUnanswered].into_iter().cycle().take(6) {
        stage.planted.execute(5).await.unwrap();
        let known = store.requests().len();
        store.fail_writes(&[fault]);
        let committing = async {
            while !store.requests()[known..].iter().any(|request| request.ends_with("unanswered")) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        assert_eq!(environment.invoke_until(&event, committing).await.unwrap(), Ended::Killed);
        let written = store.requests().pop();
        assert_eq!(written.as_deref(), Some("PUT states/prod/shop/baseline unanswered"));
        stage.planted.execute(5).await.unwrap();
        assert_eq!(outcome(&environment.invoke(&event).await.unwrap()), "polled", "{}", stage.log());
        stage.everything_arrived();
    }
    stage.is_sound(&[&environment]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_leaves_time_to_say_so() {
    let mut stage = Stage::open().await;
    let mut environment = stage.environment(&[("PGQUERYLENS_CONNECT_TIMEOUT", "60s")]).await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let hanging =
        serde_json::json!({"targets": [{"connection": format!("postgresql://m@127.0.0.1:{port}/x")}]});
    let ended = environment.invoke(&hanging).await.unwrap();
    assert!(matches!(&ended, Ended::Failed { .. }), "{ended:?} {}", stage.log());
    assert_ne!(environment.invoke(&Value::Null).await.unwrap(), Ended::TimedOut);
    stage.is_sound(&[&environment]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_hangs_leaves_time_to_say_so() {
    let mut stage = Stage::open().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nowhere = format!("http://{}", silent.local_addr().unwrap());
    // Less than the patience with a store.
    let limit = Duration::from_secs(4);
    let mut environment = stage.environment_for(limit, &[("AWS_ENDPOINT_URL", &nowhere)]).await;
    for _ in 0..2 {
        let ended = environment.invoke(&stage.event()).await.unwrap();
        let Ended::Failed { message, .. } = ended else { panic!("{ended:?} {}", stage.log()) };
        assert!(message.contains("not done in the function's time"), "{message}");
        assert!(message.contains("an endpoint of S3"), "{message}");
    }
    stage.is_sound(&[&environment]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_let_rest_fails_the_invocation_like_the_failures_before() {
    let mut stage = Stage::open().await;
    let mut environment = stage.environment(&[]).await;
    stage.planted.server.stop(Shutdown::Fast).await.unwrap();
    let mut messages = Vec::new();
    for _ in 0..5 {
        let Ended::Failed { message, .. } = environment.invoke(&stage.event()).await.unwrap() else {
            panic!("{}", stage.log())
        };
        messages.push(message);
    }
    assert!(messages[0].contains("connection refused"), "{messages:?}");
    assert!(messages[4].contains("it failed too often"), "{messages:?}");
    assert_eq!(stage.log().matches(r#""message":"poll failed""#).count(), 5, "{}", stage.log());
    stage.is_sound(&[&environment]);
}

/// A whole night: what the other tests do one by one comes in turns, and the server goes away and comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_night_of_kills_duplicates_and_restarts_loses_nothing_and_counts_nothing_twice() {
    let mut stage = Stage::open().await;
    let (mut one, mut other) = (stage.environment(&[]).await, stage.environment(&[]).await);
    let event = stage.event();
    one.invoke(&event).await.unwrap();
    let (mut invocations, mut killed, mut failed) = (1, 0, 0);
    for round in 0_u32.. {
        if invocations >= 50 * pgquerylens_sandbox::scale() {
            break;
        }
        stage.planted.execute(3).await.unwrap();
        let away = round % 9 == 4;
        if away {
            // Counters are saved by an orderly end; what dies with a crash is another test's.
            stage.planted.server.stop(Shutdown::Fast).await.unwrap();
        }
        let ended = match round % 5 {
            2 => {
                let moment = tokio::time::sleep(Duration::from_millis(u64::from(round % 13) * 6));
                one.invoke_until(&event, moment).await.unwrap()
            }
            _ => one.invoke(&event).await.unwrap(),
        };
        invocations += 1;
        killed += u32::from(ended == Ended::Killed);
        failed += u32::from(matches!(ended, Ended::Failed { .. }));
        if away {
            stage.planted.server.start_again().await.unwrap();
        }
        if round % 3 == 1 {
            other.invoke(&event).await.unwrap();
            invocations += 1;
        }
        if round % 7 == 6 {
            other.kill().await.unwrap();
        }
    }
    assert!(killed > 0 && failed > 0, "{killed} were killed, {failed} failed");
    while outcome(&one.invoke(&event).await.unwrap()) != "polled" {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stage.everything_arrived();
    stage.is_sound(&[&one, &other]);
    println!(
        "{invocations} invocations, {killed} killed, {failed} failed, {} statements",
        stage.planted.begun()
    );
}
