//! State in Redis: a hash per object with its version and bytes, a hash per outbox with a field per batch.
//!
//! A version is the id of the commit that wrote it, so that a commit whose answer was lost can be sent again.

mod link;
mod refusal;

use std::sync::Arc;

use ::redis::{Cmd, FromRedisValue, cmd};
use pgquerylens_engine::state::outbox::{self, OutboxStore, Waiting};
use pgquerylens_engine::state::refusal::{Refusal, RefusalKind};
use pgquerylens_engine::state::{Look, Object, ObjectName, StateStore, StoreError, Version};

pub(crate) use self::link::Link;
use crate::inventory::{Listed, MAX_LISTED};
use crate::url::joined;

/// The commit, which the server runs as one step.
const COMMIT: &str = include_str!("commit.lua");
const OUTBOX: &str = "outbox";
/// How many keys a step of a search looks at.
const SCAN_STEP: usize = 1_000;

/// Objects below a prefix of keys.
#[derive(Clone, Debug)]
pub struct RedisStore {
    link: Arc<Link>,
    prefix: String,
    /// The same with scheme, host and database, as a user writes it.
    shown: String,
}

impl RedisStore {
    pub(crate) fn new(link: Arc<Link>, prefix: impl Into<String>, shown: impl Into<String>) -> RedisStore {
        RedisStore { link, prefix: prefix.into(), shown: shown.into() }
    }

    /// Returns the place of a server below this one.
    pub fn below(&self, segment: &str) -> RedisStore {
        let (prefix, shown) = (joined(&self.prefix, segment), format!("{}/{segment}", self.shown));
        RedisStore { link: Arc::clone(&self.link), prefix, shown }
    }

    /// Returns all objects below, by their names. All keys of the database are looked at for it.
    pub async fn list(&self) -> Result<Vec<Listed>, StoreError> {
        let mut listed = Vec::new();
        for key in self.keys().await? {
            let Some(name) = key.strip_prefix(&self.prefix).map(|rest| rest.trim_start_matches('/')) else {
                continue;
            };
            match is_outbox(name) {
                true => {
                    let waiting = self.waiting_at(name).await?;
                    listed.extend(waiting.into_iter().map(|waiting| Listed {
                        name: format!("{name}/{}", outbox::number_segment(waiting.number)),
                        bytes: waiting.bytes as u64,
                    }));
                }
                false => {
                    let bytes: u64 = self.ask("list", name, cmd("HSTRLEN").arg(&key).arg("bytes")).await?;
                    listed.push(Listed { name: name.to_owned(), bytes });
                }
            }
        }
        Ok(listed)
    }

    /// Removes objects by their names below this place; what is not there is removed already.
    pub async fn remove_all(&self, names: &[String]) -> Result<(), StoreError> {
        for name in names {
            let removal = match name.rsplit_once('/').filter(|(hash, _)| is_outbox(hash)) {
                Some((hash, number)) => {
                    let number: u64 = number.parse().unwrap_or_default();
                    cmd("HDEL").arg(self.key(hash)).arg(number).clone()
                }
                None => cmd("DEL").arg(self.key(name)).clone(),
            };
            let _removed: u64 = self.ask("remove", name, &removal).await?;
        }
        Ok(())
    }

    fn key(&self, name: &str) -> String {
        joined(&self.prefix, name)
    }

    /// Sends a command; it may be sent twice, where the connection was lost.
    async fn ask<T: FromRedisValue>(
        &self,
        action: &'static str,
        name: &str,
        command: &Cmd,
    ) -> Result<T, StoreError> {
        self.link.ask(command).await.map_err(|source| self.refused(action, name, source))
    }

    fn refused(&self, action: &'static str, name: &str, source: Refusal) -> StoreError {
        StoreError::Refused { action, object: joined(&self.shown, name), source }
    }

    async fn keys(&self) -> Result<Vec<String>, StoreError> {
        let (mut keys, mut cursor) = (Vec::new(), 0u64);
        let pattern = format!("{}/*", glob_escaped(&self.prefix));
        loop {
            let mut scan = cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(SCAN_STEP).arg("TYPE").arg("hash");
            let (next, found): (u64, Vec<String>) = self.ask("list", "", &scan).await?;
            keys.extend(found);
            cursor = next;
            if cursor == 0 || keys.len() >= MAX_LISTED {
                // A search may come across a key twice.
                keys.sort();
                keys.dedup();
                return Ok(keys);
            }
        }
    }

    async fn waiting_at(&self, name: &str) -> Result<Vec<Waiting>, StoreError> {
        let key = self.key(name);
        let mut numbers: Vec<u64> = self.ask("list", name, cmd("HKEYS").arg(&key)).await?;
        numbers.sort_unstable();
        let mut waiting = Vec::new();
        for number in numbers {
            let bytes = self.ask("list", name, cmd("HSTRLEN").arg(&key).arg(number)).await?;
            waiting.push(Waiting { number, bytes });
        }
        Ok(waiting)
    }
}

fn is_outbox(name: &str) -> bool {
    name.rsplit_once('/').is_some_and(|(before, _)| before == OUTBOX || before.ends_with("/outbox"))
}

fn outbox_name(exporter: &str) -> String {
    joined(OUTBOX, &outbox::segment(exporter))
}

/// Writes what has a meaning in a pattern of Redis's so that it has none.
fn glob_escaped(text: &str) -> String {
    let escaped = |letter| if "*?[]^-\\".contains(letter) { vec!['\\', letter] } else { vec![letter] };
    text.chars().flat_map(escaped).collect()
}

impl StateStore for RedisStore {
    async fn read(&self, name: ObjectName) -> Result<Option<Object>, StoreError> {
        let mut read = cmd("HMGET");
        read.arg(self.key(name.as_str())).arg("version").arg("bytes");
        let (version, bytes): (Option<String>, Option<Vec<u8>>) =
            self.ask("read", name.as_str(), &read).await?;
        Ok(version.map(|version| Object { bytes: bytes.unwrap_or_default(), version: Version(version) }))
    }

    async fn commit(
        &self,
        name: ObjectName,
        bytes: &[u8],
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        let version = format!("{:032x}", rand::random::<u128>());
        let mut commit = cmd("EVAL");
        commit.arg(COMMIT).arg(1).arg(self.key(name.as_str()));
        commit.arg(expected.map_or("", |expected| expected.0.as_str())).arg(&version).arg(bytes);
        match self.ask("write", name.as_str(), &commit).await? {
            1 => Ok(Version(version)),
            0 => Err(StoreError::Conflict),
            other => {
                let source = Refusal::new(RefusalKind::Other, format!("it answered {other}"));
                Err(self.refused("write", name.as_str(), source))
            }
        }
    }

    async fn look(&self, name: ObjectName, known: Option<&Version>) -> Result<Look, StoreError> {
        let ask_version = cmd("HGET").arg(self.key(name.as_str())).arg("version").clone();
        let version: Option<String> = self.ask("read", name.as_str(), &ask_version).await?;
        if version.as_deref() == known.map(|known| known.0.as_str()) {
            return Ok(Look::Unchanged);
        }
        Ok(Look::Changed(self.read(name).await?))
    }
}

impl OutboxStore for RedisStore {
    async fn waiting(&self, exporter: &str) -> Result<Vec<Waiting>, StoreError> {
        self.waiting_at(&outbox_name(exporter)).await
    }

    async fn batch(&self, exporter: &str, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let name = outbox_name(exporter);
        self.ask("read", &name, cmd("HGET").arg(self.key(&name)).arg(number)).await
    }

    async fn put(&self, exporter: &str, number: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let name = outbox_name(exporter);
        let _added: u64 =
            self.ask("write", &name, cmd("HSET").arg(self.key(&name)).arg(number).arg(bytes)).await?;
        Ok(())
    }

    async fn remove(&self, exporter: &str, number: u64) -> Result<(), StoreError> {
        let name = outbox_name(exporter);
        let _removed: u64 = self.ask("remove", &name, cmd("HDEL").arg(self.key(&name)).arg(number)).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_means_itself_in_a_pattern() {
        assert_eq!(glob_escaped("a-b[c]*"), "a\\-b\\[c\\]\\*");
    }

    #[test]
    fn outboxes_are_told_from_objects() {
        for (name, is) in
            [("outbox/otel", true), ("shop/outbox/otel", true), ("shop/baseline", false), ("outbox", false)]
        {
            assert_eq!(is_outbox(name), is, "{name}");
        }
    }
}
