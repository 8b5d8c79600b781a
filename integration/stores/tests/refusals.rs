//! What is said where a store cannot be used: one line with the object and the cause, what to do, and never a secret.

use expect_test::{Expect, expect};
use pgquerylens_engine::secret::Secret;
use pgquerylens_engine::state::{ObjectName, StateStore, StoreError};
use pgquerylens_sandbox::PASSWORD;
use pgquerylens_sandbox::emulators::{Azurite, Moto, Redis};
use pgquerylens_store::access::{Access, AzureCredentials, S3Access};
use pgquerylens_store::states::States;
use pgquerylens_store::url::StateUrl;
use pgquerylens_stores::places::{of_azurite, of_moto, open};

/// Reads at a place that does not work, and shows what is said of it.
async fn check(url: &str, access: &Access, expected: &Expect) {
    let error = open(url, access).of("shop").read(ObjectName::Baseline).await;
    expected.assert_eq(&said(&error.expect_err("the place does not work")));
}

fn said(error: &StoreError) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let text = format!("{error}\n{cause}\n{}", error.advice());
    assert!(!text.contains("hunter2") && !text.contains(PASSWORD) && !text.contains(Azurite::KEY), "{text}");
    text
}

#[tokio::test]
async fn a_bucket_that_is_missing_is_named() {
    let moto = Moto::start().await.unwrap();
    let missing = expect![[r#"
        read s3://nowhere/prod/shop/baseline
        the bucket or container does not exist: NoSuchBucket
        make it, or correct its name in the state's URL"#]];
    check("s3://nowhere/prod", &of_moto(&moto), &missing).await;
    let written = open("s3://nowhere", &of_moto(&moto)).whole().commit(ObjectName::Control, b"", None).await;
    expect![[r#"
        write s3://nowhere/control
        the bucket or container does not exist: NoSuchBucket
        make it, or correct its name in the state's URL"#]]
    .assert_eq(&said(&written.unwrap_err()));
    let listed = open("s3://nowhere/prod", &of_moto(&moto)).inventories().await;
    expect![[r#"
        list s3://nowhere/prod
        the bucket or container does not exist: NoSuchBucket
        make it, or correct its name in the state's URL"#]]
    .assert_eq(&said(&listed.unwrap_err()));
}

#[tokio::test]
async fn nobody_at_the_address_is_told_from_a_refusal() {
    let endpoint = Some("http://127.0.0.1:1".to_owned());
    let moto = Moto::start().await.unwrap();
    let access = of_moto(&moto);
    let access = Access { s3: S3Access { endpoint, ..access.s3 }, ..Access::default() };
    let unreachable = expect![[r#"
        read s3://states/shop/baseline
        nobody answers there: Connection refused (os error 111)
        see whether host and port are right and let us through"#]];
    check("s3://states", &access, &unreachable).await;
    let unreachable = expect![[r#"
        read redis://127.0.0.1:1/0/pgquerylens/shop/baseline
        nobody answers there: Connection refused (os error 111)
        see whether host and port are right and let us through"#]];
    check("redis://ann:hunter2@127.0.0.1:1", &Access::default(), &unreachable).await;
}

#[tokio::test]
async fn a_wrong_key_is_told_from_a_missing_container() {
    let azurite = Azurite::start().await.unwrap();
    azurite.make_container("states").unwrap();
    let missing = expect![[r#"
        read az://nowhere/shop/baseline
        the bucket or container does not exist: ContainerNotFound
        make it, or correct its name in the state's URL"#]];
    check("az://nowhere", &of_azurite(&azurite), &missing).await;
    let mut access = of_azurite(&azurite);
    access.azure.credentials = Some(AzureCredentials::Key(Secret::from("aHVudGVyMg==")));
    // Azurite calls a wrong key so; Azure itself says AuthenticationFailed.
    let unknown = expect![[r#"
        read az://states/shop/baseline
        access is denied: AuthorizationFailure
        allow reading, writing, listing and deleting below the state's prefix, as docs/state.md lists it"#]];
    check("az://states", &access, &unknown).await;
}

#[tokio::test]
async fn a_wrong_password_and_a_full_memory_are_told() {
    let redis = Redis::start().await.unwrap();
    let place = redis.url("prod").rsplit_once('@').unwrap().1.to_owned();
    let unknown = expect![[r#"
        read redis://localhost:PORT/0/prod/shop/baseline
        our credentials are not believed: authentication failed
        see whether the credentials of the store are whole and still good"#]];
    let port = place.split([':', '/']).nth(1).unwrap();
    for (login, expected) in [
        (":hunter2@", unknown),
        (
            "",
            expect![[r#"
            read redis://localhost:PORT/0/prod/shop/baseline
            our credentials are not believed: NOAUTH
            see whether the credentials of the store are whole and still good"#]],
        ),
    ] {
        let states = open(&format!("redis://{login}{place}"), &Access::default());
        let error = states.of("shop").read(ObjectName::Baseline).await.unwrap_err();
        expected.assert_eq(&said(&error).replace(port, "PORT"));
    }
    redis.limit_memory(1).await.unwrap();
    let states = open(&redis.url("prod"), &Access::default());
    let full = states.of("shop").commit(ObjectName::Baseline, b"x", None).await.unwrap_err();
    expect![[r#"
        write redis://localhost:PORT/0/prod/shop/baseline
        it takes no writes: OOM
        free space in the store, or let it take writes again"#]]
    .assert_eq(&said(&full).replace(port, "PORT"));
}

#[test]
fn what_is_missing_to_open_a_store_is_said_at_the_start() {
    for (url, expected) in [
        (
            "s3://states/prod",
            expect![[r#"
            open s3://states: there are no credentials
            set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"#]],
        ),
        (
            "gs://states",
            expect![[r#"
            open gs://states: there are no credentials
            name the file of a service account in GOOGLE_APPLICATION_CREDENTIALS"#]],
        ),
        (
            "az://states",
            expect![[r#"
            open az://states: there is no storage account
            name it in AZURE_STORAGE_ACCOUNT"#]],
        ),
    ] {
        let error = States::open(&StateUrl::parse(url).unwrap(), &Access::default()).unwrap_err();
        expected.assert_eq(&format!("{}\n{}", error.what, error.instead));
    }
}
