//! What is found under a state's URL, for a program: one JSON document with stable names.

use pgquerylens_model::time::Timestamp;
use serde_json::{Value, json};

use super::{Looked, LookedServer, Wished};

/// Name and version of the document's form. A change that a reader could notice, other than a further field, makes a
/// new one.
const SCHEMA: &str = "pgquerylens.state/1";

/// Returns the document. `trouble` says why something cannot be read; what it would have said is `null` then.
pub(crate) fn document(looked: &Looked) -> Value {
    json!({
        "schema": SCHEMA,
        "pgquerylens_version": env!("CARGO_PKG_VERSION"),
        "url": looked.url,
        "control": control(&looked.control),
        "servers": looked.servers.iter().map(server).collect::<Vec<_>>(),
    })
}

fn server(server: &LookedServer) -> Value {
    let baseline = server.baseline.as_ref().and_then(|read| read.as_ref().ok());
    let trouble = server.baseline.as_ref().and_then(|read| read.as_ref().err());
    let outboxes = server.outboxes.iter();
    let outboxes = outboxes
        .map(|(name, outbox)| json!({"exporter": name, "entries": outbox.entries, "bytes": outbox.bytes}));
    json!({
        "server": server.name,
        "target": baseline.map(|baseline| &baseline.target),
        "polls": baseline.map(|baseline| baseline.polls),
        "last_read": baseline.and_then(|baseline| baseline.last_read).map(Timestamp::to_rfc3339),
        "failures": baseline.map(|baseline| baseline.failures),
        "rests_until": baseline.and_then(|baseline| baseline.rests_until).map(Timestamp::to_rfc3339),
        "trouble": trouble.map(ToString::to_string),
        "baseline_bytes": server.baseline_bytes,
        "dictionary_bytes": server.dictionary_bytes,
        "plans_bytes": server.plans_bytes,
        "outboxes": outboxes.collect::<Vec<_>>(),
        "control": control(&server.control),
        "lease": server.lease.as_ref().map(|lease| {
            json!({"owner": lease.owner, "expires": lease.expires.to_rfc3339()})
        }),
    })
}

fn control(wished: &Wished) -> Value {
    match wished {
        Err(error) => json!({"trouble": error.to_string()}),
        Ok(control) => json!({
            "stopped": control.stopped.as_ref().map(|stopped| {
                json!({"reason": stopped.reason, "since": stopped.since.to_rfc3339()})
            }),
            "views_off": control.views_off,
            "exporters_off": control.exporters_off,
        }),
    }
}
