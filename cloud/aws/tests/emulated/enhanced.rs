//! Enhanced Monitoring, as it is written into CloudWatch Logs of moto's.

use pgquerylens_aws::outside::Source;
use pgquerylens_model::outside::Findings;
use pgquerylens_model::time::Timestamp;
use pgquerylens_sandbox::emulators::Moto;
use pgquerylens_sandbox::front::WallClock;
use pgquerylens_sandbox::rds_double::Fleet;
use serde_json::{Value, json};

use crate::observed::{INSTANCE, RESOURCE_ID, Scene, observer, outcome, sessions};
use crate::stage::{OWN, REGION, create_instance, create_user};

const SOURCE: &str = "enhanced-monitoring";
const RUNNING: &str = "system.process.count";

/// A stream, and who reads it. moto takes no event of another time than ours.
struct Stream {
    moto: Moto,
    scene: Scene,
    /// The second from which tests count.
    now: i64,
}

impl Stream {
    async fn open() -> Stream {
        let moto = Moto::start().await.unwrap();
        let fleet = Fleet { instances: vec![(INSTANCE.to_owned(), None)], clusters: Vec::new() };
        let scene = Scene::with(&[Source::EnhancedMonitoring], Some(moto.url()), fleet).await;
        Stream { moto, scene, now: WallClock::right().unix_seconds() }
    }

    async fn create(&self) {
        self.logs("CreateLogGroup", json!({"logGroupName": "RDSOSMetrics"})).await;
        self.logs("CreateLogStream", json!({"logGroupName": "RDSOSMetrics", "logStreamName": RESOURCE_ID}))
            .await;
    }

    /// Writes an event of this second with so many processes.
    async fn write(&self, second: i64, running: i64) {
        let event = json!({
            "engine": "POSTGRES", "instanceID": INSTANCE, "numVCPUs": 2, "tasks": {"running": running},
            "processList": [{"name": "postgres: hunter2 shop [local] SELECT", "rss": 17}],
        });
        self.write_text(second, &event.to_string()).await;
    }

    async fn write_text(&self, second: i64, text: &str) {
        let event = json!({"timestamp": (self.now + second) * 1_000, "message": text});
        let body =
            json!({"logGroupName": "RDSOSMetrics", "logStreamName": RESOURCE_ID, "logEvents": [event]});
        self.logs("PutLogEvents", body).await;
    }

    async fn logs(&self, action: &str, body: Value) {
        let target = format!("Logs_20140328.{action}");
        self.moto.call("logs", &target, REGION, &body.to_string()).await.unwrap();
    }

    async fn look(&mut self, second: i64) -> Findings {
        self.scene.look_at(Timestamp((self.now + second) * 1_000_000)).await
    }

    /// Returns how many processes ran at which second.
    fn running(&self, found: &Findings) -> Vec<(i64, f64)> {
        let of_metric = found.measures.iter().filter(|measure| measure.metric.name == RUNNING);
        of_metric.map(|measure| (measure.time.0 / 1_000_000 - self.now, measure.value.as_f64())).collect()
    }
}

#[tokio::test]
async fn an_event_is_told_once_with_its_own_time_and_without_processes() {
    let mut stream = Stream::open().await;
    stream.create().await;
    for (second, running) in [(-130, 1), (-70, 2), (-10, 3)] {
        stream.write(second, running).await;
    }
    let found = stream.look(0).await;
    assert_eq!(stream.running(&found), [(-70, 2.0), (-10, 3.0)], "the first look goes two minutes back");
    assert_eq!(outcome(&found, SOURCE), "read 4");
    assert!(!format!("{found:?}").contains("hunter2"));
    stream.write(50, 4).await;
    let found = stream.look(60).await;
    assert_eq!(stream.running(&found), [(50, 4.0)]);
    assert_eq!(outcome(&stream.look(61).await, SOURCE), "read 0");
    assert_eq!(outcome(&stream.look(55).await, SOURCE), "not due");
}

#[tokio::test]
async fn what_is_written_each_second_is_told_every_ten() {
    let mut stream = Stream::open().await;
    stream.create().await;
    for second in -35..=-1 {
        stream.write(second, second).await;
    }
    let found = stream.look(0).await;
    assert_eq!(stream.running(&found), [-35, -25, -15, -5].map(|second| (second, second as f64)));
    for second in 0..=9 {
        stream.write(second, second).await;
    }
    let found = stream.look(10).await;
    assert_eq!(stream.running(&found), [(5, 5.0)], "looks are no beginning");
}

#[tokio::test]
async fn an_event_of_somebody_else_is_told_without_what_is_in_it() {
    let mut stream = Stream::open().await;
    stream.create().await;
    stream.write_text(-5, "{\"memory\": hunter2}").await;
    let found = stream.look(0).await;
    assert_eq!(
        outcome(&found, SOURCE),
        "format: an event is not as Enhanced Monitoring writes it, at its byte 12: see that nobody else writes into \
         the log group RDSOSMetrics"
    );
    stream.write(-4, 7).await;
    let found = stream.look(1).await;
    assert_eq!(stream.running(&found), [(-4, 7.0)], "and holds up nothing");
}

#[tokio::test]
async fn what_is_off_silent_or_denied_says_so() {
    let mut stream = Stream::open().await;
    let found = stream.look(0).await;
    let silent = "ResourceNotFoundException: Enhanced Monitoring of shop-1 has written nothing yet: wait";
    assert!(outcome(&found, SOURCE).starts_with(silent), "{}", outcome(&found, SOURCE));

    // An instance of moto's has neither.
    create_instance(&stream.moto, (OWN, REGION), INSTANCE, &[]).await;
    let addresses = vec![("RDS", stream.moto.url())];
    let sources = [Source::EnhancedMonitoring, Source::PerformanceInsights];
    let mut plain = Scene::of(&sources).await;
    plain.set_observer(observer(&sources, sessions(addresses, "AKIDEXAMPLE", "a-key").await));
    let found = plain.look(0).await;
    for (source, option) in
        [(SOURCE, "--monitoring-interval 60"), ("performance-insights", "--enable-performance-insights")]
    {
        let said = outcome(&found, source);
        assert!(said.starts_with("off: ") && said.contains(option), "{said}");
    }

    stream.create().await;
    stream.write(-5, 1).await;
    let (id, secret) = create_user(&stream.moto, r#""rds:DescribeDBInstances""#).await;
    stream.moto.enforce_rights().await.unwrap();
    let addresses = vec![("CloudWatch Logs", stream.moto.url())];
    stream.scene.set_observer(observer(&sources[..1], sessions(addresses, &id, &secret).await));
    let found = stream.look(1).await;
    let denied =
        "allow logs:GetLogEvents on the log group RDSOSMetrics to the credentials that are used there";
    assert!(outcome(&found, SOURCE).ends_with(denied), "{}", outcome(&found, SOURCE));
    assert!(!format!("{found:?}").contains(&secret));
}
