//! Statements whose numbers of calls and rows are known exactly, to hold a collector's figures against the truth.

use tokio_postgres::Client;

use crate::{Result, error::Doing};

/// What one statement has done in one [`run`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// A word that this statement's text holds and no other's.
    pub label: &'static str,
    /// How often it ran.
    pub calls: u64,
    /// How many rows all its calls returned or changed.
    pub rows: u64,
}

/// A statement, how many calls it gets out of `times`, and how many rows each call has.
struct Case {
    label: &'static str,
    text: &'static str,
    calls: fn(u64) -> u64,
    rows_per_call: u64,
}

const TABLES: &str = "create table if not exists known_stock (id bigint primary key, amount bigint not null);
    create table if not exists known_log (id bigint generated always as identity, note text not null);
    insert into known_stock select id, 0 from generate_series(1, 100) as id on conflict do nothing";

const CASES: [Case; 7] = [
    Case { label: "known_one", text: "select 1 as known_one", calls: |times| times, rows_per_call: 1 },
    Case {
        label: "known_ten",
        text: "select known_ten from generate_series(1, 10) as known_ten",
        calls: |times| 2 * times,
        rows_per_call: 10,
    },
    Case {
        label: "known_none",
        text: "select amount as known_none from known_stock where id < 0",
        calls: |times| times + 1,
        rows_per_call: 0,
    },
    Case {
        label: "known_insert",
        text: "insert into known_log as known_insert (note) select 'three' from generate_series(1, 3)",
        calls: |times| times,
        rows_per_call: 3,
    },
    Case {
        label: "known_update",
        text: "update known_stock as known_update set amount = amount + 1 where id <= 5",
        calls: |times| times.div_ceil(2),
        rows_per_call: 5,
    },
    Case {
        label: "known_delete",
        text: "delete from known_stock as known_delete where id < 0",
        calls: |times| times,
        rows_per_call: 0,
    },
    Case {
        label: "known_rare",
        text: "select count(*) as known_rare from known_stock",
        calls: |_| 1,
        rows_per_call: 1,
    },
];

/// Makes the tables; run it once, before the first reading.
pub async fn prepare(client: &Client) -> Result<()> {
    client.batch_execute(TABLES).await.doing("make the tables of the known workload")
}

/// Runs every statement in proportion to `times` and returns what each has done.
pub async fn run(client: &Client, times: u64) -> Result<Vec<Known>> {
    let mut done = Vec::new();
    for case in &CASES {
        let calls = (case.calls)(times);
        for _ in 0..calls {
            client.query(case.text, &[]).await.doing(format!("run {}", case.label))?;
        }
        done.push(Known { label: case.label, calls, rows: calls * case.rows_per_call });
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::{prepare, run};
    use crate::{Server, majors, newest};

    #[tokio::test]
    async fn server_counts_the_same() {
        for major in [majors()[0], newest()] {
            let server = Server::new(major).start().await.unwrap();
            server.execute("create extension pg_stat_statements").await.unwrap();
            let client = server.superuser().await.unwrap();
            prepare(&client).await.unwrap();
            for known in run(&client, 7).await.unwrap() {
                let counted = "select sum(calls)::bigint, sum(rows)::bigint from pg_stat_statements
                    where position($1 in query) > 0 and query not like '%pg_stat_statements%'";
                let row = client.query_one(counted, &[&known.label]).await.unwrap();
                let pair = (row.get::<_, i64>(0) as u64, row.get::<_, i64>(1) as u64);
                assert_eq!(pair, (known.calls, known.rows), "{} on {major}", known.label);
            }
        }
    }
}
