//! Every view's table against every major: the columns that come are the columns that are described.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::source::live::Live;
use pgquerylens_engine::source::{Request, Source, Unit};
use pgquerylens_live::{monitored, target};
use pgquerylens_model::capabilities::Capabilities;
use pgquerylens_model::probe::{PROBE, Probe};
use pgquerylens_model::rows::Rows;
use pgquerylens_model::version::ServerVersion;
use pgquerylens_model::view::{Reading, View};
use pgquerylens_model::views;
use pgquerylens_sandbox::{Server, majors, roles};
use tokio::time::{Duration, Instant};

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

async fn probed(live: &mut Live) -> Probe {
    let version: ServerVersion = live.open(None).await.unwrap().version;
    let unit = Unit::single(&PROBE, PROBE.statement_for(version.major()).unwrap());
    let answer = live.read(&[unit], deadline()).await.remove(0);
    Probe::from_rows(&answer.rows.unwrap()).expect("the probe is whole")
}

async fn read(live: &mut Live, view: &'static View, sql: &'static str, capabilities: &Capabilities) -> Rows {
    let relations = matches!(view.reading, Reading::PerRelationOf(_)).then(|| vec![1_259]);
    let schema = (view.versioned_by == pgquerylens_model::view::VersionedBy::Statements)
        .then(|| capabilities.statements.as_ref().unwrap().schema.clone());
    let unit = Unit { schema, statement_timeout: None, requests: vec![Request { view, sql, relations }] };
    let answer = live.read(&[unit], deadline()).await.remove(0);
    answer.rows.unwrap_or_else(|error| panic!("{} on {}: {error}", view.name, capabilities.version))
}

/// Columns that came, of those that this version is said to have. A result without a row names no column.
fn described(view: &View, rows: &Rows, version: u16) -> (Vec<&'static str>, Vec<&'static str>) {
    let came = |index: &usize| rows.series(*index).is_some();
    let name = |index: usize| view.columns[index].name;
    let all = 0..view.columns.len();
    let expected = all.clone().filter(|index| view.columns[*index].is_in(version)).map(name).collect();
    (all.filter(came).map(name).collect(), expected)
}

async fn check(major: u32, role: &str) {
    let server = monitored(Server::new(major)).await;
    roles::create_plain_role(&server.superuser().await.unwrap()).await.unwrap();
    server.execute("create table t (id serial primary key); insert into t default values").await.unwrap();
    let mut live = Live::new(target(&server.url(role, "postgres")), Limits::default());
    let probe = probed(&mut live).await;
    let mut read_count = 0;
    for view in views::ALL {
        let Ok(sql) = probe.capabilities.statement_for(view) else { continue };
        let rows = read(&mut live, view, sql, &probe.capabilities).await;
        if !rows.is_empty() {
            let (came, expected) = described(view, &rows, probe.capabilities.version_for(view).unwrap());
            assert_eq!(came, expected, "columns of {} on {major} as {role}", view.name);
            read_count += 1;
        }
    }
    assert!(read_count >= 14, "only {read_count} views had rows on {major} as {role}");
}

#[tokio::test(flavor = "current_thread")]
async fn columns_are_as_described_for_the_monitoring_role() {
    for major in majors() {
        check(major, roles::MONITOR).await;
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_role_without_rights_reads_every_view_without_an_error() {
    for major in majors() {
        check(major, roles::PLAIN).await;
    }
}
