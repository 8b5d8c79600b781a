//! `state`: what lies under a state's URL, and how to be rid of a part of it.

use std::io::{self, BufRead};

use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::options::Given;
use pgquerylens_store::inventory::Inventory;
use pgquerylens_store::states::States;
use pgquerylens_store::url::StateUrl;

use super::settings;
use crate::agent::ownership::Ownership;
use crate::figures::plural;
use crate::looked::{document, look};
use crate::output;
use crate::process::Process;
use crate::report::render_state;
use pgquerylens_setup::clock;

/// The most names that are shown before a removal; of more their number is said.
const MAX_NAMES_SHOWN: usize = 20;

/// Runs the subcommand.
pub(super) async fn run(mut given: Given<'_>, process: &Process) -> Result<Exit, Failure> {
    let task = given.choice("task").unwrap_or("show");
    let url = settings::state_at(&mut given, "url");
    let server = given.text("server");
    let is_json = given.choice("format") == Some("json");
    let options = settings::look(&mut given, process);
    let is_agreed = given.flag("yes");
    if url.is_none() && given.is_sound() {
        given.mistake("URL", "say where the states are: pgquerylens state show s3://BUCKET/PREFIX");
    } else if url == Some(StateUrl::Memory) {
        given.mistake("URL", "what is kept in memory is known to its process alone: name a place");
    }
    if task == "forget" && !is_agreed && !process.may_ask {
        given.mistake("--yes", "say that it is to be removed: nobody can be asked here");
    }
    given.finish()?;
    let states = settings::states(&url.unwrap_or(StateUrl::Memory), process).await?;
    if task == "forget" {
        return forget(&states, server.as_deref(), is_agreed).await;
    }
    let looked = look(&states, server.as_deref(), clock::now()).await?;
    if let Some(server) = server.filter(|_| looked.servers.is_empty()) {
        return Err(not_there(&states, Some(&server)));
    }
    let text = if is_json { format!("{}\n", document(&looked)) } else { render_state(&looked, &options) };
    output::write(&text)?;
    Ok(Exit::Done)
}

/// Removes what a server has, or a single poll at the URL itself, after saying what that is.
async fn forget(states: &States, server: Option<&str>, is_agreed: bool) -> Result<Exit, Failure> {
    let inventory = found(states, server).await?;
    // The wishes for all lie at the URL too, and are taken back by `resume`.
    if server.is_none() && inventory.baseline_bytes.is_none() {
        let problem = format!("forget what is in {}: it is not said of which server", states.url());
        return Err(Failure::new(Exit::Usage, problem, "name it: --server NAME"));
    }
    // An agent that polls by it would begin anew at once, and another could come in between.
    let mut ownership = Ownership::of(states.url(), server.unwrap_or_default());
    if server.is_some() {
        ownership.take()?;
    }
    // Whoever owned it before may have written, and the mark of ownership goes, too.
    let inventory = found(states, server).await?;
    let whose =
        server.map_or_else(|| "the state".to_owned(), |server| format!("what the server {server} has"));
    output::write(&format!("{whose} in {}:\n{}", states.url(), listed(&inventory)))?;
    if !is_agreed && !agreed().await {
        output::write("nothing is removed\n")?;
        return Ok(Exit::Done);
    }
    states.forget(&inventory).await?;
    let gone = plural(inventory.names.len(), "object");
    output::write(&format!("removed {gone}; the next poll begins anew with a first reading\n"))?;
    Ok(Exit::Done)
}

async fn found(states: &States, server: Option<&str>) -> Result<Inventory, Failure> {
    let found = states.inventories().await?.into_iter().find(|(name, _)| name.as_deref() == server);
    found.map(|(_, inventory)| inventory).ok_or_else(|| not_there(states, server))
}

fn listed(inventory: &Inventory) -> String {
    let shown = inventory.names.iter().take(MAX_NAMES_SHOWN);
    let mut text: String = shown.map(|name| format!("  {name}\n")).collect();
    let more = inventory.names.len().saturating_sub(MAX_NAMES_SHOWN);
    if more > 0 {
        text.push_str(&format!("  and {more} more\n"));
    }
    text
}

/// Asks whether to go on. Everything but a yes is a no.
async fn agreed() -> bool {
    output::say("remove it? Write yes to do so:");
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    matches!(read.await, Ok(Ok(line)) if line.trim().eq_ignore_ascii_case("yes"))
}

fn not_there(states: &States, server: Option<&str>) -> Failure {
    let whose = server.map(|server| format!(" of the server {server}")).unwrap_or_default();
    let problem = format!("find a state{whose} in {}", states.url());
    Failure::new(
        Exit::NoInput,
        problem,
        format!("pgquerylens state show {} lists what is there", states.url()),
    )
}
