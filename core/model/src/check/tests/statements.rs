//! pg_stat_statements missing, old, full or large.

use expect_test::expect;

use super::*;

#[test]
fn statements_in_another_database() {
    let mut facts = good();
    facts.statements_home = Some("postgres".into());
    let created = aspects(&facts).into_iter().find(|aspect| aspect.id == "pg_stat_statements.created");
    expect![[r#"
        ok pg_stat_statements.created: not in "shop", but in the database "postgres", schema "public": polls read it there
    "#]]
    .assert_eq(&created.as_ref().map(line).unwrap_or_default());
}

#[test]
fn statements_missing() {
    let not_created = |facts: &mut CheckFacts| {
        facts.probe.capabilities.statements = None;
        facts.statements = StatementsReading::NotCreated;
    };
    check(
        not_created,
        &expect![[r#"
        error pg_stat_statements.created: the database "shop" does not have the extension pg_stat_statements: no statements are shown
            as a superuser run: create extension pg_stat_statements;
    "#]],
    );
    check(
        |facts| {
            not_created(facts);
            facts.provider = Provider::Azure;
        },
        &expect![[r#"
            error pg_stat_statements.created: the database "shop" does not have the extension pg_stat_statements: no statements are shown
                allow pg_stat_statements in the server parameter azure.extensions, then as a member of azure_pg_admin run: create extension pg_stat_statements;
        "#]],
    );
    check(
        |facts| {
            not_created(facts);
            facts.details.statements_offered = None;
            facts.details.shared_preload_libraries = Some("pgaudit".into());
        },
        &expect![[r#"
            error pg_stat_statements.preloaded: pg_stat_statements is not in shared_preload_libraries: the server records no statements
                as a superuser run (or set it in postgresql.conf), then restart the server: alter system set shared_preload_libraries = 'pgaudit', 'pg_stat_statements';
            error pg_stat_statements.created: the database "shop" does not have the extension pg_stat_statements: no statements are shown
                install PostgreSQL's contrib package on the server first; then as a superuser run: create extension pg_stat_statements;
        "#]],
    );
    check(
        |facts| {
            facts.statements = StatementsReading::NotLoaded;
            facts.details.shared_preload_libraries = None;
        },
        &expect![[r#"
            error pg_stat_statements.preloaded: pg_stat_statements is not in shared_preload_libraries: the server records no statements
                add pg_stat_statements to shared_preload_libraries in postgresql.conf, then restart the server
        "#]],
    );
    check(
        |facts| {
            facts.statements = StatementsReading::NotLoaded;
            facts.details.shared_preload_libraries = Some(String::new());
            facts.provider = Provider::Aurora;
        },
        &expect![[r#"
            error pg_stat_statements.preloaded: pg_stat_statements is not in shared_preload_libraries: the server records no statements
                set shared_preload_libraries = pg_stat_statements in the DB cluster parameter group (one of your own, the default one is fixed); it is static, reboot the instance afterwards: aws rds modify-db-cluster-parameter-group --db-cluster-parameter-group-name GROUP --parameters ParameterName=shared_preload_libraries,ParameterValue=pg_stat_statements,ApplyMethod=pending-reboot
        "#]],
    );
    check(
        |facts| facts.statements = StatementsReading::Failed("permission denied".into()),
        &expect![[r#"
            error pg_stat_statements.created: it is there in "shop" and does not answer: permission denied
                see the server's log
        "#]],
    );
}

#[test]
fn statements_not_as_they_should_be() {
    check(
        |facts| {
            facts.probe.capabilities.statements.as_mut().unwrap().version =
                ExtensionVersion { major: 1, minor: 8 };
        },
        &expect![[r#"
            warning pg_stat_statements.version: pg_stat_statements is 1.8, the server offers 1.12: newer columns are missing
                as a superuser run: alter extension pg_stat_statements update;
        "#]],
    );
    check(
        |facts| facts.probe.statements_track = Some("none".into()),
        &expect![[r#"
        error pg_stat_statements.track: none: no statement is recorded
            as a superuser run (or set it in postgresql.conf and reload): alter system set pg_stat_statements.track = top; select pg_reload_conf();
    "#]],
    );
    check(
        |facts| facts.probe.capabilities.switches.compute_query_id = Some("off".into()),
        &expect![[r#"
            error compute_query_id: compute_query_id is off: pg_stat_statements records nothing
                as a superuser run (or set it in postgresql.conf and reload): alter system set compute_query_id = auto; select pg_reload_conf();
        "#]],
    );
}

#[test]
fn evictions() {
    let read = |entries: i64, dealloc: Option<i64>, days: i64| {
        move |facts: &mut CheckFacts| {
            let stats_reset = dealloc.map(|_| Timestamp(NOW.0 - days * DAY_MICROS));
            facts.statements = StatementsReading::Read { entries, dealloc, stats_reset };
        }
    };
    check(
        read(4_900, Some(720), 10),
        &expect![[r#"
        warning pg_stat_statements.max: 4900 of 5000 entries are taken; since 2026-06-21 the least used were thrown out 720 times (3 an hour), and their work is not seen
            as a superuser run (or set it in postgresql.conf), then restart the server: alter system set pg_stat_statements.max = 10000;
    "#]],
    );
    check(
        read(4_900, Some(7), 10),
        &expect![[r#"
        ok pg_stat_statements.max: 4900 of 5000 entries are taken; since 2026-06-21 the least used were thrown out 7 times (less than once a day), and their work is not seen
    "#]],
    );
    check(
        read(4_900, None, 0),
        &expect![[r#"
        warning pg_stat_statements.max: 4900 of 5000 entries are taken: statements are thrown out, and this version does not count how many
            as a superuser run (or set it in postgresql.conf), then restart the server: alter system set pg_stat_statements.max = 10000;
    "#]],
    );
    check(
        read(4_000, None, 0),
        &expect![[r#"
        ok pg_stat_statements.max: 4000 of 5000 entries are taken
    "#]],
    );
    check(
        |facts| {
            facts.statements = StatementsReading::Read { entries: 1, dealloc: Some(1), stats_reset: None }
        },
        &expect![[r#"
            warning pg_stat_statements.max: 1 of 5000 entries are taken; the least used were thrown out once, and their work is not seen
                as a superuser run (or set it in postgresql.conf), then restart the server: alter system set pg_stat_statements.max = 10000;
        "#]],
    );
}

#[test]
fn texts_beyond_the_budget() {
    check(
        |facts| facts.text_file_bytes = Some(200 << 20),
        &expect![[r#"
        warning statement_texts: the server keeps 200.0 MiB of text; readings of up to 64.0 MiB are allowed: statements will be shown by their query id
            allow more with --text-budget 300MiB, or to empty the file and all counters, as a superuser run: select pg_stat_statements_reset();
    "#]],
    );
    check(
        |facts| {
            facts.text_file_bytes = None;
            facts.details.may_see_text_file = Some(false);
        },
        &expect![[r#"
            ok statement_texts: at most about 1.2 MiB of text; readings of up to 64.0 MiB are allowed
            ok text_file_size: hidden from all but superusers: it is estimated before texts are read
                optional: as a superuser run: grant execute on function pg_catalog.pg_stat_file(text, boolean) to monitor;
        "#]],
    );
}
