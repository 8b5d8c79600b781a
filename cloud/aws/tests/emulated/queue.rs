//! Targets into a queue: of moto's as it should go, of our double where some are refused.

use pgquerylens_aws::queue::{Target, send};
use pgquerylens_sandbox::emulators::Moto;
use pgquerylens_sandbox::sqs_double::{Refused, SqsDouble};
use serde_json::{Value, json};

use crate::stage::{OWN, REGION, sessions};

fn targets(count: usize) -> Vec<Target> {
    let target = |number: usize| {
        let mut target = Target::new();
        target.insert("name".to_owned(), format!("shop-{number:02}").into());
        target.insert("connection".to_owned(), "postgresql://pgquerylens@shop:5432/postgres".into());
        target
    };
    (0..count).map(target).collect()
}

fn name(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["target"]["connection"], json!("postgresql://pgquerylens@shop:5432/postgres"));
    body["target"]["name"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_target_is_a_message() {
    let moto = Moto::start().await.unwrap();
    moto.call("sqs", "AmazonSQS.CreateQueue", REGION, r#"{"QueueName": "polls"}"#).await.unwrap();
    let (url, sessions) = (format!("{}/{OWN}/polls", moto.url()), sessions(&moto.url()).await);
    let queued = send(&targets(25), &url, &sessions).await;
    assert_eq!((queued.sent, queued.unsent), (25, vec![]));
    let mut names = Vec::new();
    while names.len() < 25 {
        let asked = json!({"QueueUrl": url, "MaxNumberOfMessages": 10}).to_string();
        let answer = moto.call("sqs", "AmazonSQS.ReceiveMessage", REGION, &asked).await.unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let messages = answer["Messages"].as_array().expect("there are more").clone();
        names.extend(messages.iter().map(|message| name(message["Body"].as_str().unwrap())));
    }
    names.sort();
    assert_eq!(names, (0..25).map(|number| format!("shop-{number:02}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_queue_that_is_missing_is_told_of_every_target() {
    let moto = Moto::start().await.unwrap();
    let url = format!("{}/{OWN}/polls", moto.url());
    let queued = send(&targets(11), &url, &sessions(&moto.url()).await).await;
    assert_eq!((queued.sent, queued.unsent.len()), (0, 11));
    let last = &queued.unsent[10];
    assert_eq!(
        (last.name.as_str(), last.advice.as_str()),
        ("shop-10", "check the queue's URL: it has its region and account")
    );
}

#[tokio::test]
async fn what_a_queue_leaves_is_sent_once_more_and_then_told() {
    let refused = |body: &str, times, by_sender| Refused { body: body.to_owned(), times, by_sender };
    let refusals =
        vec![refused("shop-03", 1, false), refused("shop-04", 2, false), refused("shop-12", 9, true)];
    let double = SqsDouble::start(refusals).await.unwrap();
    let url = format!("{}/{OWN}/polls", double.url());
    let queued = send(&targets(15), &url, &sessions(&double.url()).await).await;
    assert_eq!(queued.sent, 13);
    let unsent: Vec<_> =
        queued.unsent.iter().map(|unsent| (unsent.name.as_str(), unsent.why.as_str())).collect();
    assert_eq!(unsent, [("shop-04", "InternalError"), ("shop-12", "InvalidMessageContents")]);
    assert_eq!((double.taken().len(), double.batches()), (13, 3));
    assert!(double.taken().iter().any(|body| name(body) == "shop-03"));
}

#[tokio::test]
async fn nothing_to_send_is_no_call() {
    let double = SqsDouble::start(Vec::new()).await.unwrap();
    let queued = send(&[], &format!("{}/{OWN}/polls", double.url()), &sessions(&double.url()).await).await;
    assert_eq!((queued.sent, double.batches()), (0, 0));
}
