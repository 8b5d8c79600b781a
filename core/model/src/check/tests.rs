//! Facts in, levels and sentences out; no server is asked.

use expect_test::{Expect, expect};

use super::*;
use crate::capabilities::{Capabilities, Rights, StatementsExtension, Switches};
use crate::identity::Identity;
use crate::probe::{Probe, SessionSettings};
use crate::time::Timestamp;
use crate::version::ExtensionVersion;

/// 2026-07-01, by the database's clock.
const NOW: Timestamp = Timestamp(1_782_864_000_000_000);

const DAY_MICROS: i64 = 86_400_000_000;

fn probe(major: u32) -> Probe {
    let version = ServerVersion(major * 10_000 + 4);
    Probe {
        read_at: NOW,
        identity: Identity {
            system_identifier: None,
            timeline: None,
            version,
            postmaster_start: NOW,
            statistics_since: None,
            in_recovery: false,
        },
        capabilities: Capabilities {
            version,
            provider: Provider::SelfManaged,
            in_recovery: false,
            statements: Some(StatementsExtension {
                schema: "public".into(),
                version: ExtensionVersion { major: 1, minor: 12 },
                preloaded: Some(true),
            }),
            rights: Rights {
                role: "monitor".into(),
                superuser: false,
                read_all_stats: true,
                read_all_settings: true,
            },
            switches: Switches {
                track_io_timing: Some(true),
                track_wal_io_timing: Some(false),
                track_planning: Some(false),
                track_functions: Some(true),
                compute_query_id: Some("auto".into()),
                statements_max: Some(5_000),
            },
        },
        pid: 1,
        database_oid: 5,
        database_name: "shop".into(),
        block_size: 8_192,
        session: SessionSettings {
            search_path: "pg_catalog".into(),
            transaction_read_only: "on".into(),
            statement_timeout: "10s".into(),
            lock_timeout: "250ms".into(),
        },
        in_progress: Vec::new(),
        excess_attributes: Vec::new(),
        is_monitor: true,
        track_activity_query_size: Some("4kB".into()),
        server_encoding: "UTF8".into(),
        statements_track: Some("top".into()),
    }
}

fn good() -> CheckFacts {
    CheckFacts {
        connection: Connection {
            encryption: Some(Encryption {
                protocol: Some("TLSv1.3"),
                verified: Verified::AuthorityAndName,
                certificate_ends: Some(Timestamp(NOW.0 + 90 * DAY_MICROS)),
            }),
            is_local: false,
            pooling: None,
        },
        probe: probe(18),
        provider: Provider::SelfManaged,
        details: Details {
            error: None,
            max_connections: Some(100),
            superuser_reserved_connections: Some(3),
            reserved_connections: Some(0),
            connections_used: Some(11),
            role_connections_used: Some(1),
            role_connection_limit: Some(3),
            is_member_of_monitor: Some(true),
            uses_reserved_connections: Some(false),
            excess_memberships: None,
            statements_offered: Some("1.12".into()),
            other_databases: Some("orders, postgres".into()),
            shared_preload_libraries: Some("auto_explain, pg_stat_statements".into()),
            may_see_text_file: Some(true),
            hidden_sequences: Some(0),
            hidden_sequence_schemas: None,
            server_address: Some("10.0.0.5".into()),
            server_port: Some(5_432),
            server_has_tls: Some(true),
        },
        statements: StatementsReading::Read {
            entries: 312,
            dealloc: Some(0),
            stats_reset: Some(Timestamp(NOW.0 - 10 * DAY_MICROS)),
        },
        text_file_bytes: Some(2 << 20),
        budget: Budget {
            statement_timeout_ms: 10_000,
            lock_timeout_ms: 250,
            text_budget_bytes: 64 << 20,
            assumed_text_bytes: 4_096,
        },
    }
}

fn line(aspect: &Aspect) -> String {
    let mut text = format!("{} {}: {}\n", aspect.level.name(), aspect.id, aspect.found);
    if let Some(mend) = &aspect.mend {
        let what = mend.sql.as_ref().or(mend.command.as_ref());
        text += &format!("    {}{}\n", mend.steps, what.map(|what| format!(": {what}")).unwrap_or_default());
    }
    text
}

/// Shows the aspects that another fact changes.
fn check(change: impl Fn(&mut CheckFacts), expected: Expect) {
    let mut facts = good();
    change(&mut facts);
    let before = aspects(&good());
    let changed = aspects(&facts).into_iter().filter(|aspect| !before.contains(aspect));
    expected.assert_eq(&changed.map(|aspect| line(&aspect)).collect::<String>());
}

#[test]
fn a_good_server_is_ok_in_every_aspect() {
    let all: String = aspects(&good()).iter().map(line).collect();
    expect![[r#"
        ok version: PostgreSQL 18.4
        ok connection: direct: the session's settings arrived in the startup packet
        ok session_settings: read back as sent: read-only, statement_timeout 10s, lock_timeout 250ms
        ok standby: no: this is a primary
        ok connection_slots: 11 of 100 connections are taken, 86 more are open to this role
        ok encoding: UTF8
        ok tls: TLSv1.3, the server's certificate and name are checked
        ok role: "monitor" has no attribute or membership beyond what it needs
        ok pg_monitor: all sessions, statements and settings are visible
        ok pg_stat_statements.preloaded: the server loads it at start
        ok pg_stat_statements.created: in the database "shop", schema "public"
        ok pg_stat_statements.version: 1.12, as the server offers it
        ok compute_query_id: auto
        ok pg_stat_statements.track: top: statements inside functions count to the statement that called them
        ok pg_stat_statements.track_planning: off, as by default: planning times are not shown; measuring them costs on busy servers
        ok pg_stat_statements.max: 312 of 5000 entries are taken, none was thrown out
        ok statement_texts: the server keeps 2.0 MiB of text; readings of up to 64.0 MiB are allowed
        ok track_io_timing: on
        ok track_activity_query_size: 4kB
        ok track_functions: pl or all
        ok text_file_size: visible
        ok sequences: visible: sequences near their end are reported
    "#]].assert_eq(&all);
}

#[test]
fn versions() {
    check(
        |facts| facts.probe = probe(13),
        expect![[r#"
        warning version: PostgreSQL 13.4: the community has not maintained 13 since 2025-11-13
            upgrade to a maintained version; pgquerylens reads 13 meanwhile
    "#]],
    );
    check(
        |facts| facts.probe.capabilities.version = ServerVersion(110_022),
        expect![[r#"
        error version: PostgreSQL 11.22 is none of the versions 12 to 18 that are read
            upgrade the server
    "#]],
    );
    check(
        |facts| facts.probe.capabilities.version = ServerVersion(190_000),
        expect![[r#"
        error version: PostgreSQL 19.0 is none of the versions 12 to 18 that are read
            look for a newer pgquerylens
    "#]],
    );
}

#[test]
fn poolers_and_lost_settings() {
    check(
        |facts| facts.connection.pooling = Some(Pooling::DropsOptions),
        expect![[r#"
        warning connection: a pooler such as PgBouncer (ignore_startup_parameters) stands in front and drops the session's settings: every poll sends them again, needs a savepoint for each view, and takes a server connection of the pool meanwhile
            connect past it: the server itself was reached at 10.0.0.5 port 5432
        ok tls: TLSv1.3, as far as the pooler, the server's certificate and name are checked
    "#]],
    );
    check(
        |facts| {
            facts.connection.pooling = Some(Pooling::RefusesOptions);
            facts.provider = Provider::Rds;
            facts.details.server_address = None;
        },
        expect![[r#"
            warning connection: RDS Proxy or a pooler stands in front and refuses the session's settings: every poll sends them again, needs a savepoint for each view, and takes a server connection of the pool meanwhile
                connect past it, to the server's own host and port or its socket
            ok tls: TLSv1.3, as far as the pooler, the server's certificate and name are checked
        "#]],
    );
    check(
        |facts| {
            facts.probe.session.statement_timeout = "0".into();
            facts.probe.session.search_path = "\"$user\", public".into();
        },
        expect![[r#"
            error session_settings: they did not arrive: search_path is "\"$user\", public", statement_timeout is 0 and not 10000ms
                connect straight to the server: what stands in front changes the session
        "#]],
    );
}

#[test]
fn encryption() {
    check(
        |facts| facts.connection.encryption = None,
        expect![[r#"
        warning tls: the connection is not encrypted: statements and names can be read on the way
            leave out sslmode, or say sslmode=verify-full: the server offers TLS
    "#]],
    );
    check(
        |facts| {
            facts.connection.encryption = None;
            facts.details.server_has_tls = Some(false);
        },
        expect![[r#"
            warning tls: the connection is not encrypted: statements and names can be read on the way
                give the server a certificate (ssl_cert_file, ssl_key_file), then as a superuser run (or set it in postgresql.conf and reload): alter system set ssl = on; select pg_reload_conf();
        "#]],
    );
    check(
        |facts| {
            facts.connection.encryption = None;
            facts.connection.is_local = true;
        },
        expect![[r#"
            ok tls: none, and none is needed: the connection stays on this machine
        "#]],
    );
    let verified = |verified| {
        move |facts: &mut CheckFacts| {
            facts.connection.encryption =
                Some(Encryption { protocol: Some("TLSv1.3"), verified, certificate_ends: None });
        }
    };
    check(
        verified(Verified::Nothing),
        expect![[r#"
        warning tls: TLSv1.3, but it is not checked who answers
            connect with sslmode=verify-full and sslrootcert=FILE with the server's authority
    "#]],
    );
    check(
        verified(Verified::Authority),
        expect![[r#"
        warning tls: TLSv1.3, but any server of the same authority would be taken for this one
            connect with sslmode=verify-full, under a name that the certificate holds
    "#]],
    );
    check(
        |facts| {
            verified(Verified::Authority)(facts);
            facts.provider = Provider::CloudSql;
        },
        expect![[r#"
            ok tls: TLSv1.3, the certificate's authority is checked, which is the instance's own
        "#]],
    );
    check(
        |facts| {
            facts.connection.encryption.as_mut().unwrap().certificate_ends =
                Some(Timestamp(NOW.0 + 9 * DAY_MICROS));
        },
        expect![[r#"
            warning tls: the server's certificate ends in 9 days: connections will then be refused
                renew the server's certificate
        "#]],
    );
}

#[test]
fn roles() {
    check(
        |facts| {
            facts.probe.capabilities.rights.role = "Odd \"name".into();
            facts.probe.excess_attributes = vec!["CREATEROLE", "CREATEDB"];
            facts.details.excess_memberships = Some("pg_read_all_data, pg_signal_backend".into());
        },
        expect![[r#"
            warning role: "Odd \"name" has more than it needs: CREATEROLE, CREATEDB, pg_read_all_data, pg_signal_backend
                if it serves monitoring alone (else make one that does, see docs/sql/), as a superuser run: alter role "Odd ""name" nocreaterole nocreatedb; revoke pg_read_all_data, pg_signal_backend from "Odd ""name";
        "#]],
    );
    check(
        |facts| {
            facts.probe.capabilities.rights.superuser = true;
            facts.probe.excess_attributes = vec!["SUPERUSER"];
            facts.details.excess_memberships = Some("pg_read_all_data".into());
        },
        expect![[r#"
            ok connection_slots: 11 of 100 connections are taken, 89 more are open to this role
            warning role: "monitor" has more than it needs: SUPERUSER
                connect as a role of its own with pg_monitor alone: docs/sql/ has the script
            ok pg_monitor: a superuser sees everything
        "#]],
    );
}

#[test]
fn rights() {
    let blind = |facts: &mut CheckFacts| {
        facts.probe.capabilities.rights.read_all_stats = false;
        facts.probe.capabilities.rights.read_all_settings = false;
        facts.details.is_member_of_monitor = Some(false);
    };
    check(
        blind,
        expect![[r#"
        error pg_monitor: the role "monitor" sees only its own statements and sessions
            as a superuser run: grant pg_monitor to monitor;
    "#]],
    );
    check(
        |facts| {
            blind(facts);
            facts.probe.capabilities.in_recovery = true;
            facts.provider = Provider::Azure;
        },
        expect![[r#"
            ok standby: yes: statements and statistics shown are those of this standby alone; extensions and grants are made on its primary, and a reading that conflicts with recovery is broken off and tried again
            error pg_monitor: the role "monitor" sees only its own statements and sessions
                on the primary, as a member of azure_pg_admin run: grant pg_monitor to monitor;
        "#]],
    );
    check(
        |facts| {
            blind(facts);
            facts.details.is_member_of_monitor = Some(true);
        },
        expect![[r#"
            error pg_monitor: the role "monitor" is a member of pg_monitor and does not inherit its rights
                as a superuser run: grant pg_monitor to monitor with inherit true;
        "#]],
    );
    check(
        |facts| facts.probe.capabilities.rights.read_all_settings = false,
        expect![[r#"
        warning pg_monitor: settings that only pg_read_all_settings shows are missing (shared_preload_libraries among them)
            as a superuser run: grant pg_monitor to monitor;
    "#]],
    );
}

#[test]
fn connection_slots() {
    check(
        |facts| facts.details.connections_used = Some(95),
        expect![[r#"
        warning connection_slots: 95 of 100 connections are taken, 2 more are open to this role
            close idle sessions or put a pooler in front of the application; else as a superuser run (or set it in postgresql.conf), then restart the server: alter system set max_connections = 125;
    "#]],
    );
    check(
        |facts| {
            facts.details.connections_used = Some(94);
            facts.details.reserved_connections = Some(3);
        },
        expect![[r#"
            warning connection_slots: 94 of 100 connections are taken, 0 more are open to this role
                as a superuser run: grant pg_use_reserved_connections to monitor;
        "#]],
    );
    check(
        |facts| {
            facts.details.connections_used = Some(91);
            facts.details.reserved_connections = Some(3);
            facts.details.uses_reserved_connections = Some(true);
        },
        expect![[r#"
            ok connection_slots: 91 of 100 connections are taken, 6 more are open to this role
        "#]],
    );
    check(
        |facts| facts.details.role_connections_used = Some(3),
        expect![[r#"
        warning connection_slots: 11 of 100 connections are taken, 86 more are open to this role, but its own CONNECTION LIMIT is reached: a second poll would be refused
            as a superuser run: alter role monitor connection limit 5;
    "#]],
    );
    check(
        |facts| facts.details.role_connection_limit = Some(-1),
        expect![[r#"
        ok connection_slots: 11 of 100 connections are taken, 86 more are open to this role
            optional: if it serves monitoring alone, so that it never takes more than 3, as a superuser run: alter role monitor connection limit 3;
    "#]],
    );
}

#[test]
fn statements_missing() {
    let not_created = |facts: &mut CheckFacts| {
        facts.probe.capabilities.statements = None;
        facts.statements = StatementsReading::NotCreated;
    };
    check(
        not_created,
        expect![[r#"
        error pg_stat_statements.created: the database "shop" does not have the extension pg_stat_statements: no statements are shown
            connect to the database that has it (others here: orders, postgres), or as a superuser run: create extension pg_stat_statements;
    "#]],
    );
    check(
        |facts| {
            not_created(facts);
            facts.provider = Provider::Azure;
            facts.details.other_databases = None;
        },
        expect![[r#"
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
        expect![[r#"
            error pg_stat_statements.preloaded: pg_stat_statements is not in shared_preload_libraries: the server records no statements
                as a superuser run (or set it in postgresql.conf), then restart the server: alter system set shared_preload_libraries = 'pgaudit', 'pg_stat_statements';
            error pg_stat_statements.created: the database "shop" does not have the extension pg_stat_statements: no statements are shown
                connect to the database that has it (others here: orders, postgres), or install PostgreSQL's contrib package on the server first; then as a superuser run: create extension pg_stat_statements;
        "#]],
    );
    check(
        |facts| {
            facts.statements = StatementsReading::NotLoaded;
            facts.details.shared_preload_libraries = None;
        },
        expect![[r#"
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
        expect![[r#"
            error pg_stat_statements.preloaded: pg_stat_statements is not in shared_preload_libraries: the server records no statements
                set shared_preload_libraries = pg_stat_statements in the DB cluster parameter group (one of your own, the default one is fixed); it is static, reboot the instance afterwards: aws rds modify-db-cluster-parameter-group --db-cluster-parameter-group-name GROUP --parameters ParameterName=shared_preload_libraries,ParameterValue=pg_stat_statements,ApplyMethod=pending-reboot
        "#]],
    );
    check(
        |facts| facts.statements = StatementsReading::Failed("permission denied".into()),
        expect![[r#"
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
        expect![[r#"
            warning pg_stat_statements.version: pg_stat_statements is 1.8, the server offers 1.12: newer columns are missing
                as a superuser run: alter extension pg_stat_statements update;
        "#]],
    );
    check(
        |facts| facts.probe.statements_track = Some("none".into()),
        expect![[r#"
        error pg_stat_statements.track: none: no statement is recorded
            as a superuser run (or set it in postgresql.conf and reload): alter system set pg_stat_statements.track = top; select pg_reload_conf();
    "#]],
    );
    check(
        |facts| facts.probe.capabilities.switches.compute_query_id = Some("off".into()),
        expect![[r#"
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
        expect![[r#"
        warning pg_stat_statements.max: 4900 of 5000 entries are taken; since 2026-06-21 the least used were thrown out 720 times (3 an hour), and their work is not seen
            as a superuser run (or set it in postgresql.conf), then restart the server: alter system set pg_stat_statements.max = 10000;
    "#]],
    );
    check(
        read(4_900, Some(7), 10),
        expect![[r#"
        ok pg_stat_statements.max: 4900 of 5000 entries are taken; since 2026-06-21 the least used were thrown out 7 times (less than once a day), and their work is not seen
    "#]],
    );
    check(
        read(4_900, None, 0),
        expect![[r#"
        warning pg_stat_statements.max: 4900 of 5000 entries are taken: statements are thrown out, and this version does not count how many
            as a superuser run (or set it in postgresql.conf), then restart the server: alter system set pg_stat_statements.max = 10000;
    "#]],
    );
    check(
        read(4_000, None, 0),
        expect![[r#"
        ok pg_stat_statements.max: 4000 of 5000 entries are taken
    "#]],
    );
    check(
        |facts| {
            facts.statements = StatementsReading::Read { entries: 1, dealloc: Some(1), stats_reset: None }
        },
        expect![[r#"
            warning pg_stat_statements.max: 1 of 5000 entries are taken; the least used were thrown out once, and their work is not seen
                as a superuser run (or set it in postgresql.conf), then restart the server: alter system set pg_stat_statements.max = 10000;
        "#]],
    );
}

#[test]
fn texts_beyond_the_budget() {
    check(
        |facts| facts.text_file_bytes = Some(200 << 20),
        expect![[r#"
        warning statement_texts: the server keeps 200.0 MiB of text; readings of up to 64.0 MiB are allowed: statements will be shown by their query id
            allow more with --text-budget 300MiB, or to empty the file and all counters, as a superuser run: select pg_stat_statements_reset();
    "#]],
    );
    check(
        |facts| {
            facts.text_file_bytes = None;
            facts.details.may_see_text_file = Some(false);
        },
        expect![[r#"
            ok statement_texts: at most about 1.2 MiB of text; readings of up to 64.0 MiB are allowed
            ok text_file_size: hidden from all but superusers: it is estimated before texts are read
                optional: as a superuser run: grant execute on function pg_catalog.pg_stat_file(text, boolean) to monitor;
        "#]],
    );
}

#[test]
fn settings_that_measure_less() {
    let off = |provider| {
        move |facts: &mut CheckFacts| {
            facts.provider = provider;
            facts.probe.capabilities.switches.track_io_timing = Some(false);
            facts.probe.track_activity_query_size = Some("1kB".into());
            facts.probe.capabilities.switches.track_functions = Some(false);
        }
    };
    check(
        off(Provider::SelfManaged),
        expect![[r#"
        warning track_io_timing: track_io_timing is off: I/O times are not measured
            as a superuser run (or set it in postgresql.conf and reload): alter system set track_io_timing = on; select pg_reload_conf();
        warning track_activity_query_size: 1kB: texts of running statements are cut there
            as a superuser run (or set it in postgresql.conf), then restart the server: alter system set track_activity_query_size = 4096;
        ok track_functions: none, as by default: calls and times of functions are not shown
            as a superuser run (or set it in postgresql.conf and reload): alter system set track_functions = pl; select pg_reload_conf();
    "#]],
    );
    check(
        off(Provider::Rds),
        expect![[r#"
        warning track_io_timing: track_io_timing is off: I/O times are not measured
            set track_io_timing = 1 in the DB parameter group (one of your own, the default one is fixed); it is dynamic, no reboot is needed: aws rds modify-db-parameter-group --db-parameter-group-name GROUP --parameters ParameterName=track_io_timing,ParameterValue=1,ApplyMethod=immediate
        warning track_activity_query_size: 1kB: texts of running statements are cut there
            set track_activity_query_size = 4096 in the DB parameter group (one of your own, the default one is fixed); it is static, reboot the instance afterwards: aws rds modify-db-parameter-group --db-parameter-group-name GROUP --parameters ParameterName=track_activity_query_size,ParameterValue=4096,ApplyMethod=pending-reboot
        ok track_functions: none, as by default: calls and times of functions are not shown
            set track_functions = pl in the DB parameter group (one of your own, the default one is fixed); it is dynamic, no reboot is needed: aws rds modify-db-parameter-group --db-parameter-group-name GROUP --parameters ParameterName=track_functions,ParameterValue=pl,ApplyMethod=immediate
    "#]],
    );
    check(
        off(Provider::CloudSql),
        expect![[r#"
        warning track_io_timing: track_io_timing is off: I/O times are not measured
            set the database flag track_io_timing = on; the command replaces all flags, so name those that are set already too: gcloud sql instances patch INSTANCE --database-flags=track_io_timing=on
        warning track_activity_query_size: 1kB: texts of running statements are cut there
            set the database flag track_activity_query_size = 4096; the command restarts the instance and replaces all flags, so name those that are set already too: gcloud sql instances patch INSTANCE --database-flags=track_activity_query_size=4096
        ok track_functions: none, as by default: calls and times of functions are not shown
            set the database flag track_functions = pl; the command replaces all flags, so name those that are set already too: gcloud sql instances patch INSTANCE --database-flags=track_functions=pl
    "#]],
    );
}

#[test]
fn what_the_role_cannot_see_is_no_fault() {
    check(
        |facts| {
            facts.details.hidden_sequences = Some(2);
            facts.details.hidden_sequence_schemas = Some("public, \"My Schema\"".into());
        },
        expect![[r#"
            ok sequences: hidden for 2 sequences here: whether they near their end is not known
                optional: as a superuser run: grant select on all sequences in schema public, "My Schema" to monitor;
        "#]],
    );
    check(
        |facts| facts.details = Details { error: Some("permission denied".into()), ..Details::default() },
        expect![[r#"
        warning check: its own statement was not answered, so some aspects are missing: permission denied
    "#]],
    );
    check(
        |facts| facts.probe.server_encoding = "SQL_ASCII".into(),
        expect![[r#"
        ok encoding: SQL_ASCII: names and texts that are not UTF-8 are shown with replacement characters
    "#]],
    );
}

#[test]
fn a_report_is_as_bad_as_its_worst_aspect() {
    let report = |aspects| CheckReport { target: "db/shop".into(), provider: None, version: None, aspects };
    assert_eq!(report(aspects(&good())).level(), Level::Ok);
    let unreached = report(vec![unreached("connect to db: refused".into(), "start it".into())]);
    assert_eq!((unreached.level(), unreached.count(Level::Error)), (Level::Error, 1));
}
