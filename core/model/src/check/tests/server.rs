//! Versions, poolers in front, and connection slots.

use expect_test::expect;

use super::*;

#[test]
fn versions() {
    check(
        |facts| facts.probe = probe(13),
        &expect![[r#"
        warning version: PostgreSQL 13.4: the community has not maintained 13 since 2025-11-13
            upgrade to a maintained version; pgquerylens reads 13 meanwhile
    "#]],
    );
    check(
        |facts| facts.probe.capabilities.version = ServerVersion(110_022),
        &expect![[r#"
        error version: PostgreSQL 11.22 is older than 12, the oldest version that is read
            upgrade the server
    "#]],
    );
    check(
        |facts| facts.probe.capabilities.version = ServerVersion(190_000),
        &expect![[r#"
        warning version: PostgreSQL 19.0 is newer than 18, the newest version that is known here: the figures are those of the columns of 18
            look for a newer pgquerylens
    "#]],
    );
}

#[test]
fn poolers_and_lost_settings() {
    check(
        |facts| facts.connection.pooling = Some(Pooling::DropsOptions),
        &expect![[r#"
            warning connection: a pooler such as PgBouncer (ignore_startup_parameters) stands in front and drops the session's settings: every poll sends them again, needs a savepoint for each view, and takes a server connection of the pool meanwhile
                connect past it: the server itself was reached at 10.0.0.5 port 5432
            ok tls: TLSv1.3, as far as the pooler, the server's certificate and name are checked against the system's trusted certificates
        "#]],
    );
    check(
        |facts| {
            facts.connection.pooling = Some(Pooling::RefusesOptions);
            facts.details.server_address = None;
        },
        &expect![[r#"
            warning connection: a pooler such as PgBouncer stands in front and refuses the session's settings: every poll sends them again, needs a savepoint for each view, and takes a server connection of the pool meanwhile
                connect past it, to the server's own host and port or its socket
            ok tls: TLSv1.3, as far as the pooler, the server's certificate and name are checked against the system's trusted certificates
        "#]],
    );
    check(
        |facts| facts.connection.pooling = Some(Pooling::RdsProxy),
        &expect![[r#"
        warning connection: RDS Proxy stands in front and refuses the session's settings: every login takes two attempts, every poll sends the settings again, which pins a connection of its pool to us until we close ours, needs a savepoint for each view, and cannot cancel a statement that is slow
            connect to the instance's own endpoint, with rds-db:connect on its own resource id: aws rds describe-db-instances --query "DBInstances[].[DBInstanceIdentifier,Endpoint.Address,DbiResourceId]" --output table
        ok tls: TLSv1.3, as far as RDS Proxy, the server's certificate and name are checked against the system's trusted certificates
    "#]],
    );
    check(
        |facts| {
            facts.probe.session.statement_timeout = "0".into();
            facts.probe.session.search_path = "\"$user\", public".into();
        },
        &expect![[r#"
            error session_settings: they did not arrive: search_path is "\"$user\", public", statement_timeout is 0 and not 10000ms
                connect straight to the server: what stands in front changes the session
        "#]],
    );
}

#[test]
fn connection_slots() {
    check(
        |facts| facts.details.connections_used = Some(95),
        &expect![[r#"
        warning connection_slots: 95 of 100 connections are taken, 2 more are open to this role
            close idle sessions or put a pooler in front of the application; else as a superuser run (or set it in postgresql.conf), then restart the server: alter system set max_connections = 125;
    "#]],
    );
    check(
        |facts| {
            facts.details.connections_used = Some(94);
            facts.details.reserved_connections = Some(3);
        },
        &expect![[r#"
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
        &expect![[r#"
            ok connection_slots: 91 of 100 connections are taken, 6 more are open to this role
        "#]],
    );
    check(
        |facts| facts.details.role_connections_used = Some(3),
        &expect![[r#"
        warning connection_slots: 11 of 100 connections are taken, 86 more are open to this role, but its own CONNECTION LIMIT is reached: a second poll would be refused
            as a superuser run: alter role monitor connection limit 5;
    "#]],
    );
    check(
        |facts| facts.details.role_connection_limit = Some(-1),
        &expect![[r#"
        ok connection_slots: 11 of 100 connections are taken, 86 more are open to this role
            optional: if it serves monitoring alone, so that it never takes more than 3, as a superuser run: alter role monitor connection limit 3;
    "#]],
    );
}
