//! Logins that do not come about, and servers that come and go: each is named with what to do about it, and the
//! state stays as it was, so that the next poll covers the time that was missed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::path::Path;
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use pgquerylens_engine::dial::ConnectError;
use pgquerylens_engine::poll::PollFailure;
use pgquerylens_live::faults::{Kept, Planted, said, statements_window};
use pgquerylens_live::{failures, monitor, monitored, view};
use pgquerylens_model::report::{PollReport, Status};
use pgquerylens_model::views::{database, recovery};
use pgquerylens_model::window::Quality;
use pgquerylens_sandbox::tls::{Certificates, ServerCertificate};
use pgquerylens_sandbox::workload::heaps;
use pgquerylens_sandbox::{Server, ServerBuilder, Shutdown, roles};

/// Polls in vain and compares what is said; the state must not have changed.
async fn check(kept: &Kept, url: &str, expected: Expect) {
    let before = kept.contents();
    let failure = kept.poll(url).await.expect_err("the poll fails");
    expected.assert_eq(&said(&failure));
    assert_eq!(kept.contents(), before, "a poll in vain leaves the state alone");
}

/// Polls again after a fault: the window is whole and holds what was done in the meantime.
async fn check_nothing_is_lost(kept: &Kept, url: &str, planted: &Planted, calls: i64) {
    let report = kept.poll(url).await.expect("the poll after the fault works");
    assert_eq!(failures(&report), Vec::<String>::new());
    assert_eq!(statements_window(&report).quality, Quality::Exact);
    assert_eq!(planted.calls(&report), calls);
}

#[tokio::test(flavor = "current_thread")]
async fn a_refused_login_names_role_and_database() {
    let server = monitored(Server::new(18)).await;
    let (kept, planted) = (Kept::new(), Planted::on(&server).await);
    let url = server.url(roles::MONITOR, "postgres");
    kept.poll(&url).await.unwrap();
    planted.run(&server, 5).await;
    server.execute("create database closed").await.unwrap();
    server.execute("revoke connect on database closed from public").await.unwrap();

    check(&kept, &url.replace(":sandbox@", ":wrong@"), expect![[r#"
        log in to 127.0.0.1:PORT/postgres as "pgquerylens": password authentication failed for user "pgquerylens" (SQLSTATE 28P01)
        → check the password in PGPASSWORD, ~/.pgpass or the service file, and the role: a role that does not exist gives the same error"#]]).await;
    check(&kept, &server.url(roles::MONITOR, "nowhere"), expect![[r#"
        log in to 127.0.0.1:PORT/nowhere as "pgquerylens": database "nowhere" does not exist (SQLSTATE 3D000)
        → name an existing database: …/DATABASE in the URL, dbname= or PGDATABASE; without one the name of the role is taken"#]]).await;
    check(&kept, &server.url(roles::MONITOR, "closed"), expect![[r#"
        log in to 127.0.0.1:PORT/closed as "pgquerylens": permission denied for database "closed" (SQLSTATE 42501)
        → as its owner run: grant connect on database "closed" to "pgquerylens""#]]).await;
    check(
        &kept,
        &url.replace("disable", "require"),
        expect![[r#"
        encrypt the connection to 127.0.0.1:PORT/postgres: the server has no TLS
        → set ssl=on on the server; choose sslmode=disable only if the network is trusted"#]],
    )
    .await;
    check_nothing_is_lost(&kept, &url, &planted, 5).await;
}

/// Waits for what is a matter of moments.
async fn until(is_so: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < Duration::from_secs(30), "it takes too long");
    }
}

async fn server_with(certificates: &Certificates, kind: ServerCertificate) -> Server {
    monitored(Server::new(18).tls(&certificates.server(kind).unwrap())).await
}

fn verified(server: &Server, authority: &Path) -> String {
    let parameters = format!("sslmode=verify-full&sslrootcert={}", authority.display());
    server.url_with(roles::MONITOR, "postgres", &parameters)
}

/// Polls over TLS in vain; the authority's file is called AUTHORITY.
async fn check_certificate(server: &Server, authority: &Path, expected: Expect) {
    let failure = Kept::new().poll(&verified(server, authority)).await.expect_err("the poll fails");
    expected.assert_eq(&said(&failure).replace(&authority.display().to_string(), "AUTHORITY"));
}

#[tokio::test(flavor = "current_thread")]
async fn a_bad_certificate_is_named_with_what_is_wrong() {
    let certificates = Certificates::new().unwrap();
    let good = server_with(&certificates, ServerCertificate::Good).await;
    let report = Kept::new().poll(&verified(&good, certificates.authority())).await.unwrap();
    assert_eq!(report.status, Status::Ok, "{:?}", report.notices);
    check_certificate(&good, certificates.other_authority(), expect![[r#"
        check the certificate of 127.0.0.1:PORT/postgres: it is signed by CN=sandbox authority, which is not in AUTHORITY
        → choose sslrootcert=FILE with the certificate of its authority in it, or add that to the system's; sslmode=require without sslrootcert encrypts, whoever answers"#]]).await;
    drop(good);
    let elsewhere = server_with(&certificates, ServerCertificate::WrongHost).await;
    check_certificate(&elsewhere, certificates.authority(), expect![[r#"
        check the certificate of 127.0.0.1:PORT/postgres: it is for elsewhere.example and not for 127.0.0.1
        → connect as host=elsewhere.example (add hostaddr=… if that name leads elsewhere), or choose sslmode=verify-ca to trust every server of that authority"#]]).await;
    drop(elsewhere);
    let expired = server_with(&certificates, ServerCertificate::Expired).await;
    check_certificate(&expired, certificates.authority(), expect![[r#"
        check the certificate of 127.0.0.1:PORT/postgres: it expired 2002-01-01T00:00:00Z
        → renew the server's certificate; until then sslmode=require without sslrootcert encrypts and checks nothing"#]]).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_full_server_is_named_and_polled_when_there_is_room() {
    let server = monitored(Server::new(18).setting("max_connections", "10")).await;
    roles::create_plain_role(&server.superuser().await.unwrap()).await.unwrap();
    let (kept, planted) = (Kept::new(), Planted::on(&server).await);
    let url = server.url(roles::MONITOR, "postgres");
    kept.poll(&url).await.unwrap();
    planted.run(&server, 3).await;
    let mut crowd = Vec::new();
    while let Ok(client) = server.client(roles::PLAIN, "postgres").await {
        crowd.push(client);
    }
    check(&kept, &url, expect![[r#"
        log in to 127.0.0.1:PORT/postgres as "pgquerylens": remaining connection slots are reserved for roles with the SUPERUSER attribute (SQLSTATE 53300)
        → raise max_connections or the limit of the role or database, or close idle sessions; so that monitoring gets in when the rest is taken set reserved_connections and run on 16 and later: grant pg_use_reserved_connections to "pgquerylens""#]]).await;
    drop(crowd);
    until(async || server.client(roles::PLAIN, "postgres").await.is_ok()).await;
    check_nothing_is_lost(&kept, &url, &planted, 3).await;
}

/// Polls until it works again, and returns what was said in the meantime.
async fn failures_until_up(kept: &Kept, url: &str) -> (Vec<PollFailure>, PollReport) {
    let mut said = Vec::new();
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < Duration::from_secs(60), "{said:?}");
        match kept.poll(url).await {
            Ok(report) => return (said, report),
            Err(failure) => said.push(failure),
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_in_crash_recovery_is_named_and_polled_when_it_is_up() {
    let much_to_recover = Server::new(18).setting("checkpoint_timeout", "1h").setting("max_wal_size", "2GB");
    let mut server = monitored(much_to_recover).await;
    heaps::tables(&server.superuser().await.unwrap(), 2_000).await.unwrap();
    let kept = Kept::new();
    let url = server.url(roles::MONITOR, "postgres");
    kept.poll(&url).await.unwrap();
    server.stop(Shutdown::Immediate).await.unwrap();
    let (started, (failed, report)) = tokio::join!(server.start_again(), failures_until_up(&kept, &url));
    started.unwrap();
    let starts =
        |failure: &&PollFailure| matches!(failure, PollFailure::Connect(ConnectError::StartingUp(_)));
    let (starting, others): (Vec<_>, Vec<_>) = failed.iter().partition(starts);
    let refused =
        |failure: &&PollFailure| matches!(failure, PollFailure::Connect(ConnectError::CannotReach { .. }));
    assert!(others.iter().all(refused), "{others:?}");
    let said = said(starting.first().unwrap_or_else(|| panic!("nobody said that it starts: {others:?}")));
    assert!(said.contains("the database system is ") && said.contains("(SQLSTATE 57P03)"), "{said}");
    assert!(said.ends_with("wait until recovery has ended, the server's log says how far it is"), "{said}");
    // The crash has cost the cumulative statistics, and the report says so.
    assert_ne!(view(&report, &database::VIEW).window.as_ref().unwrap().quality, Quality::Exact);
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_that_shuts_down_is_named_and_its_restart_is_no_gap() {
    let mut server = monitored(Server::new(18)).await;
    let (kept, planted) = (Kept::new(), Planted::on(&server).await);
    let url = server.url(roles::MONITOR, "postgres");
    kept.poll(&url).await.unwrap();
    planted.run(&server, 4).await;
    let lingering = server.superuser().await.unwrap();
    server.begin_stop(Shutdown::Smart).unwrap();
    until(async || server.superuser().await.is_err()).await;
    check(&kept, &url, expect![[r#"
        log in to 127.0.0.1:PORT/postgres as "pgquerylens": the database system is shutting down (SQLSTATE 57P03)
        → connect again when the server has been started"#]]).await;
    drop(lingering);
    server.stop(Shutdown::Smart).await.unwrap();
    check(
        &kept,
        &url,
        expect![[r#"
            connect to 127.0.0.1:PORT/postgres: connection refused
            cause: Connection refused (os error 111)
            → check that the server runs, listens there (listen_addresses, port) and that no firewall rejects"#]],
    )
    .await;
    server.start_again().await.unwrap();
    check_nothing_is_lost(&kept, &url, &planted, 4).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_poller_whose_server_was_stopped_goes_on_when_it_is_back() {
    let mut server = monitored(Server::new(18)).await;
    let planted = Planted::on(&server).await;
    let mut poller = monitor(&server);
    poller.poll().await.unwrap();
    planted.run(&server, 6).await;
    server.stop(Shutdown::Fast).await.unwrap();
    let failure = poller.poll().await.unwrap_err();
    expect![[r#"
        connect to 127.0.0.1:PORT/postgres: connection refused
        cause: Connection refused (os error 111)
        → check that the server runs, listens there (listen_addresses, port) and that no firewall rejects"#]]
    .assert_eq(&said(&failure));
    server.start_again().await.unwrap();
    let report = poller.poll().await.unwrap();
    assert_eq!(statements_window(&report).quality, Quality::Exact);
    assert_eq!(planted.calls(&report), 6);
}

async fn standby_of(builder: ServerBuilder) -> (Server, Server) {
    let primary = monitored(builder).await;
    let standby = primary.standby().await.unwrap();
    primary.caught_up(&standby).await.unwrap();
    (primary, standby)
}

#[tokio::test(flavor = "current_thread")]
async fn a_standby_is_polled_and_the_report_says_that_it_is_one() {
    for major in [12, 14, 18] {
        let (_primary, standby) = standby_of(Server::new(major)).await;
        let mut poller = monitor(&standby);
        poller.poll().await.unwrap();
        let report = poller.poll().await.unwrap();
        assert_eq!(failures(&report), Vec::<String>::new(), "on {major}");
        assert_eq!(report.status, Status::Ok, "on {major}: {:?}", report.notices);
        assert_eq!(statements_window(&report).quality, Quality::Exact, "on {major}");
        assert_eq!(view(&report, &recovery::VIEW).snapshot.rows.len(), 1, "on {major}");
        assert!(report.metrics.as_ref().unwrap().identity.in_recovery, "on {major}");
        assert_eq!(pgquerylens_export::document::document(&report)["server"]["in_recovery"], true);
    }
}
