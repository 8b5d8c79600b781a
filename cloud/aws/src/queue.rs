//! Targets to be polled, put into a queue of SQS: one message each, `{"target": {…}}`, so that each is polled, and fails, by
//! itself. Standard queues; one that keeps an order would hold servers up by each other.

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Builder;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value, json};
use std::time::Duration;

use crate::endpoint;
use crate::error::{self, Told};
use crate::session::Sessions;

/// How many messages a call takes.
const BATCH: usize = 10;
/// How many calls are under way at the same time.
const BATCHES_AT_ONCE: usize = 8;
/// How often what a call left undone is sent.
const ROUNDS: usize = 2;
const ATTEMPTS: u32 = 4;
const ATTEMPT_LIMIT: Duration = Duration::from_secs(5);
const CALL_LIMIT: Duration = Duration::from_secs(30);

/// The right that it takes.
const ACTION: &str = "sqs:SendMessage on the queue";

/// An entry of `servers` in a configuration.
pub type Target = Map<String, Value>;

/// What became of targets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queued {
    /// How many are in the queue.
    pub sent: usize,
    /// Those that are not, in their order.
    pub unsent: Vec<Unsent>,
}

/// A target that is not in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// The target's name.
    pub name: String,
    /// Why.
    pub why: String,
    /// What mends it.
    pub advice: String,
}

/// Puts targets into a queue, ten at a time. What the queue did not take for reasons of its own is sent once more.
pub async fn send(targets: &[Target], queue_url: &str, sessions: &Sessions) -> Queued {
    let session = sessions.of(None, region(queue_url)).await;
    let client = client(&session);
    let batches = targets.chunks(BATCH).map(|batch| send_batch(batch, queue_url, &client));
    let unsent: Vec<_> = stream::iter(batches).buffered(BATCHES_AT_ONCE).collect().await;
    let unsent: Vec<Unsent> = unsent.into_iter().flatten().collect();
    Queued { sent: targets.len() - unsent.len(), unsent }
}

fn client(session: &SdkConfig) -> Client {
    let limits =
        TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_LIMIT).operation_timeout(CALL_LIMIT);
    let config = Builder::from(session)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(limits.build());
    Client::from_conf(config.build())
}

/// Returns what was not sent.
async fn send_batch(batch: &[Target], queue_url: &str, client: &Client) -> Vec<Unsent> {
    let mut left: Vec<usize> = (0..batch.len()).collect();
    let mut refused: Vec<(usize, Told)> = Vec::new();
    for round in 1..=ROUNDS {
        let entries: Result<Vec<_>, _> = left.iter().map(|index| entry(*index, &batch[*index])).collect();
        let entries = entries.expect("an entry has an id and a body");
        let answer = client.send_message_batch().queue_url(queue_url).set_entries(Some(entries)).send().await;
        let failed = match answer {
            Ok(answer) => answer.failed,
            Err(failed) => {
                let told = error::refused_call(&failed, ACTION, "SQS");
                refused.extend(left.iter().map(|index| (*index, told.clone())));
                break;
            }
        };
        left.clear();
        for entry in failed {
            let Ok(index) = entry.id().parse::<usize>() else { continue };
            match entry.sender_fault() || round == ROUNDS {
                true => refused.push((index, error::refused_message(entry.code(), entry.message()))),
                false => left.push(index),
            }
        }
        if left.is_empty() {
            break;
        }
    }
    refused.sort_by_key(|(index, _)| *index);
    let named = |(index, Told { why, advice }): (usize, Told)| {
        batch.get(index).map(|target| Unsent { name: name(target).to_owned(), why, advice })
    };
    refused.into_iter().filter_map(named).collect()
}

/// A message is called by its place in the batch: a name may have letters that an id cannot.
fn entry(
    index: usize,
    target: &Target,
) -> Result<SendMessageBatchRequestEntry, aws_sdk_sqs::error::BuildError> {
    let body = json!({ "target": target }).to_string();
    SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(body).build()
}

fn name(target: &Target) -> &str {
    target.get("name").and_then(Value::as_str).unwrap_or_default()
}

/// Returns the region in the URL of a queue: `https://sqs.eu-west-1.amazonaws.com/123456789012/polls`.
fn region(queue_url: &str) -> Option<&str> {
    let host = queue_url.split_once("://")?.1.split('/').next()?;
    let region = host.strip_prefix("sqs.")?.split('.').next()?;
    endpoint::is_region(region).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_in_the_url() {
        for (url, expected) in [
            ("https://sqs.eu-west-1.amazonaws.com/123456789012/polls", Some("eu-west-1")),
            ("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/polls", Some("cn-north-1")),
            ("http://127.0.0.1:5000/123456789012/polls", None),
            ("polls", None),
        ] {
            assert_eq!(region(url), expected, "{url}");
        }
    }
}
