//! Logins that do not come about, and servers that come and go: each is named with what to do about it, and the
//! state stays as it was, so that the next poll covers the time that was missed.

use std::path::Path;
use std::time::Duration;

use expect_test::{Expect, expect};
use pgquerylens_engine::dial::ConnectError;
use pgquerylens_engine::poll::PollFailure;
use pgquerylens_live::faults::{Kept, Planted, said, statements_window};
use pgquerylens_live::{failures, monitor, monitored, view};
use pgquerylens_model::report::Status;
use pgquerylens_model::views::recovery;
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

    check(&kept, &url.replace(":sandbox@", ":wrong@"), expect![[""]]).await;
    check(&kept, &server.url(roles::MONITOR, "nowhere"), expect![[""]]).await;
    check(&kept, &server.url(roles::MONITOR, "closed"), expect![[""]]).await;
    check(&kept, &url.replace("disable", "require"), expect![[""]]).await;
    check_nothing_is_lost(&kept, &url, &planted, 5).await;
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
    check_certificate(&good, certificates.other_authority(), expect![[""]]).await;
    drop(good);
    let elsewhere = server_with(&certificates, ServerCertificate::WrongHost).await;
    check_certificate(&elsewhere, certificates.authority(), expect![[""]]).await;
    drop(elsewhere);
    let expired = server_with(&certificates, ServerCertificate::Expired).await;
    check_certificate(&expired, certificates.authority(), expect![[""]]).await;
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
    check(&kept, &url, expect![[""]]).await;
    drop(crowd);
    while server.client(roles::PLAIN, "postgres").await.is_err() {}
    check_nothing_is_lost(&kept, &url, &planted, 3).await;
}

/// Polls until it works again, and returns what was said in the meantime.
async fn failures_until_up(kept: &Kept, url: &str) -> Vec<PollFailure> {
    let mut said = Vec::new();
    loop {
        match kept.poll(url).await {
            Ok(_) => return said,
            Err(failure) => said.push(failure),
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_in_crash_recovery_is_named_and_polled_when_it_is_up() {
    let quiet = Server::new(18).setting("checkpoint_timeout", "1h").setting("max_wal_size", "2GB");
    let mut server = monitored(quiet).await;
    heaps::tables(&server.superuser().await.unwrap(), 2_000).await.unwrap();
    let kept = Kept::new();
    let url = server.url(roles::MONITOR, "postgres");
    kept.poll(&url).await.unwrap();
    server.stop(Shutdown::Immediate).await.unwrap();
    let (started, failed) = tokio::join!(server.start_again(), failures_until_up(&kept, &url));
    started.unwrap();
    let starting =
        failed.iter().find(|failure| matches!(failure, PollFailure::Connect(ConnectError::StartingUp(_))));
    let starting = starting.unwrap_or_else(|| panic!("nobody said that it starts: {failed:?}"));
    expect![[""]].assert_eq(&said(starting));
    let expected = |failure: &PollFailure| {
        matches!(
            failure,
            PollFailure::Connect(ConnectError::StartingUp(_) | ConnectError::CannotReach { .. })
        )
    };
    assert!(failed.iter().all(expected), "{failed:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_that_shuts_down_is_named_and_its_restart_is_no_gap() {
    let mut server = monitored(Server::new(18)).await;
    let (kept, planted) = (Kept::new(), Planted::on(&server).await);
    let url = server.url(roles::MONITOR, "postgres");
    let mut held = monitor(&server);
    held.poll().await.unwrap();
    kept.poll(&url).await.unwrap();
    planted.run(&server, 4).await;
    drop(held);

    let lingering = server.superuser().await.unwrap();
    server.begin_stop(Shutdown::Smart).unwrap();
    while server.superuser().await.is_ok() {}
    check(&kept, &url, expect![[""]]).await;
    drop(lingering);
    server.stop(Shutdown::Smart).await.unwrap();
    check(&kept, &url, expect![[""]]).await;
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
    expect![[""]].assert_eq(&said(&failure));
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
