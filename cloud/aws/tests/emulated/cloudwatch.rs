//! Metrics of CloudWatch: each minute once, however late, and what a refusal costs.

use std::time::Duration;

use pgquerylens_aws::outside::Source;
use pgquerylens_sandbox::cloudwatch_double::{Fault, Series};
use pgquerylens_sandbox::rds_double::{self, Fleet};

use crate::observed::{INSTANCE, NOW, Scene, observer, observer_with, outcome, sessions, values};

const SOURCE: &str = "cloudwatch";
const CPU: &str = "aws.rds.cpu_utilization";

async fn scene() -> Scene {
    Scene::of(&[Source::CloudWatch]).await
}

#[tokio::test]
async fn a_minute_is_told_once_however_late_it_comes() {
    let mut scene = scene().await;
    let put = |scene: &Scene, minute: i64| {
        scene.cloudwatch.put("CPUUtilization", INSTANCE, NOW + minute, 50.0 + minute as f64);
    };
    [-20, -9, -3, -1, 0].iter().for_each(|minute| put(&scene, *minute));
    let found = scene.look(30).await;
    assert_eq!(
        values(&found, CPU),
        [(-540, 41.0), (-180, 47.0), (-60, 49.0)],
        "what is over, of ten minutes"
    );
    put(&scene, -2);
    let found = scene.look(65).await;
    assert_eq!(values(&found, CPU), [(-120, 48.0), (0, 50.0)]);
    assert_eq!(outcome(&found, SOURCE), "read 2");
    let found = scene.look(125).await;
    assert_eq!((values(&found, CPU).len(), outcome(&found, SOURCE).as_str()), (0, "read 0"));
    let found = scene.look(150).await;
    assert_eq!(outcome(&found, SOURCE), "not due", "no further minute is over");
    let windows: Vec<_> =
        scene.cloudwatch.asked().iter().map(|asked| (asked.start / 60 - NOW, asked.end / 60 - NOW)).collect();
    assert_eq!(windows, [(-10, 0), (-10, 1), (-9, 2)]);
    scene.is_sound();
}

#[tokio::test]
async fn a_pause_loses_no_minute_and_is_no_call() {
    let mut scene = scene().await;
    let sessions = sessions(
        vec![("RDS", scene.rds.url()), ("CloudWatch", scene.cloudwatch.url())],
        "AKIDEXAMPLE",
        "a-key-that-nobody-sees",
    );
    scene.set_observer(observer_with(&[Source::CloudWatch], sessions.await, Duration::from_secs(300)));
    let mut told = Vec::new();
    for minute in 0..=60 {
        scene.cloudwatch.put("ReadIOPS", INSTANCE, NOW + minute, minute as f64);
        told.extend(values(&scene.look(minute * 60 + 5).await, "aws.rds.read_iops"));
    }
    assert_eq!(scene.cloudwatch.asked().len(), 13);
    assert_eq!(told, (0..60).map(|minute| (minute * 60, minute as f64)).collect::<Vec<_>>());
    let longer = scene.look((60 + 300) * 60).await;
    assert_eq!(values(&longer, "aws.rds.read_iops"), [], "nobody fetches a night");
    let asked = scene.cloudwatch.asked();
    let last = asked.last().unwrap();
    assert_eq!((last.end - last.start) / 60, 64);
    assert_eq!(scene.rds.requests().len(), 1, "an instance is looked up once a day");
    scene.is_sound();
}

#[tokio::test]
async fn an_answer_is_read_page_by_page() {
    let mut scene = scene().await;
    scene.cloudwatch.set_page(7);
    for minute in 1..=10 {
        scene.cloudwatch.put("CPUUtilization", INSTANCE, NOW - minute, 1.0);
        scene.cloudwatch.put("FreeableMemory", INSTANCE, NOW - minute, 2.0);
    }
    let found = scene.look(0).await;
    assert_eq!((values(&found, CPU).len(), values(&found, "aws.rds.freeable_memory").len()), (10, 10));
    let pages: Vec<bool> = scene.cloudwatch.asked().iter().map(|asked| asked.is_next_page).collect();
    assert_eq!(pages, [false, true, true]);
    scene.is_sound();
}

#[tokio::test]
async fn a_denial_costs_the_source_alone_names_the_right_and_loses_nothing() {
    let mut scene = Scene::of(&[Source::CloudWatch, Source::PerformanceInsights]).await;
    scene.cloudwatch.put("CPUUtilization", INSTANCE, NOW - 1, 12.5);
    scene.insights.put(&[("db.wait_event.type", "CPU"), ("db.wait_event.name", "CPU")], NOW - 2, 0.5);
    scene.cloudwatch.refuse_next([Fault::Denied]);
    let found = scene.look(0).await;
    assert_eq!(
        outcome(&found, SOURCE),
        "AccessDenied: AccessDenied: allow cloudwatch:GetMetricData to the credentials that are used there"
    );
    assert_eq!(values(&found, "aws.rds.db_load").last(), Some(&(-60, 0.5)));
    assert_eq!(values(&scene.look(5).await, CPU), [(-60, 12.5)], "it is asked for again at once");
    scene.cloudwatch.forbid("FreeableMemory");
    let found = scene.look(60).await;
    assert!(outcome(&found, SOURCE).starts_with("Forbidden: "), "{}", outcome(&found, SOURCE));
    scene.is_sound();
}

#[tokio::test]
async fn throttling_is_waited_for_and_then_told() {
    let mut scene = scene().await;
    scene.cloudwatch.put("CPUUtilization", INSTANCE, NOW - 1, 12.5);
    scene.cloudwatch.refuse_next([Fault::Throttled, Fault::Throttled]);
    assert_eq!(values(&scene.look(0).await, CPU), [(-60, 12.5)]);
    scene.cloudwatch.refuse_next([Fault::Throttled; 3]);
    let found = scene.look(60).await;
    assert!(outcome(&found, SOURCE).starts_with("Throttling: Throttling: it is tried again"));
    scene.is_sound();
}

#[tokio::test]
async fn an_instance_is_asked_for_what_it_has_and_a_writer_for_its_cluster() {
    let instances = vec![(INSTANCE.to_owned(), Some("shop".to_owned()))];
    let fleet = Fleet { instances, clusters: vec!["shop".to_owned()] };
    let mut scene = Scene::with(&[Source::CloudWatch], None, fleet).await;
    let volume = || Series::of_rds("VolumeBytesUsed", ("DBClusterIdentifier", "shop"));
    scene.cloudwatch.put_of(volume(), NOW - 1, 4096.0);
    scene.cloudwatch.put("TransactionLogsDiskUsage", INSTANCE, NOW - 1, -1.0);
    scene.cloudwatch.put("ReplicaLag", INSTANCE, NOW - 1, 1.0);
    let found = scene.look(0).await;
    assert_eq!(values(&found, "aws.rds.volume_bytes_used"), [(-60, 4096.0)]);
    assert_eq!(found.measures.len(), 1, "a negative value is none, and a lag of RDS is none of Aurora");
    scene.in_recovery = true;
    scene.cloudwatch.put_of(volume(), NOW, 4096.0);
    assert_eq!(scene.look(60).await.measures.len(), 0, "a reader does not stand for the cluster");
    let asked = scene.cloudwatch.asked();
    assert!(!asked[1].metrics.contains(&"VolumeBytesUsed".to_owned()), "{asked:?}");
    assert!(asked[1].metrics.contains(&"AuroraReplicaLag".to_owned()), "{asked:?}");
    scene.is_sound();
}

#[tokio::test]
async fn what_is_known_of_an_instance_does_until_it_can_be_asked_again() {
    let mut scene = scene().await;
    let day = 24 * 60 * 60;
    scene.rds.refuse_next([rds_double::Fault::Denied]);
    let found = scene.look(0).await;
    let denied =
        "AccessDenied: AccessDenied: allow rds:DescribeDBInstances to the credentials that are used there";
    assert_eq!(outcome(&found, "rds-instance"), denied);
    assert_eq!(outcome(&found, SOURCE), "0 reports", "nothing is known yet that could be asked for");
    assert_eq!(outcome(&scene.look(5).await, SOURCE), "read 0");
    scene.rds.refuse_next([rds_double::Fault::Denied]);
    let found = scene.look(day + 60).await;
    assert_eq!(
        (outcome(&found, "rds-instance").as_str(), outcome(&found, SOURCE).as_str()),
        (denied, "read 0")
    );
}

#[tokio::test]
async fn an_instance_that_is_not_there_is_named() {
    let fleet = Fleet { instances: vec![("other".to_owned(), None)], clusters: Vec::new() };
    let found = Scene::with(&[Source::CloudWatch], None, fleet).await.look(0).await;
    assert_eq!(
        outcome(&found, "rds-instance"),
        "DBInstanceNotFound: there is no instance shop-1 in this region of this account: check its identifier \
         (aws-instance), region (aws-region) and account (aws-role)"
    );
}

#[tokio::test]
async fn nobody_at_the_address_and_nobody_who_answers_are_told_in_time() {
    let mut scene = scene().await;
    scene.look(0).await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    for (address, class) in [
        ("http://127.0.0.1:1".to_owned(), "unreachable: "),
        (format!("http://{}", silent.local_addr().unwrap()), "late: "),
    ] {
        let sessions = sessions(vec![("CloudWatch", address)], "AKIDEXAMPLE", "a-key-that-nobody-sees").await;
        scene.set_observer(observer(&[Source::CloudWatch], sessions));
        scene.deadline = Duration::from_secs(4);
        let began = tokio::time::Instant::now();
        let found = scene.look(60).await;
        assert!(outcome(&found, SOURCE).starts_with(class), "{}", outcome(&found, SOURCE));
        // So much longer a poll waits.
        assert!(began.elapsed() < scene.deadline + Duration::from_secs(1));
    }
}
