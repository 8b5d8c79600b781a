//! Where a server listens, and libpq's lists of hosts, addresses and ports.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::mistake::Mistake;
use super::settings::Settings;

/// The most hosts of one target.
const MAX_HOSTS: usize = 32;

const DEFAULT_PORT: u16 = 5432;

/// Where servers put their sockets: Debian's and Red Hat's builds, then PostgreSQL's own default.
pub(super) const DEFAULT_SOCKET_DIRECTORIES: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// One place where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A TCP address.
    Tcp {
        /// The name, which is also what a certificate is checked against.
        host: String,
        /// The address to use without looking the name up.
        hostaddr: Option<IpAddr>,
        /// The port.
        port: u16,
    },
    /// A socket in a directory of this machine.
    Unix {
        /// The directory.
        directory: PathBuf,
        /// The port, which is a part of the socket's name.
        port: u16,
    },
}

impl Host {
    /// Tells whether the traffic stays on this machine.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Unix { .. } => true,
            Self::Tcp { host, hostaddr, .. } => {
                let named_local = host.eq_ignore_ascii_case("localhost")
                    || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
                named_local && hostaddr.is_none_or(|address| address.is_loopback())
            }
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port, .. } if host.contains(':') => write!(formatter, "[{host}]:{port}"),
            Self::Tcp { host, port, .. } => write!(formatter, "{host}:{port}"),
            Self::Unix { directory, port } => write!(formatter, "{}:{port}", directory.display()),
        }
    }
}

/// Pairs up the lists `host`, `hostaddr` and `port` as libpq does.
pub(super) fn read(settings: &Settings, mistakes: &mut Vec<Mistake>) -> Vec<Host> {
    let names = list(settings.text("host"));
    let addresses = list(settings.text("hostaddr"));
    let ports = list(settings.text("port"));
    let count = names.len().max(addresses.len()).max(1);
    if count > MAX_HOSTS {
        mistakes.push(Mistake::new(format!("{count} hosts are named"), format!("name at most {MAX_HOSTS}")));
        return Vec::new();
    }
    if !names.is_empty() && !addresses.is_empty() && names.len() != addresses.len() {
        mistakes.push(Mistake::new(
            format!("host names {} servers and hostaddr {}", names.len(), addresses.len()),
            "write one address for each host, or an empty one: hostaddr=10.0.0.1,",
        ));
        return Vec::new();
    }
    if ports.len() > 1 && ports.len() != count {
        mistakes.push(Mistake::new(
            format!("{} ports are named for {count} hosts", ports.len()),
            "write one port for all hosts, or one for each",
        ));
        return Vec::new();
    }
    let at = |list: &[&str], index: usize| list.get(index).copied().unwrap_or("").to_owned();
    (0..count)
        .filter_map(|index| {
            let port = if ports.len() == 1 { at(&ports, 0) } else { at(&ports, index) };
            one(&at(&names, index), &at(&addresses, index), &port, mistakes)
        })
        .collect()
}

fn list(text: Option<&str>) -> Vec<&str> {
    text.map_or_else(Vec::new, |text| text.split(',').map(str::trim).collect())
}

fn one(name: &str, address: &str, port: &str, mistakes: &mut Vec<Mistake>) -> Option<Host> {
    let port = read_port(port, mistakes);
    let hostaddr = match address.parse::<IpAddr>() {
        _ if address.is_empty() => None,
        Ok(address) => Some(address),
        Err(_) => {
            mistakes.push(Mistake::new(
                "hostaddr is not an IP address",
                "write an IPv4 or IPv6 address without brackets there, and a name in host",
            ));
            return None;
        }
    };
    if name.starts_with('@') {
        mistakes.push(Mistake::new(
            "host begins with @",
            "abstract sockets are not supported, use host=/directory",
        ));
        return None;
    }
    let port = port?;
    Some(match hostaddr {
        Some(hostaddr) => {
            let host = if name.is_empty() { hostaddr.to_string() } else { name.to_owned() };
            Host::Tcp { host, hostaddr: Some(hostaddr), port }
        }
        None if name.is_empty() => Host::Unix { directory: default_directory(), port },
        None if name.starts_with('/') => Host::Unix { directory: name.into(), port },
        None => Host::Tcp { host: name.to_owned(), hostaddr: None, port },
    })
}

/// A port that is not a number is not repeated: in a misread URL it may be a password.
fn read_port(port: &str, mistakes: &mut Vec<Mistake>) -> Option<u16> {
    let read = if port.is_empty() { Some(DEFAULT_PORT) } else { port.parse().ok().filter(|port| *port != 0) };
    if read.is_none() {
        mistakes.push(Mistake::new(
            "the port is not a number from 1 to 65535",
            "write host:5432 in a URL, with any password before the host and percent-encoded, or port=5432",
        ));
    }
    read
}

/// The first usual directory that exists, so that a socket planted in /tmp is not tried where the system has a safer
/// place.
fn default_directory() -> PathBuf {
    let [safer, usual] = DEFAULT_SOCKET_DIRECTORIES.map(Path::new);
    if safer.is_dir() { safer.to_owned() } else { usual.to_owned() }
}
