//! Fronts before real servers, with tokens by botocore and a client that verifies all.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::botocore::{Wanted, token};
use super::{ALPN, AccessKey, Check, Front, RdsIam, Refusal, WallClock, trust};
use crate::tls::Certificates;
use crate::tls::tests::{verify_full, verify_full_config};
use crate::{PASSWORD, Server, majors, newest, roles};

const HOST: &str = "db1.abc123.eu-west-1.rds.amazonaws.com";
const USER: &str = "jane doe+é@example";
/// A role that has a password, and is no member of rds_iam.
const PLAIN: &str = "plain";
/// What comes at once has come by then, on a busy machine too.
const LIMIT: Duration = Duration::from_secs(30);

struct Stage {
    server: Server,
    front: Front,
    certificates: Certificates,
    clock: WallClock,
}

fn key() -> AccessKey {
    AccessKey {
        id: "ASIAEXAMPLE".to_owned(),
        secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        session_token: Some("FwoGZXIvYXdzE//+==".to_owned()),
        may_connect_as: vec![USER.to_owned()],
    }
}

impl Stage {
    async fn set(major: u32) -> Self {
        let server = Server::new(major).hba(&trust(USER)).start().await.unwrap();
        server
            .execute(&format!("create role \"{USER}\" login; grant pg_monitor to \"{USER}\""))
            .await
            .unwrap();
        roles::create(&server.superuser().await.unwrap(), PLAIN).await.unwrap();
        let (certificates, clock) = (Certificates::new().unwrap(), WallClock::right());
        let check = Check::RdsIam(RdsIam {
            region: "eu-west-1".to_owned(),
            host: HOST.to_owned(),
            port: None,
            keys: vec![key()],
            granted: vec![USER.to_owned()],
            clock: clock.clone(),
        });
        let front =
            Front::start(server.port(), check, &certificates.server_for(HOST).unwrap()).await.unwrap();
        Self { server, front, certificates, clock }
    }

    fn wanted(&self) -> Wanted {
        Wanted { key: key(), region: "eu-west-1", host: HOST, port: self.front.port(), user: USER }
    }

    fn config(&self, user: &str, password: &str) -> Config {
        let mut config = Config::new();
        config.host(HOST).hostaddr([127, 0, 0, 1].into()).port(self.front.port());
        config.user(user).password(password).dbname("postgres").ssl_mode(SslMode::Require);
        config
    }

    async fn log_in(&self, user: &str, password: &str) -> Result<Client, Error> {
        self.log_in_by(user, password, self.certificates.authority()).await
    }

    async fn log_in_by(&self, user: &str, password: &str, authority: &Path) -> Result<Client, Error> {
        let connecting = self.config(user, password);
        let connecting = connecting.connect(verify_full(authority, None));
        let (client, connection) = timeout(LIMIT, connecting).await.unwrap()?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Waits until the server sleeps for somebody.
    async fn sleeps(&self) {
        let superuser = self.server.superuser().await.unwrap();
        let asleep = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'";
        while superuser.query_one(asleep, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Holds a login to be refused, with what the client is told and what the front knows.
    async fn refused(&self, user: &str, password: &str, told: (SqlState, &str), known: Refusal) {
        let error = self.log_in(user, password).await.err().unwrap();
        assert_told(&error, told);
        assert_eq!(self.front.refusals().last(), Some(&known));
    }
}

fn assert_told(error: &Error, (sqlstate, message): (SqlState, &str)) {
    let said = error.as_db_error().unwrap_or_else(|| panic!("{error:?}"));
    assert_eq!((said.severity(), said.code(), said.message()), ("FATAL", &sqlstate, message));
}

fn pam_failed() -> (SqlState, &'static str) {
    let message = "PAM authentication failed for user \"jane doe+é@example\"";
    (SqlState::INVALID_AUTHORIZATION_SPECIFICATION, message)
}

#[tokio::test]
async fn a_right_token_is_let_in_to_every_major_and_may_cancel() {
    for major in majors() {
        let stage = Stage::set(major).await;
        let client = stage.log_in(USER, &token(&stage.wanted())).await.unwrap();
        let row = client.query_one("select current_user::text, repeat('x', 1000000)", &[]).await.unwrap();
        assert_eq!((row.get(0), row.get::<_, String>(1).len()), (USER, 1_000_000), "{major}");
        let cancel = client.cancel_token();
        let sleep = client.simple_query("select pg_sleep(60)");
        let end = async {
            stage.sleeps().await;
            cancel.cancel_query(verify_full(stage.certificates.authority(), None)).await.unwrap();
        };
        let (slept, ()) = timeout(LIMIT, async { tokio::join!(sleep, end) }).await.unwrap();
        assert_eq!(slept.unwrap_err().code(), Some(&SqlState::QUERY_CANCELED), "{major}");
        assert_eq!((stage.front.admissions(), stage.front.refusals()), (1, vec![]));
    }
}

#[tokio::test]
async fn a_wrong_token_is_told_as_the_service_does_and_known_for_what_it_is() {
    for major in [majors()[0], newest()] {
        let stage = Stage::set(major).await;
        let wanted = stage.wanted();
        let no_session = AccessKey { session_token: None, ..key() };
        let other_secret = AccessKey { secret: "other".to_owned(), ..key() };
        let cases = [
            (Wanted { host: "db2.abc123.eu-west-1.rds.amazonaws.com", ..wanted.clone() }, Refusal::WrongHost),
            (Wanted { port: 5432, ..wanted.clone() }, Refusal::WrongPort),
            (Wanted { user: "john", ..wanted.clone() }, Refusal::WrongUser),
            (Wanted { region: "eu-west-2", ..wanted.clone() }, Refusal::WrongRegion),
            (Wanted { key: no_session, ..wanted.clone() }, Refusal::SessionTokenMissing),
            (Wanted { key: other_secret, ..wanted.clone() }, Refusal::WrongSignature),
        ];
        let mut known = Vec::new();
        for (wanted, refusal) in cases {
            stage.refused(USER, &token(&wanted), pam_failed(), refusal).await;
            known.push(refusal);
        }
        let right = token(&wanted);
        for (ahead, refusal) in [(930, Refusal::Expired), (-330, Refusal::NotYetValid)] {
            stage.clock.set_ahead(ahead);
            stage.refused(USER, &right, pam_failed(), refusal).await;
            known.push(refusal);
        }
        stage.clock.set_ahead(0);
        stage.log_in(USER, &right).await.unwrap();
        assert_eq!((stage.front.refusals(), stage.front.admissions()), (known, 1), "{major}");
    }
}

#[tokio::test]
async fn who_is_no_member_is_asked_for_a_password() {
    for major in [majors()[0], newest()] {
        let stage = Stage::set(major).await;
        let token = token(&Wanted { user: PLAIN, ..stage.wanted() });
        let told = (SqlState::INVALID_PASSWORD, "password authentication failed for user \"plain\"");
        stage.refused(PLAIN, &token, told, Refusal::NotGranted).await;
        stage.log_in(PLAIN, PASSWORD).await.unwrap();
        assert_eq!(stage.front.admissions(), 1, "{major}");
    }
}

/// A server that believes everyone would let in whom the front has not checked.
#[tokio::test]
async fn a_server_that_trusts_too_many_lets_nobody_by() {
    let mut stage = Stage::set(newest()).await;
    let server = Server::new(newest()).hba("host all all 127.0.0.1/32 trust").start().await.unwrap();
    let check = stage.front.shared.check.clone();
    let files = stage.certificates.server_for(HOST).unwrap();
    stage.front = Front::start(server.port(), check, &files).await.unwrap();
    let told = (SqlState::INVALID_PASSWORD, "password authentication failed for user \"postgres\"");
    stage.refused("postgres", PASSWORD, told, Refusal::NotGranted).await;
    assert_eq!(stage.front.admissions(), 0);
}

#[tokio::test]
async fn nobody_is_asked_for_anything_without_tls() {
    let stage = Stage::set(newest()).await;
    for (user, beginning) in [(USER, "pg_hba.conf rejects connection"), (PLAIN, "no pg_hba.conf entry")] {
        let mut config = stage.config(user, PASSWORD);
        let error = config.ssl_mode(SslMode::Disable).connect(NoTls).await.err().unwrap();
        let rest = format!("for host \"127.0.0.1\", user \"{user}\", database \"postgres\", no encryption");
        let message = format!("{beginning} {rest}");
        assert_told(&error, (SqlState::INVALID_AUTHORIZATION_SPECIFICATION, &message));
    }
    assert_eq!((stage.front.refusals(), stage.front.admissions()), (vec![Refusal::NoTls; 2], 0));
}

#[tokio::test]
async fn a_client_that_does_not_believe_the_certificate_sends_no_token() {
    let stage = Stage::set(newest()).await;
    let authority = stage.certificates.other_authority();
    let token = token(&stage.wanted());
    let error = stage.log_in_by(USER, &token, authority).await.err().unwrap();
    assert!(format!("{error:?}").contains("InvalidCertificate(BadSignature)"), "{error:?}");
    let mut elsewhere = Config::new();
    elsewhere.host("db2.abc123.eu-west-1.rds.amazonaws.com").hostaddr([127, 0, 0, 1].into());
    elsewhere.port(stage.front.port()).user(USER).password(&token).ssl_mode(SslMode::Require);
    let connecting = elsewhere.connect(verify_full(stage.certificates.authority(), None));
    let error = connecting.await.err().unwrap();
    assert!(format!("{error:?}").contains("InvalidCertificate(NotValidForName"), "{error:?}");
    while stage.front.refusals().len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let known = vec![Refusal::HandshakeBroken; 2];
    assert_eq!((stage.front.refusals(), stage.front.admissions()), (known, 0));
}

#[tokio::test]
async fn tls_without_a_request_names_the_protocol() {
    let stage = Stage::set(newest()).await;
    let token = token(&stage.wanted());
    for (names, is_admitted) in [(vec![ALPN.to_vec()], true), (vec![], false)] {
        let mut tls = verify_full_config(stage.certificates.authority(), None);
        tls.alpn_protocols = names;
        let mut config = stage.config(USER, &token);
        let connecting = config.ssl_negotiation(SslNegotiation::Direct).connect(MakeRustlsConnect::new(tls));
        assert_eq!(timeout(LIMIT, connecting).await.unwrap().is_ok(), is_admitted);
    }
    assert_eq!((stage.front.admissions(), stage.front.refusals()), (1, vec![]));
}

#[tokio::test]
async fn gssapi_is_declined_and_noise_ends_the_connection() {
    let stage = Stage::set(newest()).await;
    let mut socket = TcpStream::connect(("127.0.0.1", stage.front.port())).await.unwrap();
    socket.write_all(&[0, 0, 0, 8, 4, 210, 22, 48]).await.unwrap();
    assert_eq!(socket.read_u8().await.unwrap(), b'N');
    socket.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).await.unwrap();
    assert_eq!(socket.read_u8().await.unwrap(), b'S');
    let mut noise = TcpStream::connect(("127.0.0.1", stage.front.port())).await.unwrap();
    noise.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(LIMIT, noise.read_to_end(&mut answer)).await.unwrap();
    assert_eq!((answer, stage.front.refusals()), (vec![], vec![]));
}
