//! Every store runs the contract.

use pgquerylens_sandbox::emulators::{Azurite, Moto, Redis};
use pgquerylens_sandbox::gcs_double::GcsDouble;
use pgquerylens_sandbox::tls::{Certificates, ServerCertificate};
use pgquerylens_store::access::{Access, GcsAccess, GcsCredentials};
use pgquerylens_stores::contract::check;
use pgquerylens_stores::places::{of_azurite, of_moto, open};

#[tokio::test(flavor = "multi_thread")]
async fn memory() {
    check(&open("memory:", &Access::default())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder() {
    let folder = tempfile::tempdir().unwrap();
    check(&open(&format!("file:{}/made/on/demand", folder.path().display()), &Access::default())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s3() {
    let moto = Moto::start().await.unwrap();
    moto.make_bucket("states").await.unwrap();
    for url in ["s3://states", "s3://states/prod/eu"] {
        check(&open(url, &of_moto(&moto))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn azure() {
    let azurite = Azurite::start().await.unwrap();
    azurite.make_container("states").unwrap();
    check(&open("az://states/prod", &of_azurite(&azurite))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gcs() {
    let (double, folder) = (GcsDouble::start("states").await.unwrap(), tempfile::tempdir().unwrap());
    let file = folder.path().join("credentials.json");
    std::fs::write(&file, double.credentials()).unwrap();
    let gcs = GcsAccess { credentials: Some(GcsCredentials::File(file)) };
    check(&open("gs://states/prod", &Access { gcs, ..Access::default() })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis() {
    let redis = Redis::start().await.unwrap();
    check(&open(&redis.url("prod-1"), &Access::default())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_by_tls() {
    let certificates = Certificates::new().unwrap();
    let files = certificates.server(ServerCertificate::Good).unwrap();
    let redis = Redis::start_with_tls(&files).await.unwrap();
    let access = Access { certificate: Some(certificates.authority().to_owned()), ..Access::default() };
    check(&open(&redis.url("prod"), &access)).await;
}
