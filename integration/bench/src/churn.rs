//! What eviction costs the figures: `pg_stat_statements.max` at its minimum, more statements than that, and the
//! share of the work that is found again. Our windows must never be above the truth and never below what another
//! policy makes of the same readings.

mod draw;
mod history;
mod policies;

use pgquerylens_sandbox::{Server, newest, roles};

use crate::Result;
use crate::arguments::Arguments;
use crate::tables::{Table, put};
use history::{Churn, History};

/// The least that PostgreSQL allows.
const STATEMENTS_MAX: &str = "100";

/// From statements that all have a place to many times more than there are places.
const CHURNS: [Churn; 8] = [
    Churn { statements: 80, exponent: 0.3 },
    Churn { statements: 80, exponent: 1.0 },
    Churn { statements: 150, exponent: 1.0 },
    Churn { statements: 400, exponent: 1.0 },
    Churn { statements: 1_500, exponent: 1.0 },
    Churn { statements: 150, exponent: 0.3 },
    Churn { statements: 400, exponent: 0.3 },
    Churn { statements: 1_500, exponent: 0.3 },
];

/// Runs every history, shows the table, and tells whether all of them are sound.
pub(crate) async fn run(arguments: &Arguments) -> Result<bool> {
    let server = Server::new(newest())
        .setting("pg_stat_statements.max", STATEMENTS_MAX)
        .setting("autovacuum", "off")
        .start()
        .await?;
    let admin = server.superuser().await?;
    admin.batch_execute("create extension pg_stat_statements").await?;
    roles::create_monitor_role(&admin).await?;
    roles::create(&admin, history::WORKLOAD).await?;
    let oid = format!("select oid::int8 from pg_roles where rolname = '{}'", history::WORKLOAD);
    let userid: i64 = admin.query_one(&oid, &[]).await?.get(0);
    let mut table = Table::new(
        "Share of the true calls found again under eviction",
        &[
            "K, z",
            "evictions",
            "ours",
            "full if absent",
            "drop smaller",
            "skip first",
            "kept cache",
            "coverage",
        ],
    );
    let mut sound = true;
    for churn in CHURNS {
        let history = history::run(&server, churn, userid).await?;
        sound &= history.is_sound();
        table.push(row(churn, &history));
    }
    let verdict = if sound {
        "met: never above the truth, never below another policy"
    } else {
        "MISSED: a window was above the truth or below another policy"
    };
    println!("{}\n  {verdict}\n", table.plain());
    if let Some(document) = &arguments.write {
        put(document, "churn", &format!("{}\n{verdict}", table.markdown()))?;
    }
    Ok(sound)
}

fn row(churn: Churn, history: &History) -> Vec<String> {
    let share = |calls: i64| format!("{:.3}", calls as f64 / history.truth as f64);
    let mut row = vec![
        format!("{}, {:.1}", churn.statements, churn.exponent),
        history.evictions.to_string(),
        share(history.ours),
    ];
    row.extend(history.others.map(share));
    row.push(format!("{:.3}", history.coverage));
    row
}
