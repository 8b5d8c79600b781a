//! Polls of servers behind a front that checks logins as RDS does: by a token of IAM, without a password, verified in
//! full. What the front found is exact; what the program says is what somebody can do about it.

use std::process::Command;

use pgquerylens_sandbox::front::{AccessKey, Check, Front, RdsIam, Refusal, WallClock, trust};
use pgquerylens_sandbox::tls::Certificates;
use pgquerylens_sandbox::{Server, majors, newest, roles};

use crate::program::{Ended, Running, pgquerylens};

const HOST: &str = "db1.abc123.eu-west-1.rds.amazonaws.com";
const KEY: &str = "ASIAEXAMPLE";
const SECRET: &str = "a-secret-key-that-nobody-sees";
const SESSION: &str = "a-session-token-that-nobody-sees";

/// A server behind a front, and the authority that signed the front's certificate.
struct Stage {
    /// It runs as long as the stage stands.
    _server: Server,
    front: Front,
    certificates: Certificates,
    clock: WallClock,
}

impl Stage {
    async fn set(major: u32, granted: &[&str], allowed: &[&str]) -> Stage {
        let server = Server::new(major).hba(&trust(roles::MONITOR)).start_monitored().await.unwrap();
        let (certificates, clock) = (Certificates::new().unwrap(), WallClock::right());
        let check = Check::RdsIam(service(HOST, granted, allowed, &clock));
        let files = certificates.server_for(HOST).unwrap();
        let front = Front::start(server.port(), check, &files).await.unwrap();
        Stage { _server: server, front, certificates, clock }
    }

    async fn usual(major: u32) -> Stage {
        Stage::set(major, &[roles::MONITOR], &[roles::MONITOR]).await
    }

    /// Returns how to get to the front, under the name of an endpoint of RDS.
    fn connection(&self, more: &str) -> String {
        let authority = self.certificates.authority().display();
        format!(
            "host={HOST} hostaddr=127.0.0.1 port={} user={} dbname=postgres sslrootcert={authority} {more}",
            self.front.port(),
            roles::MONITOR
        )
    }

    fn command(&self, connection: &str, arguments: &[&str]) -> Command {
        by_token(&[&["poll", connection], arguments].concat())
    }
}

/// Returns a service at this endpoint that knows one key, whose owner may connect as some of the granted.
pub(crate) fn service(host: &str, granted: &[&str], allowed: &[&str], clock: &WallClock) -> RdsIam {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let key = AccessKey {
        id: KEY.to_owned(),
        secret: SECRET.to_owned(),
        session_token: Some(SESSION.to_owned()),
        may_connect_as: owned(allowed),
    };
    RdsIam {
        region: "eu-west-1".to_owned(),
        host: host.to_owned(),
        port: None,
        keys: vec![key],
        granted: owned(granted),
        clock: clock.clone(),
    }
}

/// Returns the program with the key that the service knows, and without a password.
pub(crate) fn by_token(arguments: &[&str]) -> Command {
    let mut command = pgquerylens(&[arguments, &["--auth", "rds-iam"]].concat());
    command.env_clear().env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", SECRET);
    // Where a function runs says nothing of where the server is.
    command.env("AWS_SESSION_TOKEN", SESSION).env("AWS_REGION", "us-west-2");
    command
}

/// The front works on this thread's runtime, so the program is waited for on another.
pub(crate) async fn ended(command: Command) -> Ended {
    let ended = tokio::task::spawn_blocking(|| Running::start(command).ended()).await.unwrap();
    for secret in [SECRET, SESSION, "X-Amz-Signature"] {
        assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "{ended:?}");
    }
    ended
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_major_is_polled_without_a_password() {
    for major in majors() {
        let stage = Stage::usual(major).await;
        // A visit to the other database that there is, template1, is a login with a token of its own.
        let command = stage.command(&stage.connection(""), &["--format", "json", "--all-databases"]);
        let ended = ended(command).await;
        assert_eq!(ended.code, Some(0), "{major}: {ended:?}");
        let document = &ended.documents()[0];
        assert_eq!(document["status"], "ok", "{major}: {}", ended.stderr);
        assert_eq!((stage.front.admissions(), stage.front.refusals()), (2, vec![]), "{major}");
    }
}

/// Returns what the program says of a login that fails, after a look at its code and at what the front found.
async fn refused(stage: &Stage, command: Command, code: i32, found: &[Refusal]) -> String {
    let ended = ended(command).await;
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert_eq!(stage.front.refusals(), found, "{ended:?}");
    ended.stderr
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_for_another_region_or_time_is_refused_and_the_causes_are_named() {
    let stage = Stage::usual(newest()).await;
    let connection = stage.connection("");
    let elsewhere = stage.command(&connection, &["--aws-region", "us-east-1"]);
    let said = refused(&stage, elsewhere, 77, &[Refusal::WrongRegion]).await;
    let instead =
        "→ leave out --aws-region us-east-1 (aws-region): the endpoint is in eu-west-1, and the token";
    assert!(said.contains("PAM authentication failed") && said.contains(instead), "{said}");
    stage.clock.set_ahead(3_600);
    let late = stage.command(&connection, &[]);
    let said = refused(&stage, late, 77, &[Refusal::WrongRegion, Refusal::Expired]).await;
    assert!(said.contains("set this machine's clock right") && !said.contains("--aws-region"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permission_that_is_missing_is_named_with_its_mend() {
    let not_allowed = Stage::set(newest(), &[roles::MONITOR], &["somebody"]).await;
    let command = not_allowed.command(&not_allowed.connection(""), &[]);
    let said = refused(&not_allowed, command, 77, &[Refusal::NotAllowed]).await;
    assert!(said.contains("→ allow rds-db:connect on arn:aws:rds-db:eu-west-1:"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_on_this_side_never_sends_a_token() {
    let stage = Stage::usual(newest()).await;
    let plain = stage.command(&stage.connection("sslmode=disable"), &[]);
    let said = refused(&stage, plain, 77, &[]).await;
    assert!(said.contains("sent over TLS only"), "{said}");
    let mut nobody = stage.command(&stage.connection(""), &[]);
    nobody
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env_remove("AWS_SESSION_TOKEN");
    let said = refused(&stage, nobody, 77, &[]).await;
    assert!(said.contains("no AWS credentials to sign a token with"), "{said}");
    let other = stage.certificates.other_authority().display();
    let wrong = stage.command(&stage.connection(&format!("sslrootcert={other}")), &[]);
    let said = refused(&stage, wrong, 78, &[Refusal::HandshakeBroken]).await;
    assert!(said.contains("the authorities of RDS come with pgquerylens"), "{said}");
    assert_eq!(stage.front.admissions(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_that_our_authorities_lack_is_named_with_its_file() {
    let stage = Stage::usual(newest()).await;
    let port = stage.front.port();
    let connection = format!(
        "host=db1.abc123.il-central-1.rds.amazonaws.com hostaddr=127.0.0.1 port={port} user=u dbname=postgres"
    );
    for command in ["poll", "check"] {
        let ended = ended(by_token(&[command, &connection])).await;
        assert_eq!(ended.code, Some(78), "{ended:?}");
        let said =
            format!("{}{}", ended.stdout, ended.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("and none of il-central-1"), "{said}");
        let file = "https://truststore.pki.rds.amazonaws.com/il-central-1/il-central-1-bundle.pem and choose \
                    sslrootcert=il-central-1-bundle.pem";
        assert!(said.contains(file), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_role_of_rds_is_made_and_taken_away_any_number_of_times() {
    for major in [12, newest()] {
        let server = Server::new(major).start().await.unwrap();
        // What RDS brings of its own.
        server.execute("create role rds_iam").await.unwrap();
        let printed = |more: &[&str]| {
            let arguments = [&["check", "--bootstrap-sql", "--provider", "rds"], more].concat();
            let ended = pgquerylens(&arguments).output().unwrap();
            assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
            String::from_utf8(ended.stdout).unwrap()
        };
        let admin = server.superuser().await.unwrap();
        for _ in 0..2 {
            admin.batch_execute(&printed(&[])).await.unwrap();
        }
        let found = "select rolcanlogin, rolconnlimit, rolsuper or rolcreatedb or rolcreaterole,
                pg_has_role(oid, 'rds_iam', 'member') and pg_has_role(oid, 'pg_monitor', 'member')
            from pg_roles where rolname = 'pgquerylens'";
        let row = admin.query_one(found, &[]).await.unwrap();
        assert_eq!(
            (row.get(0), row.get(1), row.get(2), row.get(3)),
            (true, 3_i32, false, true),
            "on {major}"
        );
        for _ in 0..2 {
            admin.batch_execute(&printed(&["--undo"])).await.unwrap();
        }
        assert!(admin.query(found, &[]).await.unwrap().is_empty(), "on {major}");
    }
    let alone = pgquerylens(&["check", "--undo"]).output().unwrap();
    assert_eq!(alone.status.code(), Some(64), "{}", String::from_utf8_lossy(&alone.stderr));
}
