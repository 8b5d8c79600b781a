//! Whether one server alone is behind a connection. Of one behind which is another each time nothing true can be said: their
//! counters are their own, and a difference of two servers' is none. Readers of one cluster have the same system identifier,
//! so that nobody else would notice.

use pgquerylens_aws::instance::Host as Endpoint;
use pgquerylens_engine::conninfo::{Host, Target};

/// What to write in place of an endpoint of readers.
pub const INSTEAD: &str = "write the endpoint of each reader's instance, as a server of its own (aws rds \
     describe-db-clusters names the instances), or let discovery find them: pgquerylens discover";

/// Returns the host of a target behind which are several, if it has one.
pub fn reader_endpoint(target: &Target) -> Option<&str> {
    target.hosts.iter().find_map(|host| match host {
        Host::Tcp { host, .. } if Endpoint::of(host) == Endpoint::Readers => Some(host.as_str()),
        _ => None,
    })
}

/// Returns what is wrong with such a host.
pub fn problem(host: &str) -> String {
    format!("{host} is the reader endpoint of a cluster: behind it is another server each time")
}
