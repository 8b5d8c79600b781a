//! Polls through a proxy of RDS, whose every transaction may run on another backend: by a token of IAM for its own
//! endpoint, verified in full. What the front found is exact; what the program says is what somebody can do about it.

use pgquerylens_sandbox::front::{Check, Front, RdsProxy, Refusal, WallClock};
use pgquerylens_sandbox::pooler::Pooler;
use pgquerylens_sandbox::tls::Certificates;
use pgquerylens_sandbox::{Server, majors, newest, roles};

use serde_json::Value;
use tokio_postgres::Client;

use crate::program::{Ended, pgquerylens};
use crate::rds::{by_token, ended, service};

const PROXY: &str = "shop.proxy-abc123.eu-west-1.rds.amazonaws.com";
const DATABASE: &str = "db1.abc123.eu-west-1.rds.amazonaws.com";

/// How often a statement is called between two polls: more often than any of ours.
const CALLS: u32 = 500;

/// A server behind a pooler behind a front, and the authority that signed the front's certificate.
struct Stage {
    server: Server,
    /// It runs as long as the stage stands.
    _pooler: Pooler,
    front: Front,
    certificates: Certificates,
}

impl Stage {
    async fn set(major: u32, granted: &[&str]) -> Stage {
        if !Pooler::is_installed() {
            panic!("pgbouncer is not installed: run `make setup`");
        }
        let server = Server::new(major).start_monitored().await.unwrap();
        let pooler = Pooler::start_behind_front(&server).await.unwrap();
        let (certificates, clock) = (Certificates::new().unwrap(), WallClock::right());
        let check = Check::RdsProxy(RdsProxy { iam: service(PROXY, granted, &[roles::MONITOR], &clock) });
        let front =
            Front::start(pooler.port(), check, &certificates.server_for(PROXY).unwrap()).await.unwrap();
        Stage { server, _pooler: pooler, front, certificates }
    }

    async fn usual(major: u32) -> Stage {
        Stage::set(major, &[roles::MONITOR]).await
    }

    /// Returns how to get to the front, under the name of an endpoint.
    fn connection(&self, host: &str, more: &str) -> String {
        let authority = self.certificates.authority().display();
        format!(
            "host={host} hostaddr=127.0.0.1 port={} user={} dbname=postgres sslrootcert={authority} {more}",
            self.front.port(),
            roles::MONITOR
        )
    }

    /// Runs a command that is refused, and returns what it says, after a look at its code and at what the front found.
    async fn refused(&self, host: &str, more: &str, code: i32, found: &[Refusal]) -> Ended {
        let ended = ended(by_token(&["poll", &self.connection(host, more)])).await;
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert_eq!(self.front.refusals(), found, "{ended:?}");
        assert_eq!(self.front.admissions(), 0);
        ended
    }
}

/// What a poll read, and why it did not read the rest.
fn outcomes(ended: &Ended) -> Vec<(String, String)> {
    let collectors = ended.documents()[0]["collectors"].as_array().unwrap().clone();
    let word = |collector: &Value, name: &str| collector[name].as_str().unwrap().to_owned();
    collectors.iter().map(|collector| (word(collector, "view"), word(collector, "outcome"))).collect()
}

/// How often the statement with this query id was called in the last window.
fn calls(ended: &Ended, query_id: i64) -> Option<u64> {
    let top = ended.documents()[0]["statements"]["top"].as_array().unwrap().clone();
    let id = query_id.to_string();
    let found = top.iter().find(|statement| statement["queryid"].as_str() == Some(&id));
    found.and_then(|statement| statement["calls"].as_u64())
}

async fn run_many(admin: &Client, times: u32) -> i64 {
    admin.batch_execute(&"select 'counted';".repeat(times as usize)).await.unwrap();
    let id = "select queryid from pg_stat_statements where query = 'select $1' and userid = 10";
    admin.query_one(id, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_major_is_read_in_full_through_a_proxy() {
    for major in majors() {
        let stage = Stage::usual(major).await;
        let state = tempfile::tempdir().unwrap();
        let url = format!("file:{}", state.path().display());
        let connection = stage.connection(PROXY, "");
        let arguments = ["poll", &connection, "--format", "json", "--all-databases", "--state", &url];
        let admin = stage.server.superuser().await.unwrap();
        let id = run_many(&admin, 1).await;
        let first = ended(by_token(&arguments)).await;
        run_many(&admin, CALLS).await;
        let second = ended(by_token(&arguments)).await;
        for ended in [&first, &second] {
            assert_eq!(ended.code, Some(0), "{major}: {ended:?}");
            assert_eq!(ended.documents()[0]["status"], "ok", "{major}: {}", ended.stderr);
        }
        assert_eq!(second.documents()[0]["window"]["quality"], "exact", "{major}");
        assert_eq!(calls(&second, id), Some(CALLS.into()), "{major}");
        let straight = stage.server.url(roles::MONITOR, "postgres");
        let straight = ["poll", &straight, "--format", "json", "--all-databases"];
        let straight = ended(pgquerylens(&straight)).await;
        assert_eq!(outcomes(&first), outcomes(&straight), "{major}");
        // The first poll visits template1, too; each login begins with settings that are not supported.
        let found = (stage.front.admissions(), stage.front.refusals());
        assert_eq!(found, (3, vec![Refusal::NotSupported; 3]), "{major}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_names_the_proxy_and_the_way_past_it() {
    for major in [majors()[0], newest()] {
        let stage = Stage::usual(major).await;
        let connection = stage.connection(PROXY, "");
        let ended = ended(by_token(&["check", &connection, "--provider", "rds", "--format", "json"])).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let aspects = ended.documents()[0]["aspects"].as_array().unwrap().clone();
        let aspect = |id: &str| aspects.iter().find(|aspect| aspect["id"] == id).unwrap();
        let connection = aspect("connection");
        assert_eq!(connection["level"], "warning", "{connection}");
        assert!(
            connection["found"].as_str().unwrap().starts_with("RDS Proxy stands in front"),
            "{connection}"
        );
        let steps = connection["mend"]["steps"].as_str().unwrap();
        assert!(steps.starts_with("connect to the instance's own endpoint"), "{connection}");
        assert_eq!(aspect("session_settings")["level"], "ok", "{aspects:?}");
        assert!(aspect("tls")["found"].as_str().unwrap().contains("as far as RDS Proxy"), "{aspects:?}");
    }
}

/// Whoever names the database's endpoint and gets to the proxy, as by an alias, has a token for the former.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_for_the_databases_endpoint_is_refused_and_the_host_is_named() {
    let stage = Stage::usual(newest()).await;
    let said = stage.refused(DATABASE, "", 78, &[Refusal::HandshakeBroken]).await.stderr;
    assert!(said.contains(&format!("connect as host={PROXY}")), "{said}");
    let found = [Refusal::HandshakeBroken, Refusal::NotSupported, Refusal::WrongHost];
    let said = stage.refused(DATABASE, "sslmode=verify-ca", 77, &found).await.stderr;
    assert!(said.contains("The IAM authentication failed for the role pgquerylens"), "{said}");
    assert!(said.contains("name the proxy's own endpoint as the host, not the database's"), "{said}");
    assert!(said.contains("dbuser:PROXY-RESOURCE-ID/pgquerylens"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_the_proxy_has_no_credentials_for_is_told_what_it_lacks() {
    let stage = Stage::set(newest(), &[]).await;
    let found = [Refusal::NotSupported, Refusal::NoCredentials];
    let said = stage.refused(PROXY, "", 77, &found).await.stderr;
    assert!(said.contains("give the proxy a secret with the password of pgquerylens"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_that_runs_out_of_time_does_not_ask_the_proxy_to_cancel() {
    let stage = Stage::usual(newest()).await;
    let locker = stage.server.superuser().await.unwrap();
    locker.batch_execute("begin; lock table pg_sequence in access exclusive mode").await.unwrap();
    let connection = stage.connection(PROXY, "");
    let limits = ["--deadline", "2s", "--statement-timeout", "60s", "--lock-timeout", "60s"];
    let arguments = [&["poll", &connection, "--format", "json"], limits.as_slice()].concat();
    let ended = ended(by_token(&arguments)).await;
    let document = &ended.documents()[0];
    assert_eq!(document["status"], "degraded", "{ended:?}");
    let collectors = document["collectors"].as_array().unwrap();
    let sequences = collectors.iter().find(|collector| collector["view"] == "pg_sequences").unwrap();
    assert_eq!(sequences["reason"], "the poll's deadline came first", "{sequences}");
    assert_eq!(stage.front.vain_cancels(), 0);
}
