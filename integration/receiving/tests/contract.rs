//! The contract of exporters, run by every form of every one: what is encoded arrives whole, and every answer means
//! what it means.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use pgquerylens_delivery::exporter::Exporter;
use pgquerylens_delivery::lines::{Format, Lines, Target};
use pgquerylens_delivery::otlp::{Compression, Protocol};
use pgquerylens_delivery::parcel::{Parcel, ParcelKind};
use pgquerylens_export::emf::{self, Selection};
use pgquerylens_export::otlp::{Encoding, Signal};
use pgquerylens_model::delivery::Delivery;
use pgquerylens_receiving::form::Form;
use pgquerylens_receiving::process::{origin, reports, until};
use pgquerylens_receiving::server::ModelServer;
use pgquerylens_sandbox::receiver::{Behaviour, Message, Receiver, Request};
use prost::Message as _;
use tokio::time::Instant;

/// Long for a receiver on this machine that answers, short for one that never does.
const TIMEOUT: Duration = Duration::from_millis(500);

/// Returns the parcels of a second poll, in several messages.
async fn parcels(exporter: &Exporter) -> Vec<Parcel> {
    let reports = reports(&ModelServer::default(), 2).await;
    exporter.encode(&reports[1], &origin())
}

fn small() -> Encoding {
    Encoding { batch_bytes: 2_000, ..Encoding::default() }
}

fn packed_as(form: &Form) -> Option<&'static str> {
    match form.compression {
        Compression::None => None,
        Compression::Gzip => Some("gzip"),
        Compression::Zstd => Some("zstd"),
    }
}

/// Returns the bytes of the message that arrived, as protobuf.
fn arrived(request: &Request) -> Vec<u8> {
    match &request.message {
        Message::Metrics(message) => message.encode_to_vec(),
        Message::Logs(message) => message.encode_to_vec(),
        Message::Traces(message) => message.encode_to_vec(),
    }
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_encoded_arrives_whole_and_in_order() {
    for form in Form::all() {
        let form = Form { encoding: small(), headers: vec![("x-tenant", "shop")], ..form };
        let receiver = Receiver::start().await.unwrap();
        let exporter = form.to(&receiver);
        let parcels = parcels(&exporter).await;
        assert!(parcels.len() > 3, "{} parcels", parcels.len());
        for parcel in &parcels {
            assert_eq!(exporter.send(parcel, until()).await, Delivery::Accepted, "{form:?}");
        }
        let requests = receiver.requests();
        assert_eq!(requests.len(), parcels.len());
        for (parcel, request) in parcels.iter().zip(&requests) {
            assert_eq!(request.encoding.as_deref(), packed_as(&form));
            assert_eq!(request.header("x-tenant").as_deref(), Some("shop"));
            assert_eq!(request.len() as u64, parcel.counts.values().sum::<u64>());
            if form.protocol == Protocol::HttpJson {
                // Floats are written in decimal and read again to the last bit but one.
                assert_eq!(arrived(request).len(), parcel.bytes.len());
            } else {
                assert_eq!(arrived(request), parcel.bytes, "{form:?}");
            }
        }
        assert_eq!(receiver.account().violations, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "current_thread")]
async fn no_more_requests_are_under_way_than_is_allowed() {
    for form in Form::each() {
        let receiver = Receiver::start().await.unwrap();
        let exporter = form.to(&receiver);
        let parcel = &exporter.encode(&reports(&ModelServer::default(), 1).await[0], &origin())[0];
        receiver.behave(Behaviour::Hang);
        let soon = Instant::now() + Duration::from_secs(1);
        join_all((0..Form::CONCURRENCY + 3).map(|_| exporter.send(parcel, soon))).await;
        assert_eq!(receiver.requests().len(), Form::CONCURRENCY, "{form:?}");
    }
}

/// Sends three polls to a file and returns how many lines are in it.
async fn lines_of(format: Format) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("polls");
    let exporter =
        Exporter::Lines(Lines::new("lines".to_owned(), Target::File(path.clone()), format, 1 << 20));
    let mut expected = Vec::new();
    for report in reports(&ModelServer::default(), 3).await {
        for parcel in exporter.encode(&report, &origin()) {
            assert_eq!(exporter.send(&parcel, until()).await, Delivery::Accepted);
            expected.extend(parcel.bytes);
        }
    }
    assert_eq!(std::fs::read(path).unwrap(), expected);
    expected.iter().filter(|byte| **byte == b'\n').count()
}

#[tokio::test(flavor = "current_thread")]
async fn lines_arrive_whole_and_in_order() {
    assert_eq!(lines_of(Format::Document).await, 3);
    let emf = emf::Encoding { namespace: "pgquerylens".to_owned(), selection: Selection::default() };
    assert!(lines_of(Format::Emf(emf)).await > 3);
}

#[tokio::test(flavor = "current_thread")]
async fn what_another_kind_of_exporter_left_is_refused() {
    let parcel = Parcel { kind: ParcelKind::Lines, bytes: b"{}\n".to_vec(), counts: Default::default() };
    for form in Form::each() {
        let receiver = Receiver::start().await.unwrap();
        let delivery = form.to(&receiver).send(&parcel, until()).await;
        assert!(matches!(delivery, Delivery::Refused { .. }), "{delivery:?}");
        assert_eq!(receiver.requests().len(), 0);
    }
}

/// Sends the first parcel of each signal while the receiver behaves so, over every protocol.
async fn check(behaviour: Behaviour, expected: impl Fn(&Delivery) -> bool) {
    for form in Form::each() {
        let receiver = Receiver::start().await.unwrap();
        let exporter = Form { timeout: TIMEOUT, ..form.clone() }.to(&receiver);
        receiver.behave(behaviour.clone());
        for parcel in of_each_signal(&exporter).await {
            let delivery = exporter.send(&parcel, until()).await;
            assert!(expected(&delivery), "{behaviour:?} over {:?}: {delivery:?}", form.protocol);
        }
        assert_eq!(receiver.requests().len(), 2, "{behaviour:?}: asked once, not again at once");
    }
}

async fn of_each_signal(exporter: &Arc<Exporter>) -> [Parcel; 2] {
    let parcels = parcels(exporter).await;
    [Signal::Metrics, Signal::Logs]
        .map(|signal| parcels.iter().find(|parcel| parcel.kind == ParcelKind::Otlp(signal)).unwrap().clone())
}

fn is_retry(delivery: &Delivery) -> bool {
    matches!(delivery, Delivery::Retry { after: None, .. })
}

fn is_refused(delivery: &Delivery) -> bool {
    matches!(delivery, Delivery::Refused { .. })
}

#[tokio::test(flavor = "current_thread")]
async fn a_receiver_in_trouble_is_asked_again() {
    for status in [502, 503, 504] {
        check(Behaviour::Status(status, Vec::new()), is_retry).await;
    }
    check(Behaviour::Html, is_retry).await;
    check(Behaviour::Close, is_retry).await;
    check(Behaviour::HalfAnAnswer, is_retry).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_receiver_that_hangs_is_left_at_the_timeout() {
    check(Behaviour::Hang, is_retry).await;
    check(Behaviour::TakeAndHang, is_retry).await;
    check(Behaviour::HangAfterHeaders, is_retry).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_receiver_that_says_when_is_asked_then() {
    for status in [429, 503] {
        let after = Some(Duration::from_secs(7));
        let later = |delivery: &Delivery| matches!(delivery, Delivery::Retry { after: a, .. } if *a == after);
        check(Behaviour::Status(status, vec![("retry-after", "7")]), later).await;
    }
}

#[tokio::test(flavor = "current_thread")]
async fn what_will_never_be_taken_is_not_sent_again() {
    for status in [400, 401, 403, 404, 500] {
        check(Behaviour::Status(status, Vec::new()), is_refused).await;
    }
    check(Behaviour::Demand("authorization", "Bearer right"), is_refused).await;
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_too_large_is_told_from_what_is_refused() {
    let too_large = |delivery: &Delivery| matches!(delivery, Delivery::TooLarge { .. });
    check(Behaviour::Status(413, Vec::new()), too_large).await;
    check(Behaviour::AtMost(100), too_large).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_partial_success_tells_how_many() {
    let partial =
        |delivery: &Delivery| matches!(delivery, Delivery::Partial { rejected: 2, why } if why == "too old");
    check(Behaviour::Partial(2), partial).await;
}

/// What stands in front of a receiver answers in HTML, whatever protocol it was asked in.
#[tokio::test(flavor = "current_thread")]
async fn a_proxy_without_its_receiver_is_asked_again() {
    check(Behaviour::HtmlStatus(503), is_retry).await;
    check(Behaviour::HtmlStatus(502), is_retry).await;
    check(Behaviour::HtmlStatus(404), is_refused).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_port_that_nobody_listens_on_and_a_name_that_nobody_has_are_tried_again() {
    for form in Form::each() {
        let mut receiver = Receiver::start().await.unwrap();
        receiver.down().await;
        for url in [receiver.url(), "http://no-such-host.invalid:4318".to_owned()] {
            let exporter = Form { timeout: TIMEOUT, ..form.clone() }.to_url(&url);
            let delivery = exporter.send(&parcels(&exporter).await[0], until()).await;
            let Delivery::Retry { why, .. } = &delivery else { panic!("{url}: {delivery:?}") };
            assert!(why.contains(url.trim_start_matches("http://")), "{why}");
        }
    }
}
