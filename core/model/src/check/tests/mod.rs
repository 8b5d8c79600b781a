//! Facts in, levels and sentences out; no server is asked.

mod access;
mod server;
mod statements;

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
            aurora: Vec::new(),
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
        max_connections: 100,
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
                checked_against: Some("the system's trusted certificates".to_owned()),
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
            shared_preload_libraries: Some("auto_explain, pg_stat_statements".into()),
            may_see_text_file: Some(true),
            hidden_sequences: Some(0),
            hidden_sequence_schemas: None,
            server_address: Some("10.0.0.5".into()),
            server_port: Some(5_432),
            server_has_tls: Some(true),
        },
        statements_home: None,
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
fn check(change: impl Fn(&mut CheckFacts), expected: &Expect) {
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
        ok tls: TLSv1.3, the server's certificate and name are checked against the system's trusted certificates
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
        &expect![[r#"
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
        &expect![[r#"
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
        &expect![[r#"
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
        &expect![[r#"
            ok sequences: hidden for 2 sequences here: whether they near their end is not known
                optional: as a superuser run: grant select on all sequences in schema public, "My Schema" to monitor;
        "#]],
    );
    check(
        |facts| facts.details = Details { error: Some("permission denied".into()), ..Details::default() },
        &expect![[r#"
        warning check: its own statement was not answered, so some aspects are missing: permission denied
    "#]],
    );
    check(
        |facts| facts.probe.server_encoding = "SQL_ASCII".into(),
        &expect![[r#"
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

#[test]
fn every_aspect_is_documented() {
    let page = include_str!("../../../../../docs/check.md");
    for aspect in aspects(&good()) {
        assert!(page.contains(&format!("| `{}` |", aspect.id)), "docs/check.md lacks {}", aspect.id);
    }
}
