//! Ports for servers: outside the range that the system gives to outgoing connections, so that a stopped server
//! finds its port free again when it starts.

use std::{
    hash::{BuildHasher, RandomState},
    net::TcpListener,
    ops::Range,
};

use crate::{Error, Result};

const PORTS: Range<u16> = 15_000..32_000;
const ATTEMPTS: u64 = 100;

/// Returns a port of 127.0.0.1 that nobody listens on right now.
pub(crate) fn free_port() -> Result<u16> {
    let chance = RandomState::new();
    let mut tried = (0..ATTEMPTS).map(|attempt| {
        let offset = chance.hash_one(attempt) % u64::from(PORTS.end - PORTS.start);
        PORTS.start + u16::try_from(offset).unwrap_or_default()
    });
    let free = tried.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.ok_or_else(|| Error::Unsupported { what: "find a free port".to_owned() })
}
