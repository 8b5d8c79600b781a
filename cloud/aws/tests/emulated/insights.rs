//! Load by Performance Insights: by waits and statements, which are named by their ids alone.

use pgquerylens_aws::outside::Source;
use pgquerylens_sandbox::insights_double::Fault;

use crate::observed::{NOW, Scene, apart, outcome, values};

const SOURCE: &str = "performance-insights";
const LOAD: &str = "aws.rds.db_load";
const BY_WAIT: &str = "aws.rds.db_load.by_wait_event";
const BY_STATEMENT: &str = "aws.rds.db_load.by_statement";

async fn scene() -> Scene {
    Scene::of(&[Source::PerformanceInsights]).await
}

fn wait(scene: &Scene, kind: &str, name: &str, minute: i64, load: f64) {
    scene.insights.put(&[("db.wait_event.type", kind), ("db.wait_event.name", name)], NOW + minute, load);
}

fn statement(scene: &Scene, queryid: &str, minute: i64, load: f64) {
    let id = format!("HASH{queryid}");
    let dimensions = [
        ("db.sql_tokenized.id", id.as_str()),
        ("db.sql_tokenized.db_id", queryid),
        ("db.sql_tokenized.statement", "select * from users where token = 'hunter2'"),
    ];
    scene.insights.put(&dimensions, NOW + minute, load);
}

#[tokio::test]
async fn load_is_told_by_waits_and_statements_once_and_no_text_ever() {
    let mut scene = scene().await;
    for minute in [-3, -2, -1] {
        wait(&scene, "IO", "DataFileRead", minute, 0.25);
        wait(&scene, "CPU", "CPU", minute, 1.5);
        statement(&scene, "-6001122334455667788", minute, 1.75);
    }
    let found = scene.look(30).await;
    let loads = values(&found, LOAD);
    assert_eq!(loads[loads.len() - 3..], [(-180, 0.0), (-120, 1.75), (-60, 1.75)], "at the ends of minutes");
    let last = |found, metric| {
        let all: Vec<String> = apart(found, metric);
        all.into_iter().filter(|one| !one.ends_with(" 0")).collect::<Vec<_>>()
    };
    assert_eq!(
        last(&found, BY_WAIT),
        [
            "wait_event_type=CPU,wait_event=CPU 1.5",
            "wait_event_type=CPU,wait_event=CPU 1.5",
            "wait_event_type=IO,wait_event=DataFileRead 0.25",
            "wait_event_type=IO,wait_event=DataFileRead 0.25",
        ]
    );
    let named =
        "aws.rds.sql_tokenized.id=HASH-6001122334455667788,postgresql.queryid=-6001122334455667788 1.75";
    assert_eq!(last(&found, BY_STATEMENT), [named; 2]);
    assert!(!format!("{found:?}").contains("hunter2"));
    assert_eq!(outcome(&scene.look(45).await, SOURCE), "not due");
    let found = scene.look(90).await;
    assert_eq!(values(&found, LOAD), [(0, 1.75)]);
    assert_eq!(
        scene.insights.asked(),
        [(-360, -60), (-60, 0)].map(|(from, to)| (NOW * 60 + from, NOW * 60 + to))
    );
    scene.is_sound();
}

#[tokio::test]
async fn the_first_ten_are_told_apart_on_however_many_pages() {
    let mut scene = scene().await;
    scene.insights.set_page(4);
    for number in 0..15 {
        wait(&scene, "LWLock", &format!("lock-{number:02}"), -2, f64::from(number + 1));
        statement(&scene, &number.to_string(), -2, f64::from(number + 1));
    }
    let found = scene.look(0).await;
    let by_wait: Vec<String> =
        apart(&found, BY_WAIT).into_iter().filter(|one| !one.ends_with(" 0")).collect();
    assert_eq!(by_wait.len(), 10);
    assert!(by_wait[0].contains("lock-14") && by_wait[9].contains("lock-05"), "{by_wait:?}");
    assert_eq!(values(&found, LOAD).last(), Some(&(-60, 120.0)), "the total is of all, and there once");
    assert_eq!(scene.insights.asked().len(), 6);
    scene.is_sound();
}

#[tokio::test]
async fn a_refusal_is_told_with_its_right_and_loses_nothing() {
    let mut scene = scene().await;
    wait(&scene, "CPU", "CPU", -2, 1.0);
    scene.insights.refuse_next([Fault::Denied]);
    let found = scene.look(0).await;
    assert_eq!(
        outcome(&found, SOURCE),
        "NotAuthorizedException: NotAuthorizedException: allow pi:GetResourceMetrics to the credentials that are used there"
    );
    scene.insights.refuse_next([Fault::Broken, Fault::Throttled]);
    assert_eq!(values(&scene.look(5).await, LOAD).last(), Some(&(-60, 1.0)));
    scene.is_sound();
}

#[tokio::test]
async fn after_a_long_pause_an_hour_is_fetched_and_no_night() {
    let mut scene = scene().await;
    scene.look(0).await;
    scene.look(10 * 60 * 60).await;
    let asked = scene.insights.asked();
    assert_eq!(asked.iter().map(|(from, to)| (to - from) / 60).collect::<Vec<_>>(), [5, 60]);
}
