//! Encryption, attributes and rights.

use expect_test::expect;

use super::*;

#[test]
fn encryption() {
    check(
        |facts| facts.connection.encryption = None,
        &expect![[r#"
        warning tls: the connection is not encrypted: statements and names can be read on the way
            leave out sslmode, or say sslmode=verify-full: the server offers TLS
    "#]],
    );
    check(
        |facts| {
            facts.connection.encryption = None;
            facts.details.server_has_tls = Some(false);
        },
        &expect![[r#"
            warning tls: the connection is not encrypted: statements and names can be read on the way
                give the server a certificate (ssl_cert_file, ssl_key_file), then as a superuser run (or set it in postgresql.conf and reload): alter system set ssl = on; select pg_reload_conf();
        "#]],
    );
    check(
        |facts| {
            facts.connection.encryption = None;
            facts.connection.is_local = true;
        },
        &expect![[r#"
            ok tls: none, and none is needed: the connection stays on this machine
        "#]],
    );
    let verified = |verified| {
        move |facts: &mut CheckFacts| {
            facts.connection.encryption = Some(Encryption {
                protocol: Some("TLSv1.3"),
                verified,
                checked_against: None,
                certificate_ends: None,
            });
        }
    };
    check(
        verified(Verified::Nothing),
        &expect![[r#"
        warning tls: TLSv1.3, but it is not checked who answers
            connect with sslmode=verify-full and sslrootcert=FILE with the server's authority
    "#]],
    );
    check(
        verified(Verified::Authority),
        &expect![[r#"
        warning tls: TLSv1.3, but any server of the same authority would be taken for this one
            connect with sslmode=verify-full, under a name that the certificate holds
    "#]],
    );
    check(
        |facts| {
            verified(Verified::Authority)(facts);
            facts.provider = Provider::CloudSql;
        },
        &expect![[r#"
            ok tls: TLSv1.3, the certificate's authority is checked, which is the instance's own
        "#]],
    );
    check(
        |facts| {
            facts.connection.encryption.as_mut().unwrap().certificate_ends =
                Some(Timestamp(NOW.0 + 9 * DAY_MICROS));
        },
        &expect![[r#"
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
        &expect![[r#"
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
        &expect![[r#"
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
        &expect![[r#"
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
        &expect![[r#"
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
        &expect![[r#"
            error pg_monitor: the role "monitor" is a member of pg_monitor and does not inherit its rights
                as a superuser run: grant pg_monitor to monitor with inherit true;
        "#]],
    );
    check(
        |facts| facts.probe.capabilities.rights.read_all_settings = false,
        &expect![[r#"
        warning pg_monitor: settings that only pg_read_all_settings shows are missing (shared_preload_libraries among them)
            as a superuser run: grant pg_monitor to monitor;
    "#]],
    );
}
