//! Many of a kind, quickly: distinct statements with long texts, tables, databases. For the bench and for limits.

use std::fmt::Write;

use futures_util::future::{join_all, try_join_all};
use tokio_postgres::Client;

use crate::{Result, Server, connect, error::Doing};

/// Sessions that work at the same time.
const SESSIONS: usize = 2;
/// Statements on their way in one session; bounds the memory that long texts take.
const STATEMENTS_UNDER_WAY: usize = 16;
/// Columns of a statement that tell it from the others: two to the power of this is the most there can be.
const DISTINGUISHING_COLUMNS: usize = 20;
/// The most columns in the select list, well below PostgreSQL's 1,664.
const COLUMNS_MAX: usize = 1_000;
/// A transaction that makes more tables would run out of locks.
const TABLES_PER_TRANSACTION: u32 = 1_000;

/// Returns the text of statement `index`, about `text_bytes` long and at least 600. Each index has a query id of its
/// own; the text has no literal that pg_stat_statements would not replace.
pub fn statement(index: usize, text_bytes: usize) -> String {
    let mut text = String::with_capacity(text_bytes + 64);
    text.push_str("select ");
    for column in 0..DISTINGUISHING_COLUMNS {
        // The operator is part of the query id, names and constants are not.
        let operator = if index >> column & 1 == 0 { '+' } else { '-' };
        let _ = write!(text, "1 {operator} 1 as column_{column}, ");
    }
    for column in DISTINGUISHING_COLUMNS..COLUMNS_MAX {
        if text.len() + 64 > text_bytes {
            break;
        }
        let _ = write!(text, "null::bigint as a_column_with_a_long_name_{column}, ");
    }
    for line in 0.. {
        if text.len() + 64 > text_bytes {
            break;
        }
        let _ = write!(text, "/* line {line} of what somebody found worth telling */ ");
    }
    let _ = write!(text, "{index} as statement_{index}");
    text
}

/// Runs `count` distinct statements once each as the superuser, so that each has an entry in pg_stat_statements
/// (whose `max` must allow it).
pub async fn distinct_statements(
    server: &Server,
    database: &str,
    count: usize,
    text_bytes: usize,
) -> Result<()> {
    rerun_statements(server, database, 0..count, text_bytes).await
}

/// Runs some of the statements of [`distinct_statements`] once more.
pub async fn rerun_statements(
    server: &Server,
    database: &str,
    indexes: std::ops::Range<usize>,
    text_bytes: usize,
) -> Result<()> {
    let url = server.url(crate::SUPERUSER, database);
    let sessions = (0..SESSIONS).map(|session| {
        let indexes: Vec<usize> = indexes.clone().skip(session).step_by(SESSIONS).collect();
        run_all(&url, indexes, text_bytes)
    });
    try_join_all(sessions).await.map(|_| ())
}

/// Makes `count` tables named `heap_1` and so on, each with one column, no index and no row.
pub async fn tables(client: &Client, count: u32) -> Result<()> {
    for from in (1..=count).step_by(TABLES_PER_TRANSACTION as usize) {
        let to = count.min(from.saturating_add(TABLES_PER_TRANSACTION - 1));
        let make = format!(
            "do $$ begin for number in {from}..{to} loop
                execute format('create table heap_%s (id bigint)', number); end loop; end $$"
        );
        client.batch_execute(&make).await.doing(format!("make tables {from} to {to}"))?;
    }
    Ok(())
}

/// Makes `count` databases named `database_1` and so on. Each takes about 8 MB of disk.
pub async fn databases(server: &Server, count: u32) -> Result<()> {
    let client = server.superuser().await?;
    // Copying files is quicker than writing each page to WAL, and before 15 there was no other way.
    let strategy = if server.major() >= 15 { " strategy file_copy" } else { "" };
    for number in 1..=count {
        let make = format!("create database database_{number} template template0{strategy}");
        client.batch_execute(&make).await.doing(format!("make database_{number}"))?;
    }
    Ok(())
}

async fn run_all(url: &str, indexes: Vec<usize>, text_bytes: usize) -> Result<()> {
    let client = connect(url).await?;
    for some in indexes.chunks(STATEMENTS_UNDER_WAY) {
        let texts: Vec<String> = some.iter().map(|index| statement(*index, text_bytes)).collect();
        for answer in join_all(texts.iter().map(|text| client.batch_execute(text))).await {
            answer.doing("run a distinct statement")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{databases, distinct_statements, rerun_statements, statement, tables};
    use crate::{Server, newest};

    #[test]
    fn texts_have_the_length_asked_for() {
        for text_bytes in [1_000, 7_000, 140_000] {
            let length = statement(4_321, text_bytes).len();
            assert!(length.abs_diff(text_bytes) <= 64, "{length} for {text_bytes}");
        }
    }

    #[tokio::test]
    async fn heaps_are_as_high_as_asked() {
        let server = Server::new(newest()).start().await.unwrap();
        server.execute("create extension pg_stat_statements").await.unwrap();
        distinct_statements(&server, "postgres", 300, 2_000).await.unwrap();
        rerun_statements(&server, "postgres", 0..10, 2_000).await.unwrap();
        let client = server.superuser().await.unwrap();
        tables(&client, 1_500).await.unwrap();
        databases(&server, 2).await.unwrap();
        let count = async |query: &str| client.query_one(query, &[]).await.unwrap().get::<_, i64>(0);
        let entries = "select count(*) from pg_stat_statements where query like '%as statement_%'";
        assert_eq!(count(entries).await, 300);
        assert_eq!(count(&format!("{entries} and calls = 2")).await, 10);
        assert_eq!(count("select count(*) from pg_class where relname like 'heap_%'").await, 1_500);
        assert_eq!(count("select count(*) from pg_database where datname like 'database_%'").await, 2);
    }
}
