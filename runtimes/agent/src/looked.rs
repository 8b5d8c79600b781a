//! What is found under a state's URL, server by server, for whoever looks at it. What cannot be read is a finding, too.

mod document;

use std::collections::BTreeMap;

use pgquerylens_engine::state::codec::{self, CodecError};
use pgquerylens_engine::state::contents::State;
use pgquerylens_engine::state::control::{Control, ControlError};
use pgquerylens_engine::state::lease::Lease;
use pgquerylens_engine::state::{ObjectName, StateStore, StoreError};
use pgquerylens_model::breaker::SERVER;
use pgquerylens_model::time::Timestamp;
use pgquerylens_store::inventory::{Inventory, Outbox};
use pgquerylens_store::states::States;
use pgquerylens_store::store::Store;

pub(crate) use document::document;

/// What is found under a URL.
#[derive(Debug, PartialEq)]
pub(crate) struct Looked {
    /// The URL, without a password.
    pub(crate) url: String,
    /// What is wished for every server.
    pub(crate) control: Wished,
    /// The servers, by name; nobody is a single poll that has its state at the URL itself.
    pub(crate) servers: Vec<LookedServer>,
}

/// What an operator wants, or why that cannot be read.
pub(crate) type Wished = Result<Control, CodecError>;

/// What is found of one server.
#[derive(Debug, PartialEq)]
pub(crate) struct LookedServer {
    /// Its name.
    pub(crate) name: Option<String>,
    /// What its baseline says, if there is one.
    pub(crate) baseline: Option<Result<LookedBaseline, CodecError>>,
    /// The size of the baseline.
    pub(crate) baseline_bytes: Option<u64>,
    /// The size of the dictionary.
    pub(crate) dictionary_bytes: Option<u64>,
    /// The size of the plans.
    pub(crate) plans_bytes: Option<u64>,
    /// What waits, by exporter.
    pub(crate) outboxes: BTreeMap<String, Outbox>,
    /// What is wished for it alone.
    pub(crate) control: Wished,
    /// Who uses it, where that is written down and still holds.
    pub(crate) lease: Option<Lease>,
}

/// What a baseline says.
#[derive(Debug, PartialEq)]
pub(crate) struct LookedBaseline {
    /// The target, as it was polled.
    pub(crate) target: String,
    /// Polls so far.
    pub(crate) polls: u64,
    /// When a view was last read, by the database's clock.
    pub(crate) last_read: Option<Timestamp>,
    /// Failures in a row.
    pub(crate) failures: u32,
    /// Until when the server rests, if it does now.
    pub(crate) rests_until: Option<Timestamp>,
}

/// Looks at everything under a URL, or at one server. `now` is our own clock, for what rests.
pub(crate) async fn look(
    states: &States,
    server: Option<&str>,
    now: Timestamp,
) -> Result<Looked, StoreError> {
    let mut servers = Vec::new();
    for (name, inventory) in states.inventories().await? {
        let store = match &name {
            Some(name) => states.of(name),
            None => states.whole(),
        };
        // The wishes for all are no server's.
        let is_meant = name.is_some() || inventory.baseline_bytes.is_some();
        if is_meant && server.is_none_or(|server| name.as_deref() == Some(server)) {
            servers.push(look_at(name, &store, inventory, now).await?);
        }
    }
    Ok(Looked { url: states.url().to_string(), control: wished(&states.whole()).await?, servers })
}

async fn look_at(
    name: Option<String>,
    store: &Store,
    inventory: Inventory,
    now: Timestamp,
) -> Result<LookedServer, StoreError> {
    let object = store.read(ObjectName::Baseline).await?;
    let baseline = object.map(|object| codec::decode(&object.bytes).map(|state| baseline(&state, now)));
    // At the URL itself lie the wishes for all, which are shown once.
    let control = if name.is_some() { wished(store).await? } else { Ok(Control::default()) };
    let (lease, _) = Lease::read(store).await?;
    Ok(LookedServer {
        lease: lease.filter(|lease| lease.holds_at(now)),
        name,
        baseline,
        baseline_bytes: inventory.baseline_bytes,
        dictionary_bytes: inventory.dictionary_bytes,
        plans_bytes: inventory.plans_bytes,
        outboxes: inventory.outboxes,
        control,
    })
}

fn baseline(state: &State, now: Timestamp) -> LookedBaseline {
    LookedBaseline {
        target: state.target.clone(),
        polls: state.polls,
        last_read: state.last_read.iter().map(|last| last.at).max(),
        failures: state.breaker.failures(),
        rests_until: state.breaker.open_until(now, &SERVER),
    }
}

async fn wished(store: &Store) -> Result<Wished, StoreError> {
    match Control::read(store).await {
        Ok((control, _)) => Ok(Ok(control)),
        Err(ControlError::Store(error)) => Err(error),
        Err(ControlError::Unreadable(error)) => Ok(Err(error)),
        // Nothing is added by reading.
        Err(ControlError::TooManyNames(_)) => Ok(Ok(Control::default())),
    }
}
