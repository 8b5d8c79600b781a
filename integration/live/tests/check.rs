//! `check` against real servers: what is right is found right, and each thing that was made wrong is named.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use pgquerylens_engine::check::{CheckOptions, Checked, run};
use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::poll::PollFailure;
use pgquerylens_engine::source::live::Live;
use pgquerylens_live::{monitored, target};
use pgquerylens_model::capabilities::Provider;
use pgquerylens_model::check::{Aspect, Level};
use pgquerylens_sandbox::pooler::{Pooler, StartupOptions};
use pgquerylens_sandbox::tls::{Certificates, ServerCertificate};
use pgquerylens_sandbox::{PASSWORD, SUPERUSER, Server, ServerBuilder, majors, newest, roles};

const SCRIPT: &str = include_str!("../../../docs/sql/monitoring-role.sql");
const UNDO: &str = include_str!("../../../docs/sql/monitoring-role-undo.sql");

fn well_configured(major: u32) -> ServerBuilder {
    Server::new(major)
        .setting("track_io_timing", "on")
        .setting("track_activity_query_size", "4096")
        .setting("track_functions", "pl")
}

async fn checked_as(url: &str, is_local: bool) -> Checked {
    let target = target(url);
    let options = CheckOptions { limits: Limits::default(), provider: None, is_local };
    let mut source = Live::new(target.clone(), options.limits.clone());
    run(&mut source, &target.address(), &options).await
}

async fn checked(url: &str) -> Checked {
    checked_as(url, true).await
}

/// Returns what is not ok, but for a version whose maintenance has ended, which the calendar decides.
fn troubles(checked: &Checked) -> Vec<(&'static str, Level)> {
    assert!(checked.failure.is_none(), "{:?}", checked.failure);
    let aspects = checked.report.aspects.iter();
    aspects
        .filter(|aspect| aspect.level != Level::Ok && aspect.id != "version")
        .map(|a| (a.id, a.level))
        .collect()
}

fn aspect<'c>(checked: &'c Checked, id: &str) -> &'c Aspect {
    checked.report.aspects.iter().find(|aspect| aspect.id == id).expect(id)
}

fn mend(checked: &Checked, id: &str) -> String {
    let mend = aspect(checked, id).mend.as_ref().expect(id);
    mend.sql.clone().unwrap_or_else(|| mend.steps.clone())
}

#[tokio::test]
async fn the_documented_role_is_all_it_takes_on_every_major() {
    for major in majors() {
        let server = well_configured(major).start().await.unwrap();
        for _twice in 0..2 {
            server.execute(SCRIPT).await.unwrap();
        }
        server.execute(&format!("alter role pgquerylens password '{PASSWORD}'")).await.unwrap();
        let checked = checked(&server.url("pgquerylens", "postgres")).await;
        assert_eq!(troubles(&checked), [], "{major}: {:#?}", checked.report.aspects);
        assert!(aspect(&checked, "pg_stat_statements.max").found.contains("of 5000 entries"));
        server.execute(UNDO).await.unwrap();
        server.execute(UNDO).await.unwrap();
        assert!(server.client("pgquerylens", "postgres").await.is_err());
    }
}

#[tokio::test]
async fn every_grant_that_is_advised_shows_what_it_promises() {
    for major in [majors()[0], newest()] {
        let server = monitored(well_configured(major)).await;
        server.execute("create schema \"Odd schema\"; create sequence \"Odd schema\".numbers").await.unwrap();
        let url = server.url(roles::MONITOR, "postgres");
        let before = checked(&url).await;
        assert!(aspect(&before, "statement_texts").found.starts_with("at most about"));
        for id in ["text_file_size", "sequences", "connection_slots"] {
            server.execute(&mend(&before, id)).await.unwrap();
        }
        let after = checked(&url).await;
        assert!(aspect(&after, "statement_texts").found.starts_with("the server keeps"), "{major}");
        for id in ["text_file_size", "sequences", "connection_slots"] {
            assert_eq!(aspect(&after, id).mend, None, "{major}: {id}");
        }
    }
}

#[tokio::test]
async fn a_role_without_rights_is_an_error_with_its_grant() {
    for major in [majors()[0], newest()] {
        let server = monitored(well_configured(major)).await;
        roles::create_plain_role(&server.superuser().await.unwrap()).await.unwrap();
        let url = server.url(roles::PLAIN, "postgres");
        let before = checked(&url).await;
        assert_eq!(troubles(&before), [("pg_monitor", Level::Error)], "{major}");
        assert_eq!(mend(&before, "pg_monitor"), "grant pg_monitor to pgquerylens_plain;");
        server.execute(&mend(&before, "pg_monitor")).await.unwrap();
        assert_eq!(troubles(&checked(&url).await), []);
    }
}

#[tokio::test]
async fn a_membership_that_is_not_inherited_is_told_from_none() {
    for major in [majors()[0], newest()] {
        let server = monitored(well_configured(major)).await;
        let grant = if major < 16 {
            "grant pg_monitor to \"User\""
        } else {
            "grant pg_monitor to \"User\" with inherit false"
        };
        server
            .execute(&format!("create role \"User\" login noinherit password '{PASSWORD}'; {grant}"))
            .await
            .unwrap();
        let url = server.url("User", "postgres");
        let before = checked(&url).await;
        assert!(aspect(&before, "pg_monitor").found.contains("does not inherit"), "{major}");
        server.execute(&mend(&before, "pg_monitor")).await.unwrap();
        assert_eq!(troubles(&checked(&url).await), [], "{major}");
    }
}

#[tokio::test]
async fn a_superuser_is_more_than_is_needed() {
    for major in [majors()[0], newest()] {
        let server = monitored(well_configured(major)).await;
        let checked = checked(&server.url(SUPERUSER, "postgres")).await;
        assert_eq!(troubles(&checked), [("role", Level::Warning)], "{major}");
        let found = &aspect(&checked, "role").found;
        assert!(found.contains("SUPERUSER, CREATEROLE, CREATEDB, REPLICATION, BYPASSRLS"), "{found}");
    }
}

#[tokio::test]
async fn excess_that_is_mended_is_gone() {
    let server = monitored(well_configured(newest())).await;
    server
        .execute("alter role pgquerylens createrole createdb; grant pg_read_all_data to pgquerylens")
        .await
        .unwrap();
    let url = server.url(roles::MONITOR, "postgres");
    let before = checked(&url).await;
    assert_eq!(troubles(&before), [("role", Level::Warning)]);
    server.execute(&mend(&before, "role")).await.unwrap();
    assert_eq!(troubles(&checked(&url).await), []);
}

#[tokio::test]
async fn the_extension_may_be_missing_unloaded_or_old() {
    for major in [majors()[0], newest()] {
        let server = monitored(well_configured(major)).await;
        server.execute("create database other").await.unwrap();
        let elsewhere = checked(&server.url(roles::MONITOR, "other")).await;
        assert_eq!(troubles(&elsewhere), [], "{major}: polls find it");
        let found = &aspect(&elsewhere, "pg_stat_statements.created").found;
        assert!(found.contains("in the database \"postgres\""), "{found}");
        assert!(aspect(&elsewhere, "pg_stat_statements.max").found.contains("entries are taken"), "{major}");
        server.execute("drop extension pg_stat_statements").await.unwrap();
        let nowhere = checked(&server.url(roles::MONITOR, "other")).await;
        assert_eq!(troubles(&nowhere), [("pg_stat_statements.created", Level::Error)], "{major}");
        let old = if major == 12 { "1.6" } else { "1.10" };
        let again = format!("create extension pg_stat_statements version '{old}'");
        server.execute(&again).await.unwrap();
        let url = server.url(roles::MONITOR, "postgres");
        let outdated = checked(&url).await;
        let found = troubles(&outdated);
        assert!(found.contains(&("pg_stat_statements.version", Level::Warning)), "{major}: {found:?}");
        server.execute(&mend(&outdated, "pg_stat_statements.version")).await.unwrap();
        assert_eq!(troubles(&checked(&url).await), [], "{major}");
    }
}

#[tokio::test]
async fn a_library_that_is_not_loaded_is_named_and_can_be_mended() {
    for major in [majors()[0], newest()] {
        let mut server = monitored(well_configured(major).preload_nothing()).await;
        let url = server.url(roles::MONITOR, "postgres");
        let before = checked(&url).await;
        assert_eq!(troubles(&before), [("pg_stat_statements.preloaded", Level::Error)], "{major}");
        let sql = mend(&before, "pg_stat_statements.preloaded");
        assert_eq!(sql, "alter system set shared_preload_libraries = 'pg_stat_statements';");
        server.execute(&sql).await.unwrap();
        server.restart().await.unwrap();
        assert_eq!(troubles(&checked(&url).await), [], "{major}");
    }
}

#[tokio::test]
async fn settings_are_read_and_mended() {
    for major in [majors()[0], newest()] {
        let builder = Server::new(major).setting("pg_stat_statements.track", "none");
        let builder = if major < 14 { builder } else { builder.setting("compute_query_id", "off") };
        let mut server = monitored(builder).await;
        let url = server.url(roles::MONITOR, "postgres");
        let before = checked(&url).await;
        let found = troubles(&before);
        let expected = [
            ("compute_query_id", Level::Error),
            ("pg_stat_statements.track", Level::Error),
            ("track_io_timing", Level::Warning),
            ("track_activity_query_size", Level::Warning),
        ];
        assert_eq!(found, expected[usize::from(major < 14)..], "{major}");
        for (id, _) in found {
            for statement in mend(&before, id).split_inclusive(';') {
                server.execute(statement).await.unwrap();
            }
        }
        server.restart().await.unwrap();
        assert_eq!(troubles(&checked(&url).await), [], "{major}");
    }
}

#[tokio::test]
async fn evictions_call_for_a_higher_limit() {
    for major in [majors()[0], newest()] {
        let server = monitored(well_configured(major).setting("pg_stat_statements.max", "100")).await;
        let client = server.superuser().await.unwrap();
        for columns in 1..150 {
            client.batch_execute(&format!("select {}", vec!["1"; columns].join(","))).await.unwrap();
        }
        let checked = checked(&server.url(roles::MONITOR, "postgres")).await;
        let limit = aspect(&checked, "pg_stat_statements.max");
        if major >= 14 {
            assert_eq!(limit.level, Level::Warning, "{limit:?}");
            assert!(limit.found.contains("thrown out"), "{}", limit.found);
        }
    }
}

#[tokio::test]
async fn a_pooler_is_noticed_in_both_its_ways() {
    if !Pooler::is_installed() {
        eprintln!("skipped: pgbouncer is not installed");
        return;
    }
    for major in [majors()[0], newest()] {
        let server = monitored(well_configured(major)).await;
        for (options, does) in [(StartupOptions::Refused, "refuses"), (StartupOptions::Ignored, "drops")] {
            let pooler = Pooler::start(&server, options).await.unwrap();
            let checked = checked(&pooler.url(roles::MONITOR, "postgres")).await;
            assert_eq!(troubles(&checked), [("connection", Level::Warning)], "{major} {options:?}");
            assert!(aspect(&checked, "connection").found.contains(does));
            let way = mend(&checked, "connection");
            assert!(way.ends_with(&format!("at 127.0.0.1 port {}", server.port())), "{way}");
        }
    }
}

#[tokio::test]
async fn a_standby_is_fine_and_mended_on_its_primary() {
    for major in [majors()[0], newest()] {
        let server = monitored(well_configured(major)).await;
        roles::create_plain_role(&server.superuser().await.unwrap()).await.unwrap();
        let standby = server.standby().await.unwrap();
        server.caught_up(&standby).await.unwrap();
        let monitor = checked(&standby.url(roles::MONITOR, "postgres")).await;
        assert_eq!(troubles(&monitor), [], "{major}");
        assert!(aspect(&monitor, "standby").found.starts_with("yes"));
        let plain = checked(&standby.url(roles::PLAIN, "postgres")).await;
        let mend = aspect(&plain, "pg_monitor").mend.as_ref().unwrap();
        assert!(mend.steps.starts_with("on the primary"), "{}", mend.steps);
    }
}

#[tokio::test]
async fn encryption_is_judged_by_what_was_checked() {
    let certificates = Certificates::new().unwrap();
    let files = certificates.server(ServerCertificate::Good).unwrap();
    let server = monitored(well_configured(newest()).tls(&files)).await;
    let root = files.authority.display();
    for (parameters, level) in [
        (format!("sslmode=verify-full&sslrootcert={root}"), Level::Ok),
        (format!("sslmode=verify-ca&sslrootcert={root}"), Level::Warning),
        ("sslmode=require".to_owned(), Level::Warning),
        ("sslmode=disable".to_owned(), Level::Warning),
    ] {
        // As if the server were elsewhere: on this machine nothing has to be encrypted.
        let checked = checked_as(&server.url_with(roles::MONITOR, "postgres", &parameters), false).await;
        assert_eq!(aspect(&checked, "tls").level, level, "{parameters}");
    }
    let local = checked(&server.url(roles::MONITOR, "postgres")).await;
    assert_eq!(aspect(&local, "tls").level, Level::Ok);
}

#[tokio::test]
async fn a_server_that_cannot_be_asked_is_an_answer_too() {
    let mut server = monitored(well_configured(newest())).await;
    let url = server.url(roles::MONITOR, "postgres");
    let wrong = checked(&url.replace(PASSWORD, "wrong")).await;
    assert!(matches!(wrong.failure, Some(PollFailure::Connect(_))));
    assert_eq!((wrong.report.aspects.len(), wrong.report.level()), (1, Level::Error));
    assert!(mend(&wrong, "connection").contains("PGPASSWORD"));
    server.stop(pgquerylens_sandbox::Shutdown::Fast).await.unwrap();
    assert!(aspect(&checked(&url).await, "connection").found.contains("connection refused"));
}

#[tokio::test]
async fn the_users_word_on_the_provider_holds() {
    let server = monitored(Server::new(newest())).await;
    let target = target(&server.url(roles::MONITOR, "postgres"));
    let options = CheckOptions { limits: Limits::default(), provider: Some(Provider::Rds), is_local: true };
    let mut source = Live::new(target, options.limits.clone());
    let checked = run(&mut source, "db", &options).await;
    let mend = aspect(&checked, "track_io_timing").mend.clone().unwrap();
    assert!(mend.command.unwrap().starts_with("aws rds modify-db-parameter-group"));
}
