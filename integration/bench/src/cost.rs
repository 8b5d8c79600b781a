//! What a poll costs the monitored server and its own machine, on a server with 5,000 statements and on one with
//! very long texts.

mod alone;
mod cold;
mod figures;
mod flat;
mod hour;
mod per_view;
mod rivals;
mod rounds;

use pgquerylens_model::view::Cadence;

use crate::Result;
use crate::arguments::Arguments;
use crate::lines::{self, Line};
use crate::stage::{self, Stage};
use crate::tables::{Table, put};

const COLD_POLLS: usize = 20;
const READINGS_PER_VIEW: usize = 20;

/// Measures on both servers, shows the tables, and tells whether everything was reached.
pub(crate) async fn run(arguments: &Arguments) -> Result<bool> {
    println!("{}\n", lines::machine());
    let mut tables = Vec::new();
    let ordinary = Stage::set(stage::ORDINARY).await?;
    let mut lines = of_ordinary(&ordinary, arguments).await?;
    tables.push(show(lines::table("5,000 statements with 35 MB of text", &lines)));
    tables.push(show(per_view(&ordinary).await?));
    drop(ordinary);
    let long_texts = Stage::set(stage::LONG_TEXTS).await?;
    let found = rounds::compare(&long_texts, arguments.pairs).await?;
    let mut of_long_texts = figures::steady(&found);
    of_long_texts.extend(figures::collector(&found.poll));
    tables.push(show(lines::table("2,000 statements with 280 MB of text", &of_long_texts)));
    lines.extend(of_long_texts);
    let verdict = lines::verdict(&lines);
    println!("  {verdict}\n");
    if let Some(document) = &arguments.write {
        let tables: Vec<String> = tables.iter().map(Table::markdown).collect();
        let rounds = format!("{} Medians and quartiles of {} rounds.", lines::machine(), arguments.pairs);
        put(document, "cost", &format!("{rounds}\n\n{}\n{verdict}", tables.join("\n")))?;
    }
    Ok(lines.iter().all(Line::is_met))
}

async fn of_ordinary(stage: &Stage, arguments: &Arguments) -> Result<Vec<Line>> {
    let found = rounds::compare(stage, arguments.pairs).await?;
    let hour = hour::run(stage).await?;
    let cold = cold::polls(stage, COLD_POLLS).await?;
    let visits = cold::visits(stage).await?;
    let flat = flat::run(stage, arguments.polls).await?;
    let groups = [
        figures::steady(&found),
        figures::collector(&found.poll),
        figures::hour(&hour),
        figures::cold(&cold, &visits),
        figures::flat(&flat, arguments.polls),
    ];
    Ok(groups.into_iter().flatten().collect())
}

async fn per_view(stage: &Stage) -> Result<Table> {
    let head = ["read alone in a session", "server CPU", "class"];
    let mut table = Table::new("What each view costs", &head);
    for cost in per_view::measure(stage, READINGS_PER_VIEW).await? {
        let class = match cost.view.cadence {
            _ if cost.view.name == pgquerylens_model::probe::CONTROL.name => "once a connection",
            Cadence::EveryPoll => "every poll",
            Cadence::Minutes => "minutes",
            Cadence::Hours => "hours",
        };
        table.push(vec![cost.view.name.to_owned(), format!("{:.2} ms", cost.cpu.median()), class.to_owned()]);
    }
    Ok(table)
}

fn show(table: Table) -> Table {
    println!("{}", table.plain());
    table
}
