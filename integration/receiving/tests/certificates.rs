//! TLS towards receivers: who is believed, what is shown, and that files are read again when they change.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use pgquerylens_delivery::exporter::Exporter;
use pgquerylens_delivery::otlp::ClientCertificate;
use pgquerylens_model::delivery::Delivery;
use pgquerylens_receiving::form::Form;
use pgquerylens_receiving::process::{origin, reports};
use pgquerylens_receiving::server::ModelServer;
use pgquerylens_sandbox::receiver::{Receiver, ReceiverTls};
use pgquerylens_sandbox::tls::{Certificates, ServerCertificate, TlsFiles};
use tokio::time::Instant;

async fn send(exporter: &Exporter) -> Delivery {
    let reports = reports(&ModelServer::default(), 1).await;
    let parcel = exporter.encode(&reports[0], &origin()).remove(0);
    exporter.send(&parcel, Instant::now() + Duration::from_secs(20)).await
}

fn tls(certificates: &Certificates, kind: ServerCertificate, clients: Option<&Certificates>) -> ReceiverTls {
    let clients = clients.map(|clients| clients.authority().to_owned());
    ReceiverTls { files: certificates.server(kind).unwrap(), clients }
}

fn shown(files: &TlsFiles) -> ClientCertificate {
    ClientCertificate { certificate: files.certificate.clone(), key: files.key.clone() }
}

fn install(files: &TlsFiles, at: &ClientCertificate) {
    fs::copy(&files.certificate, &at.certificate).unwrap();
    fs::copy(&files.key, &at.key).unwrap();
}

fn trusting(form: Form, authority: &Path) -> Form {
    Form { authority: Some(authority.to_owned()), ..form }
}

#[tokio::test(flavor = "current_thread")]
async fn a_receiver_is_believed_by_its_authority_and_name_alone() {
    use ServerCertificate::{Expired, Good, OtherAuthority, WrongHost};
    let certificates = Certificates::new().unwrap();
    for form in Form::each() {
        let form = trusting(form, certificates.authority());
        for kind in [Good, Expired, OtherAuthority, WrongHost] {
            let receiver = Receiver::start_with_tls(tls(&certificates, kind, None)).await.unwrap();
            let delivery = send(&form.to(&receiver)).await;
            match kind {
                Good => assert_eq!(delivery, Delivery::Accepted, "{form:?}"),
                _ => assert!(matches!(delivery, Delivery::Retry { .. }), "{kind:?}: {delivery:?}"),
            }
            assert_eq!(receiver.requests().len(), usize::from(kind == Good), "{kind:?}");
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_client_certificate_is_shown_where_one_is_wanted() {
    let certificates = Certificates::new().unwrap();
    let wanting = tls(&certificates, ServerCertificate::Good, Some(&certificates));
    let ours = shown(&certificates.client("collector").unwrap());
    for form in Form::each() {
        let form = trusting(form, certificates.authority());
        let receiver = Receiver::start_with_tls(wanting.clone()).await.unwrap();
        assert!(matches!(send(&form.to(&receiver)).await, Delivery::Retry { .. }), "nothing is shown");
        let with = Form { client: Some(ours.clone()), ..form };
        assert_eq!(send(&with.to(&receiver)).await, Delivery::Accepted, "{with:?}");
    }
}

/// The receiver trusts a new authority; the old certificate is refused until the new one lies in its place.
#[tokio::test(flavor = "current_thread")]
async fn a_rotated_certificate_is_used_without_a_restart() {
    let (certificates, renewed) = (Certificates::new().unwrap(), Certificates::new().unwrap());
    for form in Form::each() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
        let at = ClientCertificate { certificate, key };
        install(&certificates.client("collector").unwrap(), &at);
        let form = Form { client: Some(at.clone()), ..trusting(form, certificates.authority()) };
        let first = tls(&certificates, ServerCertificate::Good, Some(&certificates));
        let mut receiver = Receiver::start_with_tls(first).await.unwrap();
        let exporter = form.to(&receiver);
        assert_eq!(send(&exporter).await, Delivery::Accepted);
        let rotated = tls(&certificates, ServerCertificate::Good, Some(&renewed));
        receiver.up_with(rotated).await.unwrap();
        assert!(matches!(send(&exporter).await, Delivery::Retry { .. }), "the old one is refused");
        install(&renewed.client("collector").unwrap(), &at);
        assert_eq!(send(&exporter).await, Delivery::Accepted, "{form:?}: the new one is used");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_rotated_authority_is_believed_without_a_restart() {
    let (certificates, renewed) = (Certificates::new().unwrap(), Certificates::new().unwrap());
    for form in Form::each() {
        let folder = tempfile::tempdir().unwrap();
        let authority = folder.path().join("ca.crt");
        fs::copy(certificates.authority(), &authority).unwrap();
        let first = tls(&certificates, ServerCertificate::Good, None);
        let mut receiver = Receiver::start_with_tls(first).await.unwrap();
        let exporter = trusting(form, &authority).to(&receiver);
        assert_eq!(send(&exporter).await, Delivery::Accepted);
        receiver.up_with(tls(&renewed, ServerCertificate::Good, None)).await.unwrap();
        assert!(matches!(send(&exporter).await, Delivery::Retry { .. }));
        fs::copy(renewed.authority(), &authority).unwrap();
        assert_eq!(send(&exporter).await, Delivery::Accepted);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_file_that_is_gone_is_named_and_waited_for() {
    let certificates = Certificates::new().unwrap();
    let receiver = Receiver::start_with_tls(tls(&certificates, ServerCertificate::Good, None)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("ca.crt");
    let exporter = trusting(Form::each()[0].clone(), &authority).to(&receiver);
    let delivery = send(&exporter).await;
    let Delivery::Retry { why, .. } = &delivery else { panic!("{delivery:?}") };
    assert!(why.contains(&authority.display().to_string()), "{why}");
    fs::copy(certificates.authority(), &authority).unwrap();
    assert_eq!(send(&exporter).await, Delivery::Accepted);
}
