//! What lies under a state's URL, from the names and sizes of what is there.

use std::collections::BTreeMap;

use pgquerylens_engine::state::ObjectName;

use crate::names::{server_of, unescaped};

/// The most objects that are listed. A server has a handful, and as many as wait in its outboxes.
pub const MAX_LISTED: usize = 200_000;

/// Something that is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its name below the URL, with slashes.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

/// What one server has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The size of the baseline.
    pub baseline_bytes: Option<u64>,
    /// The size of the dictionary.
    pub dictionary_bytes: Option<u64>,
    /// The size of the plans.
    pub plans_bytes: Option<u64>,
    /// The size of what an operator wants.
    pub control_bytes: Option<u64>,
    /// What waits, by exporter.
    pub outboxes: BTreeMap<String, Outbox>,
    /// The names of all of it, below the URL.
    pub names: Vec<String>,
}

/// What waits for one exporter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    /// Batches.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Returns what each server has; nobody is the URL itself, which has the wishes for all or the state of one poll.
pub fn inventories(listed: &[Listed]) -> BTreeMap<Option<String>, Inventory> {
    let mut found: BTreeMap<Option<String>, Inventory> = BTreeMap::new();
    for object in listed {
        let (server, name) = owner(&object.name);
        let kind = kind(name);
        // What else lies at the URL itself may be anybody's; below a server's name it is the server's.
        if kind.is_none() && server.is_none() {
            continue;
        }
        let inventory = found.entry(server).or_default();
        inventory.names.push(object.name.clone());
        match kind {
            None | Some(Kind::Object(ObjectName::Lease)) => {}
            Some(Kind::Object(ObjectName::Baseline)) => inventory.baseline_bytes = Some(object.bytes),
            Some(Kind::Object(ObjectName::Dictionary)) => inventory.dictionary_bytes = Some(object.bytes),
            Some(Kind::Object(ObjectName::Plans)) => inventory.plans_bytes = Some(object.bytes),
            Some(Kind::Object(ObjectName::Control)) => inventory.control_bytes = Some(object.bytes),
            Some(Kind::Batch(exporter)) => {
                let outbox = inventory.outboxes.entry(exporter).or_default();
                outbox.entries += 1;
                outbox.bytes += object.bytes;
            }
        }
    }
    found
}

enum Kind {
    Object(ObjectName),
    Batch(String),
}

/// Tells whose an object is. Segments of servers are never called as ours are.
fn owner(name: &str) -> (Option<String>, &str) {
    match name.split_once('/').and_then(|(segment, rest)| Some((server_of(segment)?, rest))) {
        Some((server, rest)) => (Some(server), rest),
        None => (None, name),
    }
}

fn kind(name: &str) -> Option<Kind> {
    if let Some(object) = ObjectName::ALL.into_iter().find(|known| known.as_str() == name) {
        return Some(Kind::Object(object));
    }
    let (exporter, number) = name.strip_prefix("outbox/")?.split_once('/')?;
    number.parse::<u64>().ok()?;
    Some(Kind::Batch(unescaped(exporter)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_told_apart_by_server() {
        let listed = [
            ("control", 1),
            ("db1%3A5432%2Fshop/baseline", 10),
            ("db1%3A5432%2Fshop/dictionary", 20),
            ("db1%3A5432%2Fshop/plans", 30),
            ("db1%3A5432%2Fshop/outbox/otel/00000000000000000007", 100),
            ("db1%3A5432%2Fshop/outbox/otel/00000000000000000008", 200),
            ("db1%3A5432%2Fshop/outbox/a%2fb/00000000000000000001", 3),
            ("db1%3A5432%2Fshop/owner", 0),
            ("quiet/control", 5),
            ("lost+found/baseline", 1),
        ];
        let listed = listed.map(|(name, bytes)| Listed { name: name.to_owned(), bytes });
        let found = inventories(&listed);
        let servers: Vec<Option<&str>> = found.keys().map(Option::as_deref).collect();
        assert_eq!(servers, [None, Some("db1:5432/shop"), Some("quiet")]);
        let shop = &found[&Some("db1:5432/shop".to_owned())];
        assert_eq!(
            (shop.baseline_bytes, shop.dictionary_bytes, shop.plans_bytes, shop.control_bytes),
            (Some(10), Some(20), Some(30), None)
        );
        assert_eq!(shop.outboxes["otel"], Outbox { entries: 2, bytes: 300 });
        assert_eq!(shop.outboxes["a/b"], Outbox { entries: 1, bytes: 3 });
        assert_eq!((shop.names.len(), found[&None].control_bytes), (7, Some(1)));
    }
}
