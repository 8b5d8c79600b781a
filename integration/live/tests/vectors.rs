//! What statements do with vectors is counted apart, on every major: searches by their distance, rows that are written.
//! Types and operators of pgvector's names stand for pgvector, of which nothing but names is looked at.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use pgquerylens_engine::poll::PollOptions;
use pgquerylens_live::{failures, monitored, options, poller};
use pgquerylens_model::report::PollReport;
use pgquerylens_model::running::SeriesRules;
use pgquerylens_model::vectors::VectorUse;
use pgquerylens_model::views::statements;
use pgquerylens_sandbox::{Server, majors, roles};

const PREPARE: &str = "
    create type vector as (coordinates real[]);
    create function l2_distance(vector, vector) returns float8 language sql immutable as 'select 1.5::float8';
    create operator <-> (leftarg = vector, rightarg = vector, function = l2_distance);
    create table documents (id int, embedding vector);
    create table plain (id int);
    create database elsewhere;";

const SEARCH: &str = "select id from documents order by embedding <-> row(array[1.0::real])::vector limit 2";
const SEARCH_BY_FUNCTION: &str = "select l2_distance(embedding, embedding) from documents limit 1";

/// Writes so many rows to both tables and searches so often by operator, once by function.
async fn work(server: &Server, rows: usize, searches: usize) {
    for id in 0..rows {
        server
            .execute(&format!("insert into documents values ({id}, row(array[{id}::real])::vector)"))
            .await
            .unwrap();
        server.execute(&format!("insert into plain values ({id})")).await.unwrap();
    }
    for _ in 0..searches {
        server.execute(SEARCH).await.unwrap();
    }
    server.execute(SEARCH_BY_FUNCTION).await.unwrap();
}

/// Calls and rows of each use, by the name of its database.
fn counted(report: &PollReport) -> Vec<(&str, &VectorUse, i64, i64)> {
    let statements = report.metrics.as_ref().unwrap().statements.as_ref().unwrap();
    let of = |sums: &[Option<pgquerylens_model::window::Sum>], name| {
        sums[statements::VIEW.column_index(name).unwrap()].map_or(0, |sum| sum.as_f64() as i64)
    };
    let vectors = statements.running.as_ref().unwrap().vectors.iter();
    vectors
        .map(|(database, vector_use, running)| {
            (database.as_str(), vector_use, of(&running.sums, "calls"), of(&running.sums, "rows"))
        })
        .collect()
}

#[tokio::test(flavor = "current_thread")]
async fn searches_and_inserts_equal_the_truth_on_every_major() {
    for major in majors() {
        let server = monitored(Server::new(major)).await;
        for statement in PREPARE.split(';') {
            server.execute(statement).await.unwrap();
        }
        work(&server, 3, 1).await;
        let options = PollOptions { series: Some(SeriesRules::default()), ..options() };
        let mut poller = poller(&server.url(roles::MONITOR, "postgres"), options);
        let first = poller.poll().await.unwrap();
        assert_eq!(failures(&first), Vec::<String>::new(), "on {major}");
        assert_eq!(counted(&first), [], "the texts are known from now on");
        work(&server, 5, 7).await;
        let report = poller.poll().await.unwrap();
        let l2 = VectorUse::Search { distance: "l2".to_owned() };
        let mut counts = counted(&report);
        counts.sort();
        let expected = [("postgres", &VectorUse::Insert, 5, 5), ("postgres", &l2, 8, 7 * 2 + 1)];
        assert_eq!(counts, expected, "on {major}");
    }
}
