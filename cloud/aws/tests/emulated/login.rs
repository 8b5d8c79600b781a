//! Tokens and secrets: of our own, and of another account, whose role is assumed once for all that needs it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_credential_types::provider::future::ProvideCredentials as Providing;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use pgquerylens_aws::auth::iam_token;
use pgquerylens_aws::discover::discover;
use pgquerylens_aws::secrets::{Place, Secrets};
use pgquerylens_aws::session::{Account, Sessions, session};
use pgquerylens_aws::state;
use pgquerylens_engine::dial::Asked;
use pgquerylens_sandbox::emulators::Moto;

use crate::stage::{
    OTHER, OWN, create_role, create_role_for, create_user, role, search, sessions, sessions_with,
};

fn asked(host: &str) -> Asked {
    Asked {
        host: format!("{host}.abc123.eu-west-1.rds.amazonaws.com"),
        port: 5432,
        user: "pgquerylens".to_owned(),
        is_encrypted: true,
        refused: 0,
    }
}

fn key(token: &str) -> &str {
    token.split_once("X-Amz-Credential=").unwrap().1.split_once("%2F").unwrap().0
}

#[tokio::test]
async fn a_role_signs_for_all_servers_of_its_account_and_is_assumed_once() {
    let moto = Moto::start().await.unwrap();
    let (sessions, account) = (sessions(&moto.url()).await, role(OTHER, "reader", None));
    let mut keys = Vec::new();
    for host in ["shop", "bank"] {
        let token = iam_token(&sessions.clone(), Some(&account), None, &asked(host)).await.unwrap();
        assert!(
            token
                .expose()
                .starts_with(&format!("{host}.abc123.eu-west-1.rds.amazonaws.com:5432/?Action=connect"))
        );
        assert!(
            token.expose().contains("X-Amz-Security-Token=")
                && token.expose().contains("%2Feu-west-1%2Frds-db%2F")
        );
        keys.push(key(token.expose()).to_owned());
    }
    assert!(keys[0].starts_with("ASIA") && keys[0] == keys[1], "{keys:?}");
    let own = iam_token(&sessions, None, None, &asked("shop")).await.unwrap();
    assert_eq!(key(own.expose()), "AKIDEXAMPLE");
}

#[tokio::test]
async fn a_role_that_does_not_trust_us_is_named() {
    let moto = Moto::start().await.unwrap();
    create_role(&moto, OWN, "strict", Some("right"), r#""rds-db:connect""#).await;
    let (id, secret) = create_user(&moto, r#""sts:AssumeRole""#).await;
    moto.enforce_rights().await.unwrap();
    let sessions = sessions_with(&moto.url(), &id, &secret).await;
    let failed = iam_token(&sessions, Some(&role(OWN, "strict", Some("wrong"))), None, &asked("shop")).await;
    let failed = failed.unwrap_err();
    assert_eq!(failed.why, "the role arn:aws:iam::123456789012:role/strict cannot be assumed: status 403");
    assert_eq!(
        failed.advice,
        "allow sts:AssumeRole on it to us, and name us in its trust policy, under this external id"
    );
    let right = role(OWN, "strict", Some("right"));
    assert!(iam_token(&sessions, Some(&right), None, &asked("shop")).await.is_ok());
}

/// In the year 2100.
const FAR_AWAY: Duration = Duration::from_secs(4_102_444_800);

/// Counts how often it is asked who we are; what it says does not end within a test.
#[derive(Clone, Debug, Default)]
struct Counting(Arc<AtomicUsize>);

impl ProvideCredentials for Counting {
    fn provide_credentials<'a>(&'a self) -> Providing<'a>
    where
        Self: 'a,
    {
        self.0.fetch_add(1, Ordering::Relaxed);
        let end = UNIX_EPOCH + FAR_AWAY;
        Providing::ready(Ok(Credentials::new("ASIAEXAMPLE", "a-secret", None, Some(end), "test")))
    }
}

#[tokio::test]
async fn many_logins_and_calls_ask_once_who_we_are() {
    let moto = Moto::start().await.unwrap();
    let counting = Counting::default();
    let own = session(Some("eu-west-1")).await.into_builder().endpoint_url(moto.url());
    let own = own.credentials_provider(SharedCredentialsProvider::new(counting.clone())).build();
    let sessions = Sessions::over(own);
    for host in ["shop", "bank", "mail"] {
        iam_token(&sessions, None, None, &asked(host)).await.unwrap();
    }
    let bucket = state::credentials(sessions.clone());
    assert_eq!(bucket.get_credential().await.unwrap().key_id, "ASIAEXAMPLE");
    discover(&search(), &sessions).await;
    iam_token(&sessions, Some(&role(OTHER, "reader", None)), None, &asked("shop")).await.unwrap();
    assert_eq!(counting.0.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn roles_are_assumed_one_by_the_other_and_the_last_with_the_external_id() {
    let moto = Moto::start().await.unwrap();
    let (id, secret) = create_user(&moto, r#""sts:AssumeRole""#).await;
    create_role(&moto, OWN, "hub", None, r#""sts:AssumeRole""#).await;
    let hub = format!("arn:aws:sts::{OWN}:assumed-role/hub/pgquerylens");
    create_role_for(&moto, OWN, "reader", &hub, Some("right"), r#""rds-db:connect""#).await;
    moto.enforce_rights().await.unwrap();
    let sessions = sessions_with(&moto.url(), &id, &secret).await;
    let arn = |name: &str| format!("arn:aws:iam::{OWN}:role/{name}");
    let way = format!("{}, {}", arn("hub"), arn("reader"));
    let token = async |roles: &str, external_id: &str| {
        let account = Account::by(roles, Some(external_id.to_owned())).unwrap();
        iam_token(&sessions, Some(&account), None, &asked("shop")).await
    };
    let right = token(&way, "right").await.unwrap();
    assert!(key(right.expose()).starts_with("ASIA"));
    let wrong = token(&way, "wrong").await.unwrap_err();
    assert_eq!(wrong.why, format!("the role {} cannot be assumed: status 403", arn("reader")));
    assert_eq!(
        wrong.advice,
        "allow sts:AssumeRole on it to the role before it, and name that role in its trust policy, under this \
         external id"
    );
    let past_the_hub = token(&arn("reader"), "right").await.unwrap_err();
    assert!(past_the_hub.advice.starts_with("allow sts:AssumeRole on it to us"), "{past_the_hub:?}");
    let other_way_round = token(&format!("{} {}", arn("reader"), arn("hub")), "right").await.unwrap_err();
    assert!(
        other_way_round.why.starts_with(&format!("the role {} cannot", arn("reader"))),
        "{other_way_round:?}"
    );
}

#[tokio::test]
async fn the_role_of_the_account_reads_the_secret_over_the_sessions_that_are_there() {
    let moto = Moto::start().await.unwrap();
    let body = r#"{"Name": "shop", "SecretString": "hush"}"#;
    moto.call("secretsmanager", "secretsmanager.CreateSecret", "eu-west-1", body).await.unwrap();
    let (sessions, account) = (sessions(&moto.url()).await, role(OWN, "reader", None));
    let assumed = || moto.requests().iter().filter(|request| *request == "POST / 200").count();
    let before = assumed();
    let secrets = Secrets::at(Place::SecretsManager("shop".to_owned()));
    assert_eq!(secrets.current(&sessions).await.unwrap().expose(), "hush");
    assert_eq!(assumed() - before, 1, "with our own credentials the secret alone is asked for");
    let secrets = secrets.read_by(Some(account.clone()));
    for _ in 0..3 {
        assert_eq!(secrets.current(&sessions).await.unwrap().expose(), "hush");
    }
    iam_token(&sessions, Some(&account), None, &asked("shop")).await.unwrap();
    assert_eq!(assumed() - before, 5, "a role is assumed once, for secrets and tokens");
}
