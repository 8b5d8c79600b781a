//! Every way to invoke it, cold and warm.

use pgquerylens_engine::state::control::{Control, Stopped};
use pgquerylens_model::time::Timestamp;
use pgquerylens_sandbox::front::{AccessKey, Check, Front, RdsIam, WallClock, trust};
use pgquerylens_sandbox::lambda::Ended;
use pgquerylens_sandbox::tls::Certificates;
use pgquerylens_sandbox::{Server, newest, roles};
use serde_json::{Value, json};

use crate::stage::{Stage, outcome};

const HOST: &str = "db1.abc123.eu-west-1.rds.amazonaws.com";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_executed_between_invocations_arrives_cold_or_warm() {
    let mut stage = Stage::open().await;
    let mut environment = stage.environment(&[]).await;
    for round in 0..6 {
        let ended = environment.invoke(&stage.event()).await.unwrap();
        assert_eq!(outcome(&ended), "polled", "{ended:?} {}", stage.log());
        stage.planted.execute(10).await.unwrap();
        if round % 3 == 2 {
            environment.kill().await.unwrap();
        }
    }
    environment.invoke(&stage.event()).await.unwrap();
    assert_eq!(environment.starts().len(), 3);
    stage.everything_arrived();
    let told = ["cloud.platform", "faas.name", "aws.log.group.names"].map(|key| stage.resource(key));
    let expected = ["aws_lambda", "pgquerylens", "/aws/lambda/pgquerylens"];
    assert_eq!(told, expected.map(|text| Some(text.to_owned())));
    stage.is_sound(&[&environment]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tick_polls_what_the_configuration_names() {
    let mut stage = Stage::open().await;
    let config = json!({"servers": [stage.target()]}).to_string();
    let mut environment = stage.environment(&[("PGQUERYLENS_CONFIG", &config)]).await;
    let scheduled = json!({"version": "0", "detail-type": "Scheduled Event", "detail": {}});
    assert_eq!(outcome(&environment.invoke(&scheduled).await.unwrap()), "polled");
    let url = stage.planted.url();
    let mut environment = stage.environment(&[("DATABASE_URL", &url)]).await;
    assert_eq!(outcome(&environment.invoke(&Value::Null).await.unwrap()), "polled");
    stage.is_sound(&[&environment]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_logs_in_by_a_token_of_iam() {
    let mut stage = Stage::open_with(Server::new(newest()).hba(&trust(roles::MONITOR))).await;
    let certificates = Certificates::new().unwrap();
    let check = Check::RdsIam(RdsIam {
        region: "eu-west-1".to_owned(),
        host: HOST.to_owned(),
        port: None,
        keys: vec![AccessKey {
            id: "anybody".to_owned(),
            secret: stage.secret_key().to_owned(),
            session_token: None,
            may_connect_as: vec![roles::MONITOR.to_owned()],
        }],
        granted: vec![roles::MONITOR.to_owned()],
        clock: WallClock::right(),
    });
    let files = certificates.server_for(HOST).unwrap();
    let front = Front::start(stage.planted.server.port(), check, &files).await.unwrap();
    let connection = format!(
        "host={HOST} hostaddr=127.0.0.1 port={} user={} dbname=postgres sslrootcert={}",
        front.port(),
        roles::MONITOR,
        certificates.authority().display()
    );
    // What a function does when nobody says how to log in.
    let mut environment = stage.environment(&[("PGQUERYLENS_AUTH", "rds-iam")]).await;
    let event = json!({"targets": [{"name": "shop", "connection": connection}]});
    for _ in 0..2 {
        let ended = environment.invoke(&event).await.unwrap();
        assert_eq!(outcome(&ended), "polled", "{ended:?} {} {:?}", stage.log(), front.refusals());
    }
    // Signed anew for each connection.
    assert_eq!((front.admissions(), front.refusals()), (2, vec![]));
    assert!(!stage.log().contains("X-Amz-Signature"));
    stage.is_sound(&[&environment]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_stops_it_from_afar_and_lets_it_go_on() {
    let mut stage = Stage::open().await;
    let mut environment = stage.environment(&[]).await;
    let states = stage.states();
    for place in [states.whole(), states.of("shop")] {
        let stopped = Some(Stopped { reason: "we move house".to_owned(), since: Timestamp(0) });
        Control::change(&place, |control| control.stopped = stopped.clone()).await.unwrap();
        let ended = environment.invoke(&stage.event()).await.unwrap();
        let Ended::Answered(answer) = &ended else { panic!("{ended:?}") };
        assert_eq!(answer["servers"][0]["outcome"], "stopped");
        assert_eq!(answer["servers"][0]["why"], "we move house");
        Control::change(&place, |control| control.stopped = None).await.unwrap();
        assert_eq!(outcome(&environment.invoke(&stage.event()).await.unwrap()), "polled");
        stage.planted.execute(5).await.unwrap();
    }
    environment.invoke(&stage.event()).await.unwrap();
    stage.everything_arrived();
    stage.is_sound(&[&environment]);
}

/// The lines of the log of which CloudWatch makes metrics.
fn for_cloudwatch(log: &str) -> Vec<Value> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line.get("_aws").is_some()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_receiver_the_log_itself_is_what_cloudwatch_makes_metrics_of() {
    let mut stage = Stage::open().await;
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", ""), ("PGQUERYLENS_EMF_NAMESPACE", "databases")];
    let mut environment = stage.environment(&variables).await;
    assert_eq!(outcome(&environment.invoke(&stage.event()).await.unwrap()), "polled", "{}", stage.log());
    stage.planted.execute(40).await.unwrap();
    environment.invoke(&stage.event()).await.unwrap();
    let lines = for_cloudwatch(&stage.log());
    let values = |name: &str| lines.iter().filter_map(|line| line[name].as_f64()).collect::<Vec<_>>();
    assert_eq!(values("pgquerylens.up"), [1.0, 1.0]);
    // What a first poll finds has no difference yet.
    let commits: f64 = values("postgresql.commits").into_iter().sum();
    assert!((40.0..400.0).contains(&commits), "{commits}");
    let is_ours = |line: &Value| {
        line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "databases"
            && line["pgquerylens.server"] == "shop"
    };
    assert!(lines.iter().all(is_ours), "{lines:?}");
    stage.is_sound(&[&environment]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_gets_back_what_has_to_come_again_and_nothing_else() {
    let mut stage = Stage::open().await;
    let mut environment = stage.environment(&[]).await;
    let record = |id: &str, body: &Value, sent: u64| {
        json!({"messageId": id, "body": body.to_string(), "eventSource": "aws:sqs",
            "attributes": {"SentTimestamp": sent.to_string()}})
    };
    let now = 4_102_444_800_000;
    let gone = json!({"name": "gone", "connection": "postgresql://m@127.0.0.1:1/x"});
    let records = [
        record("good", &json!({"target": stage.target()}), now),
        record("late", &json!({"target": stage.target()}), 1_000),
        record("down", &json!({"target": gone}), now),
        record("wrong", &json!({"target": {"connection": "postgresql://h/d", "evry": "1m"}}), now),
        record("garbage", &json!("hunter2"), now),
    ];
    let ended = environment.invoke(&json!({"Records": records})).await.unwrap();
    let again = json!({"batchItemFailures": [{"itemIdentifier": "wrong"}, {"itemIdentifier": "garbage"}]});
    assert_eq!(ended, Ended::Answered(again), "{}", stage.log());
    assert!(stage.log().contains("did you mean every?"), "{}", stage.log());
    stage.is_sound(&[&environment]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_with_mistakes_is_told_to_whoever_invokes() {
    let mut stage = Stage::open().await;
    let wrong = [("PGQUERYLENS_EVERY", "60"), ("PGQUERYLENS_STATE", "s3a://states")];
    let mut environment = stage.environment(&wrong).await;
    for _ in 0..2 {
        let Ended::Answered(answer) = environment.invoke(&stage.event()).await.unwrap() else {
            let Ended::Failed { kind, message } = environment.invoke(&stage.event()).await.unwrap() else {
                panic!("it has to fail")
            };
            assert_eq!(kind, "Pgquerylens.Unavailable");
            assert!(
                message.contains("a time needs its unit") && message.contains("did you mean s3"),
                "{message}"
            );
            continue;
        };
        panic!("{answer}");
    }
    stage.is_sound(&[&environment]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_down_fails_the_invocation_if_it_was_the_only_one() {
    let mut stage = Stage::open().await;
    let mut environment = stage.environment(&[]).await;
    let gone = json!({"name": "gone", "connection": "postgresql://m@127.0.0.1:1/x"});
    let ended = environment.invoke(&json!({"targets": [gone]})).await.unwrap();
    let Ended::Failed { message, .. } = ended else { panic!("{ended:?}") };
    assert!(message.contains("connection refused"), "{message}");
    let ended = environment.invoke(&json!({"targets": [gone, stage.target()]})).await.unwrap();
    let Ended::Answered(answer) = ended else { panic!("{ended:?}") };
    let outcomes = ["/servers/0/outcome", "/servers/1/outcome"].map(|place| answer.pointer(place).cloned());
    assert_eq!(outcomes, [Some(json!("failed")), Some(json!("polled"))]);
    stage.is_sound(&[&environment]);
}
