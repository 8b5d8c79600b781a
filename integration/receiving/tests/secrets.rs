//! Secrets of deliveries: headers and what a URL may hold. They reach the receiver, and nothing else that a delivery
//! produces has them, whatever goes wrong.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::sync::Arc;
use std::time::Duration;

use pgquerylens_engine::state::memory::MemoryStore;
use pgquerylens_export::document::document;
use pgquerylens_receiving::form::Form;
use pgquerylens_receiving::process::Process;
use pgquerylens_receiving::server::ModelServer;
use pgquerylens_sandbox::receiver::{Behaviour, Receiver};

/// Every planted secret begins so; what follows tells where it was.
const SECRET: &str = "hunter2";
const HEADERS: [(&str, &str); 2] = [("authorization", "Bearer hunter2token"), ("x-api-key", "hunter2key")];

fn behaviours() -> Vec<Behaviour> {
    let mut behaviours: Vec<Behaviour> =
        [400, 401, 413, 429, 500, 503].map(|status| Behaviour::Status(status, Vec::new())).to_vec();
    behaviours.extend([
        Behaviour::Accept,
        Behaviour::Partial(1),
        Behaviour::Demand("authorization", "Bearer another"),
        Behaviour::Html,
        Behaviour::Close,
        Behaviour::HalfAnAnswer,
        Behaviour::Hang,
        Behaviour::HangAfterHeaders,
    ]);
    behaviours
}

fn check(what: &str, text: &str) {
    assert!(!text.contains(SECRET), "{what}: {text}");
}

#[tokio::test(flavor = "current_thread")]
async fn no_secret_is_in_what_a_delivery_says() {
    for form in Form::each() {
        let mut receiver = Receiver::start().await.unwrap();
        let url = receiver.url().replace("http://", "http://user:hunter2url@");
        let form = Form { headers: HEADERS.to_vec(), timeout: Duration::from_millis(200), ..form };
        let exporter = form.to_url(&url);
        check("the exporter", &format!("{exporter:?}"));
        for behaviour in behaviours().into_iter().map(Some).chain([None]) {
            match &behaviour {
                Some(behaviour) => receiver.behave(behaviour.clone()),
                None => receiver.down().await,
            }
            let mut process = Process::start(
                &ModelServer::default(),
                &Arc::new(MemoryStore::default()),
                std::slice::from_ref(&exporter),
            );
            let report = process.poll_well().await;
            let drained = process.drain().await.unwrap();
            check("the report", &format!("{report:?} {drained:?}"));
            check("the document", &document(&report).to_string());
        }
        let request = &receiver.requests()[0];
        assert_eq!(request.header("authorization").as_deref(), Some(HEADERS[0].1), "it gets there");
        check("the account", &format!("{:?}", receiver.account()));
    }
}

/// A header's value that no request can carry is a secret too.
#[tokio::test(flavor = "current_thread")]
async fn a_header_that_cannot_be_sent_is_named_without_its_value() {
    let receiver = Receiver::start().await.unwrap();
    for form in Form::each() {
        let exporter = Form { headers: vec![("x-api-key", "hunter2\n")], ..form }.to(&receiver);
        let mut process =
            Process::start(&ModelServer::default(), &Arc::new(MemoryStore::default()), &[exporter]);
        let report = process.poll_well().await;
        let trouble = report.deliveries[0].trouble.clone().unwrap();
        assert!(trouble.contains("x-api-key"), "{trouble}");
        check("the trouble", &trouble);
    }
    assert_eq!(receiver.requests().len(), 0);
}

#[test]
fn a_url_that_is_none_is_named_without_its_secrets() {
    for url in ["ftp://user:hunter2@host/path?key=hunter2", "user:hunter2@host:4318", "http://u:hunter2@"] {
        let form = Form::each()[1].clone();
        let refused = std::panic::catch_unwind(|| form.to_url(url));
        let message = refused.err().and_then(|panic| panic.downcast_ref::<String>().cloned());
        check("the mistake", &message.expect("it is refused"));
    }
}
