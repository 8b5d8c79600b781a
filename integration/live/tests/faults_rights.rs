//! Missing rights and extensions that are not as they should be: the rest is read, the report says what is missing
//! and what mends it, and nothing that is hidden becomes a text or a zero.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use expect_test::{Expect, expect};
use pgquerylens_live::faults::{Kept, Planted, notices, statements_window};
use pgquerylens_live::{failures, monitor, monitored, options, poller, view};
use pgquerylens_model::report::{Outcome, PollReport, Status};
use pgquerylens_model::views::{activity, database, statements, tables};
use pgquerylens_model::window::{Gap, Loss, Quality};
use pgquerylens_sandbox::{Server, ServerBuilder, roles};

const HIDDEN: &str = "<insufficient privilege>";

/// Starts a server with the monitoring role and without the extension.
async fn without_extension(builder: ServerBuilder) -> Server {
    let server = builder.start().await.unwrap();
    roles::create_monitor_role(&server.superuser().await.unwrap()).await.unwrap();
    server
}

/// Polls once; the status is `degraded`, everything but statements is read, and the notices are these.
async fn check_degraded(server: &Server, role: &str, expected: Expect) -> PollReport {
    let report = poller(&server.url(role, "postgres"), options()).poll().await.unwrap();
    assert_eq!(failures(&report), Vec::<String>::new());
    assert_eq!(report.status, Status::Degraded);
    assert!(!view(&report, &activity::VIEW).snapshot.rows.is_empty());
    assert!(!view(&report, &database::VIEW).snapshot.rows.is_empty());
    expected.assert_eq(&notices(&report));
    report
}

fn has_statements(report: &PollReport) -> bool {
    report.metrics.as_ref().unwrap().view(&statements::VIEW).is_some()
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_without_the_library_is_read_but_for_its_statements() {
    let server = without_extension(Server::new(18).preload_nothing()).await;
    let report = check_degraded(
        &server,
        roles::MONITOR,
        expect![[r#"
        pg_stat_statements is not in shared_preload_libraries: the server records no statements
        → add pg_stat_statements to shared_preload_libraries in postgresql.conf, then restart the server
        the database "postgres" does not have the extension pg_stat_statements: no statements are shown
        → create extension pg_stat_statements;
        track_io_timing is off: I/O times are not measured
        → alter system set track_io_timing = on; select pg_reload_conf();
    "#]],
    )
    .await;
    assert!(!has_statements(&report));
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_without_the_extension_is_read_but_for_its_statements() {
    let server = without_extension(Server::new(18)).await;
    let report = check_degraded(
        &server,
        roles::MONITOR,
        expect![[r#"
        the database "postgres" does not have the extension pg_stat_statements: no statements are shown
        → create extension pg_stat_statements;
        track_io_timing is off: I/O times are not measured
        → alter system set track_io_timing = on; select pg_reload_conf();
    "#]],
    )
    .await;
    assert!(!has_statements(&report));
}

#[tokio::test(flavor = "current_thread")]
async fn an_extension_in_another_database_is_found_there() {
    for major in [12, 18] {
        let server = without_extension(Server::new(major)).await;
        server.execute("create database elsewhere").await.unwrap();
        server.execute("create table asked_for (id int)").await.unwrap();
        server.execute_in("elsewhere", "create extension pg_stat_statements").await.unwrap();
        let mut poller = monitor(&server);
        poller.poll().await.unwrap();
        let report = poller.poll().await.unwrap();
        assert_eq!(failures(&report), Vec::<String>::new(), "on {major}");
        assert_eq!(report.status, Status::Ok, "on {major}: {:?}", report.notices);
        assert_eq!(statements_window(&report).quality, Quality::Exact, "on {major}");
        let of_asked = report.metrics.as_ref().unwrap().views.iter().find(|metrics| {
            metrics.view.name == tables::VIEW.name && metrics.database.as_deref() == Some("postgres")
        });
        let relname = tables::VIEW.column_index("relname").unwrap();
        assert_eq!(of_asked.unwrap().snapshot.rows.label(relname, 0), Some("asked_for"), "on {major}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn what_a_role_may_not_see_is_counted_and_never_shown() {
    for major in [12, 14, 18] {
        let server = monitored(Server::new(major)).await;
        roles::create_plain_role(&server.superuser().await.unwrap()).await.unwrap();
        let _busy = server.superuser().await.unwrap();
        let kept = Kept::new();
        let url = server.url(roles::PLAIN, "postgres");
        kept.poll(&url).await.unwrap();
        let report = kept.poll(&url).await.unwrap();
        assert_eq!(failures(&report), Vec::<String>::new(), "on {major}");
        assert_eq!(report.status, Status::Degraded, "on {major}");
        let told = report.notices.iter().any(|notice| {
            notice.message.contains("sees only its own statements and sessions")
                && notice.message.contains("statements are hidden")
                && notice.mend.as_deref() == Some("grant pg_monitor to pgquerylens_plain;")
        });
        assert!(told, "on {major}: {:?}", report.notices);
        assert!(report.metrics.as_ref().unwrap().statements.as_ref().unwrap().hidden_entries > 0);
        let document = pgquerylens_export::document::document(&report).to_string();
        // The views' own SQL, which knows the words, is a part of what Debug shows.
        for text in [format!("{report:?}").replace(&format!("'{HIDDEN}'"), ""), document] {
            assert!(!text.contains(HIDDEN), "on {major}");
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn rights_given_between_polls_turn_no_old_work_into_new() {
    let server = monitored(Server::new(18)).await;
    let admin = server.superuser().await.unwrap();
    roles::create_plain_role(&admin).await.unwrap();
    let planted = Planted::on(&server).await;
    planted.run(&server, 10).await;
    let mut poller = poller(&server.url(roles::PLAIN, "postgres"), options());
    poller.poll().await.unwrap();
    admin.batch_execute("grant pg_monitor to pgquerylens_plain").await.unwrap();
    planted.run(&server, 2).await;
    let report = poller.poll().await.unwrap();
    let quality = &statements_window(&report).quality;
    assert!(matches!(quality, Quality::LowerBound(losses) if losses.contains(&Loss::RightsChanged)));
    assert!(planted.calls(&report) <= 2);
    planted.run(&server, 3).await;
    let report = poller.poll().await.unwrap();
    assert_eq!((planted.calls(&report), &statements_window(&report).quality), (3, &Quality::Exact));
}

#[tokio::test(flavor = "current_thread")]
async fn query_ids_that_are_off_are_named() {
    for major in [14, 18] {
        let server = monitored(Server::new(major).setting("compute_query_id", "off")).await;
        check_degraded(
            &server,
            roles::MONITOR,
            expect![[r#"
            compute_query_id is off: pg_stat_statements records nothing
            → alter system set compute_query_id = auto; select pg_reload_conf();
            track_io_timing is off: I/O times are not measured
            → alter system set track_io_timing = on; select pg_reload_conf();
        "#]],
        )
        .await;
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_older_extension_is_read_by_its_own_version() {
    for version in ["1.7", "1.8", "1.9", "1.10", "1.11"] {
        let server = without_extension(Server::new(18)).await;
        server.execute(&format!("create extension pg_stat_statements version '{version}'")).await.unwrap();
        let planted = Planted::on(&server).await;
        let mut poller = monitor(&server);
        poller.poll().await.unwrap();
        planted.run(&server, 4).await;
        let report = poller.poll().await.unwrap();
        assert_eq!(failures(&report), Vec::<String>::new(), "{version}");
        assert_eq!(report.status, Status::Ok, "{version}: {:?}", report.notices);
        assert_eq!((planted.calls(&report), &statements_window(&report).quality), (4, &Quality::Exact));
        let old =
            format!("pg_stat_statements is {version}, the server offers 1.12: newer columns are missing");
        assert!(notices(&report).contains(&old), "{}", notices(&report));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_extension_too_old_to_be_read_is_named() {
    let server = without_extension(Server::new(18)).await;
    server.execute("create extension pg_stat_statements version '1.6'").await.unwrap();
    let report = check_degraded(&server, roles::MONITOR, expect![[r#"
        pg_stat_statements is 1.6, the server offers 1.12: it is too old to be read and no statements are shown
        → alter extension pg_stat_statements update;
        track_io_timing is off: I/O times are not measured
        → alter system set track_io_timing = on; select pg_reload_conf();
    "#]]).await;
    let line = report.collectors.iter().find(|line| line.view == statements::VIEW.name).unwrap();
    assert!(matches!(line.outcome, Outcome::NotOffered(_)), "{line:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn an_extension_in_a_schema_with_a_strange_name_is_read() {
    for major in [12, 14, 18] {
        let server = without_extension(Server::new(major)).await;
        let schema = r#""my schema; drop table kept; --'""""#;
        let make = format!(
            "create table kept (id int); create schema {schema};
             create extension pg_stat_statements schema {schema};
             grant usage on schema {schema} to {}",
            roles::MONITOR
        );
        server.execute(&make).await.unwrap();
        let mut poller = monitor(&server);
        poller.poll().await.unwrap();
        server.execute("select 1 as in_a_strange_schema").await.unwrap();
        let report = poller.poll().await.unwrap();
        assert_eq!(failures(&report), Vec::<String>::new(), "on {major}");
        assert_eq!(report.status, Status::Ok, "on {major}: {:?}", report.notices);
        assert_eq!(statements_window(&report).quality, Quality::Exact, "on {major}");
        assert!(!pgquerylens_live::statement_deltas(&report).is_empty(), "on {major}");
        server.execute("select from kept").await.unwrap();
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_extension_in_a_closed_schema_is_named_with_the_grant() {
    let server = without_extension(Server::new(18)).await;
    let make = r#"create schema "Closed"; create extension pg_stat_statements schema "Closed""#;
    server.execute(make).await.unwrap();
    let report = monitor(&server).poll().await.unwrap();
    assert_eq!(report.status, Status::Degraded);
    expect![[r#"
        the role "pgquerylens" may not use the schema "Closed" of pg_stat_statements: no statements are shown
        → grant usage on schema "Closed" to pgquerylens;
        track_io_timing is off: I/O times are not measured
        → alter system set track_io_timing = on; select pg_reload_conf();
    "#]]
    .assert_eq(&notices(&report));
    server.execute(r#"grant usage on schema "Closed" to pgquerylens"#).await.unwrap();
    let report = monitor(&server).poll().await.unwrap();
    assert_eq!(report.status, Status::Ok, "{:?}", report.notices);
}

#[tokio::test(flavor = "current_thread")]
async fn an_extension_updated_between_polls_of_one_connection_is_read_on() {
    let server = without_extension(Server::new(18)).await;
    server.execute("create extension pg_stat_statements version '1.8'").await.unwrap();
    let planted = Planted::on(&server).await;
    let mut poller = monitor(&server);
    poller.poll().await.unwrap();
    for (version, expected) in [("1.10", None), ("1.12", Some(4))] {
        server.execute(&format!("alter extension pg_stat_statements update to '{version}'")).await.unwrap();
        planted.run(&server, 4).await;
        let report = poller.poll().await.unwrap();
        assert_eq!(failures(&report), Vec::<String>::new(), "{version}");
        assert_eq!(report.cost.connections, 0, "{version}: the held connection serves");
        match expected {
            // 1.9 tells top-level calls from others: rows have another key, and no difference.
            None => assert_eq!(statements_window(&report).quality, Quality::Gap(Gap::KeyChanged)),
            Some(calls) => assert_eq!(planted.calls(&report), calls, "{version}"),
        }
    }
    planted.run(&server, 5).await;
    let report = poller.poll().await.unwrap();
    assert_eq!((planted.calls(&report), &statements_window(&report).quality), (5, &Quality::Exact));
}

#[tokio::test(flavor = "current_thread")]
async fn an_extension_dropped_and_created_again_between_polls_is_read_on() {
    let server = monitored(Server::new(18)).await;
    let planted = Planted::on(&server).await;
    let mut poller = monitor(&server);
    poller.poll().await.unwrap();
    server.execute("drop extension pg_stat_statements").await.unwrap();
    let report = poller.poll().await.unwrap();
    assert_eq!(report.status, Status::Degraded);
    assert!(notices(&report).contains("create extension pg_stat_statements;"), "{}", notices(&report));
    server.execute("create extension pg_stat_statements").await.unwrap();
    planted.run(&server, 4).await;
    let report = poller.poll().await.unwrap();
    assert_eq!(failures(&report), Vec::<String>::new());
    assert_eq!((planted.calls(&report), &statements_window(&report).quality), (4, &Quality::Exact));
}
