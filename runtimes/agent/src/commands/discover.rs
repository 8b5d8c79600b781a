//! `discover`: which servers there are at AWS, which of them are left out and why; with a queue, a message for each is sent.

use pgquerylens_aws::discover::{discover, target};
use pgquerylens_aws::queue;
use pgquerylens_setup::discovery;
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::options::Given;
use serde_json::json;

use super::settings;
use crate::output;
use crate::process::Process;
use crate::report::render_found;

/// What a document says it is.
const SCHEMA: &str = "pgquerylens.discover/1";

/// Runs the subcommand.
pub(super) async fn run(mut given: Given<'_>, process: &Process) -> Result<Exit, Failure> {
    let search = discovery::search(&mut given);
    let queue_url = given.text("queue-url");
    let is_json = given.choice("format") == Some("json");
    let look = settings::look(&mut given, process);
    given.finish()?;
    let sessions = process.secrets().sessions;
    let found = discover(&search, &sessions).await;
    let targets: Vec<_> = found.servers.iter().map(target).collect();
    let text = match is_json {
        true => {
            let left_out = found.left_out.iter().map(|omitted| {
                json!({"identifier": omitted.identifier, "arn": omitted.arn, "why": omitted.why.to_string()})
            });
            let troubles =
                found.troubles.iter().map(|trouble| json!({"why": trouble.why, "advice": trouble.advice}));
            let document = json!({
                "schema": SCHEMA,
                "targets": targets,
                "left_out": left_out.collect::<Vec<_>>(),
                "troubles": troubles.collect::<Vec<_>>(),
            });
            format!("{document}\n")
        }
        false => render_found(&found, &look),
    };
    output::write(&text)?;
    if let (true, Some(trouble)) = (found.servers.is_empty(), found.troubles.first()) {
        let problem = format!("find servers: {}", trouble.why);
        return Err(Failure::new(Exit::Denied, problem, trouble.advice.clone()));
    }
    let Some(queue_url) = queue_url else { return Ok(Exit::Done) };
    let queued = queue::send(&targets, &queue_url, &sessions).await;
    output::say(&format!("sent {} of {} messages to {queue_url}", queued.sent, targets.len()));
    match queued.unsent.first() {
        None => Ok(Exit::Done),
        Some(unsent) => {
            let problem = format!(
                "{} messages were not sent; the first, of {}: {}",
                queued.unsent.len(),
                unsent.name,
                unsent.why
            );
            Err(Failure::new(Exit::Unavailable, problem, unsent.advice.clone()))
        }
    }
}
