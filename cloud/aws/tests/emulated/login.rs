//! Tokens for servers of another account: signed with the credentials of its role, which is assumed once for all of them.

use pgquerylens_aws::auth::iam_token;
use pgquerylens_engine::dial::Asked;
use pgquerylens_sandbox::emulators::Moto;

use crate::stage::{OTHER, OWN, create_role, create_user, role, sessions, sessions_with};

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
