//! Others read what we send: OpenTelemetry's Python package the bytes of every transport, Python's gRPC the calls.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use pgquerylens_delivery::exporter::Exporter;
use pgquerylens_delivery::otlp::{Compression, Protocol};
use pgquerylens_delivery::parcel::Parcel;
use pgquerylens_export::otlp::{Encoding, Layout, Signal};
use pgquerylens_model::delivery::Delivery;
use pgquerylens_receiving::form::Form;
use pgquerylens_receiving::process::{origin, until};
use pgquerylens_receiving::recorded::reports;
use pgquerylens_sandbox::decoders::{python, script};
use pgquerylens_sandbox::majors;
use pgquerylens_sandbox::receiver::{self, Receiver};
use serde_json::Value;

fn layouts() -> [Encoding; 2] {
    [Layout::Legacy, Layout::Semconv].map(|layout| Encoding { layout, ..Encoding::default() })
}

async fn send_all(exporter: &Exporter, parcels: &[Parcel]) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    for parcel in parcels {
        deliveries.push(exporter.send(parcel, until()).await);
    }
    deliveries
}

/// Sends the parcels and returns the bodies that arrived, unpacked.
async fn bodies(form: &Form, parcels: &[Parcel]) -> Vec<(receiver::Signal, Vec<u8>)> {
    let receiver = Receiver::start().await.unwrap();
    let deliveries = send_all(&form.to(&receiver), parcels).await;
    assert!(deliveries.iter().all(|delivery| *delivery == Delivery::Accepted), "{deliveries:?}");
    receiver.requests().iter().map(|request| (request.signal, request.body.to_vec())).collect()
}

/// Writes the same messages as one transport's protobuf and as JSON.
async fn write(folder: &Path, name: &str, protobuf: Protocol, parcels: &[Parcel]) {
    let binary = bodies(&Form::of(protobuf), parcels).await;
    let text = bodies(&Form::of(Protocol::HttpJson), parcels).await;
    for (index, ((signal, binary), (_, text))) in binary.into_iter().zip(text).enumerate() {
        let kind = if signal == receiver::Signal::Metrics { "metrics" } else { "logs" };
        let at = |ending: &str| folder.join(format!("{name}-{index:03}.{kind}.{ending}"));
        fs::write(at("pb"), binary).unwrap();
        fs::write(at("json"), text).unwrap();
    }
}

/// Runs a script to its end and returns the line of JSON that it says last.
fn said(child: Child) -> Value {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_else(|| panic!("the script says nothing: {}", output.status));
    let said: Value = serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(said["violations"], Value::Array(Vec::new()));
    assert!(output.status.success());
    said
}

fn run(name: &str) -> Command {
    let mut command = Command::new(python().unwrap());
    command.arg("-B").arg(script(name)).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn counted(parcels: &[Parcel], logs: bool) -> u64 {
    let family = |family: &str| (family == "events") == logs;
    let counts = parcels.iter().flat_map(|parcel| &parcel.counts);
    counts.filter(|(name, _)| family(name)).map(|(_, count)| count).sum()
}

#[tokio::test(flavor = "current_thread")]
async fn python_decodes_the_bytes_of_every_transport_for_every_major() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = Vec::new();
    for major in majors() {
        for (poll, report) in reports(major).await.iter().enumerate() {
            for (encoding, protocol) in layouts().into_iter().zip([Protocol::HttpProtobuf, Protocol::Grpc]) {
                let form = Form { encoding, ..Form::of(protocol) };
                let parcels = form.to_url("http://127.0.0.1:1").encode(report, &origin());
                write(folder.path(), &format!("{major}-{poll}-{protocol:?}"), protocol, &parcels).await;
                all.extend(parcels);
            }
        }
    }
    let said = said(run("decode.py").arg(folder.path()).spawn().unwrap());
    assert_eq!(said["messages"], all.len());
    assert_eq!(said["points"], counted(&all, false));
    assert_eq!(said["records"], counted(&all, true));
    assert!(all.len() >= majors().len() * 2 * 3, "{} messages", all.len());
}

/// A server by another implementation of gRPC, which reads what is packed and packs its answers.
#[tokio::test(flavor = "current_thread")]
async fn pythons_grpc_receives_every_major() {
    let mut child = run("receive.py").spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut port = String::new();
    stdout.read_line(&mut port).unwrap();
    let mut all = Vec::new();
    for compression in [Compression::Gzip, Compression::None] {
        let headers = vec![("x-tenant", "shop")];
        let form = Form { compression, headers, ..Form::of(Protocol::Grpc) };
        let exporter: Arc<Exporter> = form.to_url(&format!("http://127.0.0.1:{}", port.trim()));
        for major in majors() {
            for report in reports(major).await {
                let parcels = exporter.encode(&report, &origin());
                for (parcel, delivery) in parcels.iter().zip(send_all(&exporter, &parcels).await) {
                    check(parcel, &delivery);
                }
                all.extend(parcels);
            }
        }
    }
    // Its standard input ends, and it tells what came.
    drop(child.stdin.take());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let said: Value = serde_json::from_str(rest.trim()).unwrap();
    assert_eq!(said["violations"], Value::Array(Vec::new()));
    assert!(child.wait().unwrap().success());
    assert_eq!(said["messages"], all.len());
    assert_eq!(said["points"], counted(&all, false));
    assert_eq!(said["records"], counted(&all, true));
    assert_eq!(said["tenants"], serde_json::json!(["shop"]));
}

/// That server takes metrics whole and rejects one record of each message.
fn check(parcel: &Parcel, delivery: &Delivery) {
    use pgquerylens_delivery::parcel::ParcelKind;
    let expected = match parcel.kind {
        ParcelKind::Otlp(Signal::Logs) => Delivery::Partial { rejected: 1, why: "one too many".to_owned() },
        _ => Delivery::Accepted,
    };
    assert_eq!(*delivery, expected);
}
