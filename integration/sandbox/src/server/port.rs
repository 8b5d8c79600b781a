//! Ports for servers: outside the range that the system gives to outgoing connections, so that a stopped server
//! finds its port free again when it starts.

use std::{
    hash::{BuildHasher, RandomState},
    io,
    net::{Ipv4Addr, SocketAddr},
    ops::Range,
};

use tokio::net::TcpSocket;

use crate::{Error, Result};

const PORTS: Range<u16> = 15_000..32_000;
const ATTEMPTS: u64 = 100;

/// Binds and does not listen: whoever waits for a server that is about to take this port must not meet us there.
fn bind(port: u16) -> io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

/// Returns a port of 127.0.0.1 that nobody listens on right now.
pub(crate) fn free_port() -> Result<u16> {
    let chance = RandomState::new();
    let mut tried = (0..ATTEMPTS).map(|attempt| {
        let offset = chance.hash_one(attempt) % u64::from(PORTS.end - PORTS.start);
        PORTS.start + u16::try_from(offset).unwrap_or_default()
    });
    let free = tried.find(|port| bind(*port).is_ok());
    free.ok_or_else(|| Error::Unsupported { what: "find a free port".to_owned() })
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_port_is_free_while_nobody_listens_and_nobody_meets_who_looks() {
        let port = free_port().unwrap();
        assert!(bind(port).is_ok() && TcpStream::connect(("127.0.0.1", port)).is_err());
        let _listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        assert!(bind(port).is_err());
    }
}
