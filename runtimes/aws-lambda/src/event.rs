//! What an invocation is told to do: by a schedule, by whoever invokes it directly, or by a queue.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>

use pgquerylens_model::time::Timestamp;
use serde_json::Value;

/// The most servers of one event; a schedule's input has room for about as many.
pub(crate) const MAX_SERVERS: usize = 1_000;

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    /// What the configuration says.
    Tick,
    /// Poll these, each as an entry of `servers` is in a configuration file.
    Targets(Vec<Value>),
    /// Do what a queue's messages say, and tell for each whether it has to come again.
    Messages(Vec<Message>),
}

/// One message of a queue.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    /// By which the queue knows it.
    pub(crate) id: String,
    /// The server to poll, or why that is not in it.
    pub(crate) target: Result<Value, String>,
    /// When it was sent, if the queue tells.
    pub(crate) sent: Option<Timestamp>,
}

impl Event {
    /// Reads an event. One that is neither of a queue nor names servers is a tick, whatever else is in it: schedules
    /// and rules send much.
    pub(crate) fn read(event: &Value) -> Result<Event, String> {
        if let Some(records) = event.get("Records") {
            let records = records.as_array().ok_or("Records is no list: send the event of a queue of SQS")?;
            return Ok(Event::Messages(records.iter().map(message).collect::<Result<_, _>>()?));
        }
        let Some(targets) = event.get("targets") else { return Ok(Event::Tick) };
        match targets.as_array().map(Vec::as_slice) {
            None => {
                Err("targets is no list: write {\"targets\": [{\"connection\": \"postgresql://…\"}]}"
                    .to_owned())
            }
            Some([]) => Err("targets is empty: name a server, or leave it out".to_owned()),
            Some(targets) if targets.len() > MAX_SERVERS => {
                let count = targets.len();
                Err(format!(
                    "targets has {count} servers, at most {MAX_SERVERS} are taken: use a queue for more"
                ))
            }
            Some(targets) => Ok(Event::Targets(targets.to_vec())),
        }
    }
}

fn message(record: &Value) -> Result<Message, String> {
    let text = |key: &str| record.get(key).and_then(Value::as_str);
    let id = text("messageId").ok_or("a record has no messageId: send the event of a queue of SQS")?;
    let sent = record.pointer("/attributes/SentTimestamp").and_then(Value::as_str);
    let milliseconds = sent.and_then(|sent| sent.parse::<i64>().ok());
    Ok(Message {
        id: id.to_owned(),
        target: target(text("body").unwrap_or_default()),
        sent: milliseconds.map(|milliseconds| Timestamp(milliseconds.saturating_mul(1_000))),
    })
}

/// The text of a message may hold a password, so that no error shows it.
fn target(body: &str) -> Result<Value, String> {
    let mut body: Value = serde_json::from_str(body).map_err(|_| "the message is no JSON".to_owned())?;
    match body.get_mut("target").map(Value::take) {
        Some(target @ Value::Object(_)) => Ok(target),
        _ => {
            Err("the message has no target: write {\"target\": {\"connection\": \"postgresql://…\"}}"
                .to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_of_schedules_are_ticks_and_those_with_servers_are_not() {
        let scheduled = json!({"version": "0", "detail-type": "Scheduled Event", "detail": {}});
        assert_eq!(Event::read(&scheduled), Ok(Event::Tick));
        assert_eq!(Event::read(&Value::Null), Ok(Event::Tick));
        let shop = json!({"connection": "postgresql://m@h/shop"});
        assert_eq!(Event::read(&json!({"targets": [shop]})), Ok(Event::Targets(vec![shop])));
    }

    #[test]
    fn a_message_that_cannot_be_read_costs_itself_alone() {
        let record = |body: &str| json!({"messageId": "1", "body": body, "attributes": {"SentTimestamp": "1700000000123"}});
        let event =
            json!({"Records": [record(r#"{"target": {"name": "a"}}"#), record("hunter2"), record("{}")]});
        let Ok(Event::Messages(messages)) = Event::read(&event) else { panic!("messages") };
        assert_eq!(messages[0].target, Ok(json!({"name": "a"})));
        assert_eq!(messages[0].sent, Some(Timestamp(1_700_000_000_123_000)));
        assert_eq!(messages[1].target, Err("the message is no JSON".to_owned()));
        assert!(messages[2].target.as_ref().is_err_and(|why| why.contains("has no target")));
    }

    #[test]
    fn what_makes_no_sense_says_what_to_write() {
        for event in
            [json!({"targets": {}}), json!({"targets": []}), json!({"Records": 1}), json!({"Records": [{}]})]
        {
            assert!(Event::read(&event).is_err_and(|why| why.contains(": ")), "{event}");
        }
    }
}
