//! Functions and operators that were planted to be called in place of PostgreSQL's own: none is, on a direct
//! connection and behind a pooler that refuses or drops our settings. And what else must hold behind a pooler.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::time::Duration;

use pgquerylens_engine::poll::PollOptions;
use pgquerylens_live::faults::{Planted, statements_window};
use pgquerylens_live::{MemoryPoller, failures, monitored, options, poller};
use pgquerylens_model::report::Status;
use pgquerylens_model::window::Quality;
use pgquerylens_sandbox::pooler::{Pooler, StartupOptions};
use pgquerylens_sandbox::{Server, majors, roles};

/// What a planted function writes into the server's log, which no rollback takes back.
const CALLED: &str = "hijacked by";

/// Functions that our statements call, and others that operators stand for: name, arguments, result.
const FUNCTIONS: [(&str, &str, &str); 16] = [
    ("statement_timestamp", "", "timestamptz"),
    ("pg_postmaster_start_time", "", "timestamptz"),
    ("pg_is_in_recovery", "", "bool"),
    ("pg_backend_pid", "", "int"),
    ("current_database", "", "name"),
    ("current_setting", "text", "text"),
    ("current_setting", "text, bool", "text"),
    ("set_config", "text, text, bool", "text"),
    ("quote_ident", "text", "text"),
    ("pg_has_role", "name, text, text", "bool"),
    ("host", "inet", "text"),
    ("age", "xid", "int"),
    ("pg_blocking_pids", "int", "int[]"),
    ("pg_total_relation_size", "regclass", "int8"),
    ("pg_stat_get_numscans", "oid", "int8"),
    ("sha256", "bytea", "bytea"),
];

/// Operators: name, left and right type.
const OPERATORS: [(&str, &str, &str); 12] = [
    ("=", "name", "name"),
    ("=", "name", "text"),
    ("=", "oid", "oid"),
    ("=", "text", "text"),
    ("=", "\"char\"", "\"char\""),
    ("<>", "text", "text"),
    ("<>", "oid", "oid"),
    ("!~", "name", "text"),
    ("-", "int8", "int8"),
    ("+", "int8", "int8"),
    (">", "int8", "int8"),
    ("||", "text", "text"),
];

fn body(name: &str, result: &str) -> String {
    let log = format!("begin raise log '{CALLED} {name}'; return null; end");
    format!("returns {result} language plpgsql as $hijack${log}$hijack$")
}

/// Plants all of them in a schema, and overloads of the extension's own functions.
async fn plant(server: &Server, schema: &str) {
    let mut make = String::new();
    for (name, arguments, result) in FUNCTIONS {
        make.push_str(&format!("create function {schema}.{name}({arguments}) {};\n", body(name, result)));
    }
    for (index, (operator, left, right)) in OPERATORS.iter().enumerate() {
        let result = match *operator {
            "-" | "+" => "int8",
            "||" => "text",
            _ => "bool",
        };
        let function = format!("{schema}.operator_{index}");
        make.push_str(&format!(
            "create function {function}({left}, {right}) {};
             create operator {schema}.{operator} (leftarg = {left}, rightarg = {right}, function = {function});\n",
            body(&format!("{left} {operator} {right}"), result)
        ));
    }
    for overload in ["pg_stat_statements(text)", "pg_stat_statements_info(int)"] {
        make.push_str(&format!("create function {schema}.{overload} {};\n", body(overload, "int")));
    }
    server.execute(&make).await.unwrap();
}

/// A server with the extension in a schema where anybody may create, and search paths that put the planted first.
async fn hostile(major: u32) -> Server {
    let server = monitored(Server::new(major)).await;
    let make = "drop extension pg_stat_statements; create schema open; grant all on schema open to public;
                create extension pg_stat_statements schema open;
                create table sized (id int primary key)";
    server.execute(make).await.unwrap();
    plant(&server, "public").await;
    plant(&server, "open").await;
    server.execute("alter database postgres set search_path = public, open, pg_catalog").await.unwrap();
    server
}

async fn check_not_hijacked(server: &Server, mut poller: MemoryPoller, how: &str) {
    let waits = server.superuser().await.unwrap();
    waits.batch_execute("set search_path = pg_catalog; begin; lock table public.sized").await.unwrap();
    let waiter = server.superuser().await.unwrap();
    waiter.batch_execute("set search_path = pg_catalog").await.unwrap();
    let waiting = tokio::spawn(async move { waiter.batch_execute("lock table public.sized").await });
    for _ in 0..2 {
        let report = poller.poll().await.unwrap_or_else(|failure| panic!("{how}: {failure}"));
        assert_eq!(failures(&report), Vec::<String>::new(), "{how}");
        assert_eq!(report.status, Status::Ok, "{how}: {:?}", report.notices);
    }
    waiting.abort();
    let log = server.log();
    let called: Vec<&str> =
        log.lines().filter(|line| line.contains(CALLED) && line.contains("LOG:")).collect();
    assert_eq!(called, Vec::<&str>::new(), "{how}");
}

#[tokio::test(flavor = "current_thread")]
async fn planted_functions_work_and_are_noticed() {
    let server = hostile(18).await;
    server.execute("select statement_timestamp(), 'a'::name = 'b'::name").await.unwrap();
    assert_eq!(server.log().matches("LOG:  hijacked by").count(), 2);
}

#[tokio::test(flavor = "current_thread")]
async fn no_planted_function_is_called_on_a_direct_connection() {
    for major in majors() {
        let server = hostile(major).await;
        let poller = poller(&server.url(roles::MONITOR, "postgres"), options());
        check_not_hijacked(&server, poller, &format!("{major}")).await;
    }
}

/// Whoever may create in the extension's schema can make its functions ambiguous: that costs the statements, aloud.
#[tokio::test(flavor = "current_thread")]
async fn an_ambiguous_overload_costs_the_statements_and_is_not_called() {
    let server = hostile(18).await;
    let overload = body("an overload", "int");
    server
        .execute(&format!("create function open.pg_stat_statements_info(int8 default 1) {overload}"))
        .await
        .unwrap();
    let report = poller(&server.url(roles::MONITOR, "postgres"), options()).poll().await.unwrap();
    assert_eq!(report.status, Status::Degraded);
    let lines = failures(&report);
    assert!(lines.len() == 1 && lines[0].contains("pg_stat_statements_info() is not unique"), "{lines:?}");
    assert!(!server.log().contains(CALLED));
}

const BOTH_WAYS: [StartupOptions; 2] = [StartupOptions::Refused, StartupOptions::Ignored];

async fn behind(server: &Server, way: StartupOptions, options: PollOptions) -> (Pooler, MemoryPoller) {
    let pooler = Pooler::start(server, way).await.unwrap();
    let poller = poller(&pooler.url(roles::MONITOR, "postgres"), options);
    (pooler, poller)
}

#[tokio::test(flavor = "current_thread")]
async fn no_planted_function_is_called_behind_a_pooler() {
    for major in [12, 18] {
        for way in BOTH_WAYS {
            let server = hostile(major).await;
            let (_pooler, poller) = behind(&server, way, options()).await;
            check_not_hijacked(&server, poller, &format!("{way:?} on {major}")).await;
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn polls_behind_a_pooler_have_exact_windows() {
    for major in [12, 18] {
        let server = monitored(Server::new(major)).await;
        for way in BOTH_WAYS {
            let planted = Planted::on(&server).await;
            let (_pooler, mut poller) = behind(&server, way, options()).await;
            poller.poll().await.unwrap();
            for calls in [3, 7] {
                planted.run(&server, calls).await;
                let report = poller.poll().await.unwrap();
                assert_eq!(failures(&report), Vec::<String>::new(), "{way:?} on {major}");
                assert_eq!(report.status, Status::Ok, "{way:?} on {major}: {:?}", report.notices);
                assert_eq!(statements_window(&report).quality, Quality::Exact, "{way:?} on {major}");
                assert_eq!(planted.calls(&report), i64::from(calls), "{way:?} on {major}");
            }
        }
    }
}

async fn next_xid(server: &Server) -> i64 {
    let admin = server.superuser().await.unwrap();
    let ask = "select txid_snapshot_xmax(txid_current_snapshot())";
    admin.query_one(ask, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "current_thread")]
async fn a_hundred_polls_behind_a_pooler_assign_no_transaction_id() {
    let server = monitored(Server::new(18).setting("autovacuum", "off")).await;
    for way in BOTH_WAYS {
        let steady = PollOptions { all_due: false, top: 20, ..options() };
        let (_pooler, mut poller) = behind(&server, way, steady).await;
        let before = next_xid(&server).await;
        for _ in 0..100 {
            poller.poll().await.unwrap();
        }
        assert_eq!(next_xid(&server).await, before, "{way:?}");
    }
}

/// A setting that a poll leaves on a shared connection would be another client's.
#[tokio::test(flavor = "current_thread")]
async fn a_poll_behind_a_pooler_leaves_no_setting_behind() {
    for encoding in ["--encoding=UTF8", "--encoding=SQL_ASCII"] {
        let server = monitored(Server::new(18).initdb_arg(encoding)).await;
        for way in BOTH_WAYS {
            let (pooler, mut poller) = behind(&server, way, options()).await;
            for _ in 0..2 {
                let report = poller.poll().await.unwrap();
                assert_eq!(failures(&report), Vec::<String>::new(), "{way:?}");
            }
            // The poller is idle between its polls, so that this client gets the same backend.
            let client = pgquerylens_sandbox::connect(&pooler.url(roles::MONITOR, "postgres")).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            let ask = "select string_agg(current_setting(name), ' ' order by name) from unnest(array[
                'search_path', 'lock_timeout', 'statement_timeout', 'work_mem', 'default_transaction_read_only',
                'client_encoding', 'jit']) as name";
            let rows = client.simple_query(ask).await.unwrap();
            let settings = rows.iter().find_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            });
            assert_eq!(
                settings.as_deref(),
                Some("UTF8 off on 0 \"$user\", public 0 4MB"),
                "{way:?} {encoding}"
            );
        }
    }
}
