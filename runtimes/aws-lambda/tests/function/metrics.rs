//! What AWS tells of a server beside the server itself: it arrives with the server's own figures, each value once, and who
//! does not tell costs nobody else.

use std::collections::BTreeSet;

use pgquerylens_sandbox::cloudwatch_double::CloudWatchDouble;
use pgquerylens_sandbox::front::WallClock;
use pgquerylens_sandbox::insights_double::{Fault, InsightsDouble};
use pgquerylens_sandbox::lambda::Ended;
use pgquerylens_sandbox::rds_double::{Fleet, RdsDouble};
use serde_json::{Value, json};

use crate::stage::{Stage, outcome};

const CPU: &str = "aws.rds.cpu_utilization";
const INSTANCE: &str = "shop-1";

/// Returns the minutes that arrived of a metric with their values, in the order in which they did.
fn arrived(stage: &Stage, metric: &str) -> Vec<(i64, f64)> {
    let minute = |(seconds, value): (u64, f64)| (i64::try_from(seconds / 60).unwrap(), value);
    stage.receiver.points(metric).into_iter().map(minute).collect()
}

fn trouble(ended: &Ended) -> String {
    let Ended::Answered(answer) = ended else { return format!("{ended:?}") };
    answer.pointer("/servers/0/trouble").map(Value::to_string).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_aws_tells_arrives_once_and_who_does_not_costs_nobody_else() {
    let mut stage = Stage::open().await;
    let fleet = Fleet { instances: vec![(INSTANCE.to_owned(), None)], clusters: Vec::new() };
    let rds = RdsDouble::start(fleet).await.unwrap();
    let (cloudwatch, insights) =
        (CloudWatchDouble::start().await.unwrap(), InsightsDouble::start("db-0").await.unwrap());
    let now = WallClock::right().unix_seconds() / 60;
    for minute in 1..=5 {
        cloudwatch.put("CPUUtilization", INSTANCE, now - minute, minute as f64);
        insights.put(&[("db.wait_event.type", "CPU"), ("db.wait_event.name", "CPU")], now - minute, 0.5);
    }
    insights.refuse_next([Fault::Denied]);
    let mut environment = stage
        .environment(&[
            ("AWS_ENDPOINT_URL_RDS", &rds.url()),
            ("AWS_ENDPOINT_URL_CLOUDWATCH", &cloudwatch.url()),
            ("AWS_ENDPOINT_URL_PI", &insights.url()),
            ("PGQUERYLENS_AWS_METRICS", "cloudwatch,performance-insights"),
            ("PGQUERYLENS_CLOUDWATCH_PAUSE", "1m"),
        ])
        .await;
    let mut target = stage.target();
    target["aws-instance"] = INSTANCE.into();
    let event = json!({"targets": [target]});

    let denied = environment.invoke(&event).await.unwrap();
    assert_eq!(outcome(&denied), "polled", "{}", stage.log());
    let missing = "performance-insights was not read: NotAuthorizedException: allow pi:GetResourceMetrics";
    assert!(trouble(&denied).contains(missing), "{}", trouble(&denied));
    let values = arrived(&stage, CPU);
    assert!(values.len() >= 4, "{values:?}");
    assert!(values.iter().all(|(minute, value)| *value == (now - *minute) as f64), "{values:?}");
    assert_eq!(arrived(&stage, "aws.rds.db_load"), []);

    // A new process knows what the one before has told.
    environment.kill().await.unwrap();
    stage.planted.execute(5).await.unwrap();
    for _ in 0..2 {
        let whole = environment.invoke(&event).await.unwrap();
        assert_eq!((outcome(&whole), trouble(&whole).as_str()), ("polled", "[]"), "{}", stage.log());
    }
    for metric in [CPU, "aws.rds.db_load", "aws.rds.db_load.by_wait_event"] {
        let minutes: Vec<i64> = arrived(&stage, metric).into_iter().map(|(minute, _)| minute).collect();
        assert!(minutes.len() >= 3, "{metric}: {minutes:?}");
        assert_eq!(minutes.iter().collect::<BTreeSet<_>>().len(), minutes.len(), "{metric}: {minutes:?}");
    }
    assert_eq!(rds.requests().len(), 1, "what an instance is lies in the state");
    stage.everything_arrived();
    stage.is_sound(&[&environment]);
}
