//! A double of the API of Amazon SQS, ours and no emulator of Amazon's: SendMessageBatch alone, strictly by the reference
//! (ten entries, ids of letters, digits, `-` and `_` that differ), and what no emulator does on demand: batches of which
//! some entries are not taken.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::Result;
use crate::serving::{Answer, Serving};

const MAX_ENTRIES: usize = 10;

/// Entries that are not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// A part of their bodies.
    pub body: String,
    /// How often they are refused before they are taken.
    pub times: usize,
    /// Whether that is the sender's fault.
    pub by_sender: bool,
}

/// A running double. Dropping it closes its port and all connections.
#[derive(Debug)]
pub struct SqsDouble {
    serving: Serving,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    refused: Vec<Refused>,
    taken: Vec<String>,
    batches: usize,
}

impl SqsDouble {
    /// Starts one with an empty queue.
    pub async fn start(refused: Vec<Refused>) -> Result<SqsDouble> {
        let kept = Arc::new(Mutex::new(Kept { refused, ..Kept::default() }));
        let asked = Arc::clone(&kept);
        let serving = Serving::start("SQS", move |request| answer(request, Arc::clone(&asked))).await?;
        Ok(SqsDouble { serving, kept })
    }

    /// Returns its address, for AWS_ENDPOINT_URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.serving.port)
    }

    /// Returns the bodies that were taken.
    pub fn taken(&self) -> Vec<String> {
        lock(&self.kept).taken.clone()
    }

    /// Returns how many batches were sent.
    pub fn batches(&self) -> usize {
        lock(&self.kept).batches
    }
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(
    request: Request<Incoming>,
    kept: Arc<Mutex<Kept>>,
) -> std::result::Result<Answer, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let done = match target {
        Some("AmazonSQS.SendMessageBatch") => done(&asked, &mut lock(&kept)),
        _ => Err("com.amazonaws.sqs#UnsupportedOperation"),
    };
    let (status, said) = match done {
        Ok(said) => (StatusCode::OK, said),
        Err(code) => (StatusCode::BAD_REQUEST, json!({"__type": code, "message": "refused by the double"})),
    };
    let mut answer = Response::new(Full::new(Bytes::from(said.to_string())));
    *answer.status_mut() = status;
    Ok(answer)
}

fn done(asked: &Value, kept: &mut Kept) -> std::result::Result<Value, &'static str> {
    kept.batches += 1;
    let entries = asked["Entries"].as_array().map(Vec::as_slice).unwrap_or_default();
    if entries.is_empty() {
        return Err("com.amazonaws.sqs#EmptyBatchRequest");
    }
    if entries.len() > MAX_ENTRIES {
        return Err("com.amazonaws.sqs#TooManyEntriesInBatchRequest");
    }
    let ids: BTreeSet<&str> = entries.iter().filter_map(|entry| entry["Id"].as_str()).collect();
    if ids.len() != entries.len() {
        return Err("com.amazonaws.sqs#BatchEntryIdsNotDistinct");
    }
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    if ids.iter().any(|id| id.is_empty() || id.len() > 80 || !id.chars().all(is_letter)) {
        return Err("com.amazonaws.sqs#InvalidBatchEntryId");
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let body = entry["MessageBody"].as_str().unwrap_or_default();
        let refused =
            kept.refused.iter_mut().find(|refused| refused.times > 0 && body.contains(&refused.body));
        match refused {
            Some(refused) => {
                refused.times -= 1;
                let code = if refused.by_sender { "InvalidMessageContents" } else { "InternalError" };
                failed.push(json!({"Id": entry["Id"], "SenderFault": refused.by_sender, "Code": code}));
            }
            None => {
                kept.taken.push(body.to_owned());
                successful.push(json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "0"}));
            }
        }
    }
    Ok(json!({"Successful": successful, "Failed": failed}))
}
