//! A proxy before a pooler before real servers, with tokens by botocore and a client that verifies all.

use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error, NoTls};

use super::RdsProxy;
use crate::front::botocore::{Wanted, token};
use crate::front::{AccessKey, Check, Front, RdsIam, Refusal, WallClock};
use crate::pooler::Pooler;
use crate::roles::MONITOR;
use crate::tls::Certificates;
use crate::tls::tests::verify_full;
use crate::{Server, majors, newest};

const PROXY: &str = "shop.proxy-abc123.eu-west-1.rds.amazonaws.com";
const DATABASE: &str = "db1.abc123.eu-west-1.rds.amazonaws.com";
/// What comes at once has come by then, on a busy machine too.
const LIMIT: Duration = Duration::from_secs(30);

struct Stage {
    /// Both run as long as the stage stands.
    _behind: (Server, Pooler),
    front: Front,
    certificates: Certificates,
}

fn key() -> AccessKey {
    AccessKey {
        id: "AKIDEXAMPLE".to_owned(),
        secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        session_token: None,
        may_connect_as: vec![MONITOR.to_owned()],
    }
}

impl Stage {
    async fn set(major: u32) -> Self {
        if !Pooler::is_installed() {
            panic!("pgbouncer is not installed: run `make setup`");
        }
        let server = Server::new(major).start_monitored().await.unwrap();
        let pooler = Pooler::start_behind_front(&server).await.unwrap();
        let certificates = Certificates::new().unwrap();
        let check = Check::RdsProxy(RdsProxy {
            iam: RdsIam {
                region: "eu-west-1".to_owned(),
                host: PROXY.to_owned(),
                port: None,
                keys: vec![key()],
                granted: vec![MONITOR.to_owned()],
                clock: WallClock::right(),
            },
        });
        let files = certificates.server_for(PROXY).unwrap();
        let front = Front::start(pooler.port(), check, &files).await.unwrap();
        Self { _behind: (server, pooler), front, certificates }
    }

    fn token(&self, host: &'static str) -> String {
        token(&Wanted { key: key(), region: "eu-west-1", host, port: self.front.port(), user: MONITOR })
    }

    fn config(&self, token: &str) -> Config {
        let mut config = Config::new();
        config.host(PROXY).hostaddr([127, 0, 0, 1].into()).port(self.front.port());
        config.user(MONITOR).password(token).dbname("postgres").ssl_mode(SslMode::Require);
        config
    }

    async fn log_in(&self, config: &Config) -> Result<Client, Error> {
        let connecting = config.connect(verify_full(self.certificates.authority(), None));
        let (client, connection) = timeout(LIMIT, connecting).await.unwrap()?;
        tokio::spawn(connection);
        Ok(client)
    }
}

fn told(error: &Error) -> (SqlState, String) {
    let said = error.as_db_error().unwrap_or_else(|| panic!("{error:?}"));
    (said.code().clone(), said.message().to_owned())
}

async fn backend(client: &Client) -> i32 {
    client.query_typed("select pg_backend_pid()", &[]).await.unwrap()[0].get(0)
}

#[tokio::test]
async fn every_transaction_runs_on_another_backend_of_every_major() {
    for major in majors() {
        let stage = Stage::set(major).await;
        let client = stage.log_in(&stage.config(&stage.token(PROXY))).await.unwrap();
        let (first, second) = (backend(&client).await, backend(&client).await);
        assert_ne!(first, second, "{major}");
        client.batch_execute("begin").await.unwrap();
        let (third, fourth) = (backend(&client).await, backend(&client).await);
        assert_eq!(third, fourth, "{major}");
        assert_eq!((stage.front.admissions(), stage.front.refusals()), (1, vec![]));
    }
}

#[tokio::test]
async fn a_token_is_good_for_the_proxys_own_endpoint_alone() {
    let stage = Stage::set(newest()).await;
    let error = stage.log_in(&stage.config(&stage.token(DATABASE))).await.err().unwrap();
    let words = "The IAM authentication failed for the role pgquerylens. Check the IAM token for this role and try again.";
    assert_eq!(told(&error), (SqlState::INVALID_AUTHORIZATION_SPECIFICATION, words.to_owned()));
    assert_eq!((stage.front.admissions(), stage.front.refusals()), (0, vec![Refusal::WrongHost]));
}

#[tokio::test]
async fn what_it_does_not_support_is_refused_before_a_password_is_asked_for() {
    let stage = Stage::set(newest()).await;
    let mut options = stage.config("no token");
    options.options("-c search_path=pg_catalog");
    let mut nobody = stage.config("no token");
    nobody.user("somebody");
    let mut plain = stage.config("no token");
    plain.ssl_mode(SslMode::Disable);
    let refused = SqlState::INVALID_AUTHORIZATION_SPECIFICATION;
    let no_credentials = "This RDS proxy has no credentials for the role somebody. Check the credentials for this role and try again.";
    let cases = [
        (
            stage.log_in(&options).await.err().unwrap(),
            SqlState::FEATURE_NOT_SUPPORTED,
            "Feature not supported: RDS Proxy currently doesn’t support command-line options.",
        ),
        (stage.log_in(&nobody).await.err().unwrap(), refused.clone(), no_credentials),
        (plain.connect(NoTls).await.err().unwrap(), refused, "This RDS Proxy requires TLS connections."),
    ];
    for (error, sqlstate, message) in cases {
        assert_eq!(told(&error), (sqlstate, message.to_owned()));
    }
    let known = vec![Refusal::NotSupported, Refusal::NoCredentials, Refusal::NoTls];
    assert_eq!((stage.front.admissions(), stage.front.refusals()), (0, known));
}

#[tokio::test]
async fn a_statement_cannot_be_cancelled() {
    let stage = Stage::set(newest()).await;
    let client = stage.log_in(&stage.config(&stage.token(PROXY))).await.unwrap();
    let cancel = client.cancel_token();
    let sleep = client.simple_query("select pg_sleep(1)");
    let end = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        // The proxy hangs up on it.
        let _ = cancel.cancel_query(verify_full(stage.certificates.authority(), None)).await;
    };
    let (slept, ()) = timeout(LIMIT, async { tokio::join!(sleep, end) }).await.unwrap();
    assert!(slept.is_ok(), "{slept:?}");
    assert_eq!(stage.front.vain_cancels(), 1);
}
