//! Names that were made to break things: quotes, newlines, semicolons, emoji, bytes that are no UTF-8. They come back
//! as they are, and none of them is run.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::collections::BTreeSet;

use pgquerylens_engine::poll::{Databases, PollOptions};
use pgquerylens_live::faults::{Kept, statements_window};
use pgquerylens_live::{failures, monitored, options, poller};
use pgquerylens_model::report::{PollReport, Status};
use pgquerylens_model::view::View;
use pgquerylens_model::views::{database, functions, index_duplicates, indexes, roles, sequences, tables};
use pgquerylens_model::window::Quality;
use pgquerylens_sandbox::{PASSWORD, Server, connect};

/// Each is a name of a table, an index, a sequence, a function, a role, a schema and a database.
const NAMES: [&str; 6] = [
    r#"x"; drop table kept; --"#,
    "x'; drop table kept; --",
    "two\nlines\r\n\tand a tab",
    "$1 %s {} \\ /* no comment",
    "select 🐘 from größe; 表",
    " ",
];

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// All labels of a column, over all databases that were read.
fn labels(report: &PollReport, view: &View, column: &str) -> BTreeSet<String> {
    let index = view.column_index(column).unwrap();
    let of_view =
        report.metrics.as_ref().unwrap().views.iter().filter(|metrics| metrics.view.name == view.name);
    of_view
        .flat_map(|metrics| {
            let rows = &metrics.snapshot.rows;
            (0..rows.len()).filter_map(move |row| rows.label(index, row)).map(str::to_owned)
        })
        .collect()
}

fn check_intact(report: &PollReport, view: &View, column: &str) {
    let labels = labels(report, view, column);
    for name in NAMES {
        assert!(labels.contains(name), "{name:?} in {}.{column}: {labels:?}", view.name);
    }
}

/// An index lies in its table's schema and a sequence among the tables, so each needs a place of its own.
async fn plant(server: &Server, name: &str) {
    let (name, second) = (quoted(name), quoted(&format!("{name}2")));
    let make = format!(
        "create schema {name};
         create table {name}.{name} (id int, {name} text);
         create index {name} on public.kept (id);
         create sequence {name}.{second};
         create function public.{name}() returns int language plpgsql as 'begin return 1; end';
         select public.{name}(), {name} from {name}.{name};
         select public.{name}()"
    );
    server.execute(&make).await.unwrap();
}

#[tokio::test(flavor = "current_thread")]
async fn strange_names_come_back_intact_and_none_is_run() {
    let server = monitored(Server::new(18).setting("track_functions", "all")).await;
    server.execute("create table kept (id int)").await.unwrap();
    for name in NAMES {
        plant(&server, name).await;
        let role = quoted(name);
        let make = format!("create role {role} login password '{PASSWORD}'; grant pg_monitor to {role}");
        server.execute(&make).await.unwrap();
        server.execute(&format!("create database {role}")).await.unwrap();
        server.execute_in(name, "create table kept (id int)").await.unwrap();
    }
    let all = PollOptions { databases: Databases::All, ..options() };
    for (role, database) in NAMES.iter().map(|name| (*name, *name)).chain([("pgquerylens", "postgres")]) {
        let mut poller = poller(&server.url(role, database), all.clone());
        poller.poll().await.unwrap();
        let report = poller.poll().await.unwrap();
        assert_eq!(failures(&report), Vec::<String>::new(), "as {role:?}");
        assert_eq!(report.status, Status::Ok, "as {role:?}: {:?}", report.notices);
        assert_eq!(statements_window(&report).quality, Quality::Exact, "as {role:?}");
        check_intact(&report, &tables::VIEW, "schemaname");
        check_intact(&report, &tables::VIEW, "relname");
        check_intact(&report, &indexes::VIEW, "indexrelname");
        check_intact(&report, &functions::VIEW, "funcname");
        check_intact(&report, &sequences::VIEW, "schemaname");
        check_intact(&report, &roles::VIEW, "rolname");
        check_intact(&report, &database::VIEW, "datname");
        assert!(!labels(&report, &index_duplicates::VIEW, "indexrelname").is_empty());
    }
    for database in NAMES.into_iter().chain(["postgres"]) {
        server.execute_in(database, "select from kept").await.unwrap();
    }
}

/// What a SQL_ASCII database may hold: bytes that are no UTF-8, in names and in texts.
const LATIN_1: &str = "do $$ begin
    execute format('create table %I (id int)', 'caf' || chr(233));
    execute format('select 1 as %I from %I', 'th' || chr(233), 'caf' || chr(233));
    execute format('create function %I() returns int language sql as ''select 1''', 'gar' || chr(231) || 'on');
end $$";

#[tokio::test(flavor = "current_thread")]
async fn bytes_that_are_no_utf8_are_replaced_and_nothing_else_is_lost() {
    for major in [12, 18] {
        let builder =
            Server::new(major).initdb_arg("--encoding=SQL_ASCII").setting("pg_stat_statements.track", "all");
        let server = monitored(builder).await;
        server.execute("create table kept (id int)").await.unwrap();
        server.execute(LATIN_1).await.unwrap();
        // A running statement with such bytes, too.
        let busy = connect(&server.url("postgres", "postgres")).await.unwrap();
        let run = "do $$ begin execute 'select pg_sleep(30) as th' || chr(233); end $$";
        let running = tokio::spawn(async move { busy.batch_execute(run).await });
        let kept = Kept::new();
        let url = server.url("pgquerylens", "postgres");
        kept.poll(&url).await.unwrap();
        server.execute("do $$ begin execute 'select 2 as th' || chr(233); end $$").await.unwrap();
        let report = kept.poll(&url).await.unwrap();
        running.abort();
        assert_eq!(failures(&report), Vec::<String>::new(), "on {major}");
        assert_eq!(report.status, Status::Ok, "on {major}: {:?}", report.notices);
        assert_eq!(statements_window(&report).quality, Quality::Exact, "on {major}");
        let names = labels(&report, &tables::VIEW, "relname");
        assert!(names.contains("caf\u{fffd}") && names.contains("kept"), "on {major}: {names:?}");
    }
}
