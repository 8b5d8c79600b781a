//! `discover`: which servers there are at AWS, which of them are left out and why; with a queue, a message for each is sent.

use pgquerylens_aws::discover::{Found, discover, target};
use pgquerylens_aws::queue;
use pgquerylens_aws::session::Account;
use pgquerylens_setup::discovery;
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::options::Given;
use serde_json::{Map, Value, json};

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
    let sessions = &process.secrets.sessions;
    let found = discover(&search, sessions).await;
    let targets: Vec<_> = found.servers.iter().map(target).collect();
    let text = match is_json {
        true => format!("{}\n", document(&found, &targets)),
        false => render_found(&found, &look),
    };
    output::write(&text)?;
    if let (true, Some(trouble)) = (found.servers.is_empty(), found.troubles.first()) {
        let problem = format!("find servers: {}", trouble.why);
        return Err(Failure::new(Exit::Denied, problem, trouble.advice.clone()));
    }
    let Some(queue_url) = queue_url else { return Ok(Exit::Done) };
    let queued = queue::send(&targets, &queue_url, sessions).await;
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

/// Returns all that the table shows: who was found, who was left out, what is amiss, and where nobody let us look.
fn document(found: &Found, targets: &[Map<String, Value>]) -> Value {
    let left_out = found.left_out.iter().map(|omitted| {
        json!({"identifier": omitted.identifier, "arn": omitted.arn, "why": omitted.why.to_string()})
    });
    let remarks = found.remarks.iter().map(|remark| {
        json!({
            "identifier": remark.identifier,
            "arn": remark.arn,
            "about": remark.about,
            "advice": remark.advice,
        })
    });
    // Our own account has no role, and an account as a whole no region.
    let troubles = found.troubles.iter().map(|trouble| {
        json!({
            "role": trouble.account.as_ref().map(Account::roles),
            "region": trouble.region,
            "why": trouble.why,
            "advice": trouble.advice,
        })
    });
    json!({
        "schema": SCHEMA,
        "targets": targets,
        "left_out": left_out.collect::<Vec<_>>(),
        "other_engines": found.other_engines,
        "remarks": remarks.collect::<Vec<_>>(),
        "troubles": troubles.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use pgquerylens_aws::discover::{Remark, Trouble};

    use super::*;

    #[test]
    fn the_document_has_what_the_table_shows_besides_servers() {
        let trouble = |account, region: Option<&str>| Trouble {
            account,
            region: region.map(str::to_owned),
            why: "AccessDenied".to_owned(),
            advice: "allow it".to_owned(),
        };
        let found = Found {
            other_engines: BTreeMap::from([("mysql".to_owned(), 2)]),
            remarks: vec![Remark {
                identifier: "shop".to_owned(),
                arn: "ARN".to_owned(),
                about: "pgquerylens:intervall".to_owned(),
                advice: "did you mean pgquerylens:interval?".to_owned(),
            }],
            troubles: vec![trouble(Account::by("ROLE", None), None), trouble(None, Some("eu-west-1"))],
            ..Found::default()
        };
        expect_test::expect![[r#"
            {
              "schema": "pgquerylens.discover/1",
              "targets": [],
              "left_out": [],
              "other_engines": {
                "mysql": 2
              },
              "remarks": [
                {
                  "identifier": "shop",
                  "arn": "ARN",
                  "about": "pgquerylens:intervall",
                  "advice": "did you mean pgquerylens:interval?"
                }
              ],
              "troubles": [
                {
                  "role": "ROLE",
                  "region": null,
                  "why": "AccessDenied",
                  "advice": "allow it"
                },
                {
                  "role": null,
                  "region": "eu-west-1",
                  "why": "AccessDenied",
                  "advice": "allow it"
                }
              ]
            }"#]]
        .assert_eq(&serde_json::to_string_pretty(&document(&found, &[])).unwrap());
    }
}
