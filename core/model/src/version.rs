//! Versions of the server and of an extension. They are different types: pg_stat_statements keeps its old
//! columns after a server upgrade until someone runs ALTER EXTENSION … UPDATE.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The majors that pgquerylens knows.
pub const SUPPORTED_MAJORS: std::ops::RangeInclusive<u16> = 12..=18;

/// `server_version_num`, such as 180004 for 18.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServerVersion(pub u32);

impl ServerVersion {
    /// Returns the major version: 18 for 180004.
    pub fn major(self) -> u16 {
        u16::try_from(self.0 / 10_000).unwrap_or(u16::MAX)
    }

    /// Returns the major with whose statements and columns the server is read: its own, or the newest one that we
    /// know for a server that is newer still; none if it is too old to be read.
    pub fn read_as(self) -> Option<u16> {
        let (oldest, newest) = SUPPORTED_MAJORS.into_inner();
        (self.major() >= oldest).then(|| self.major().min(newest))
    }

    /// Parses the `server_version` parameter: `18.4`, `17.0 (Debian …)`, `18beta1`, `16.10`.
    pub fn from_parameter(text: &str) -> Option<ServerVersion> {
        let head: String = text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let mut parts = head.split('.');
        let major: u32 = parts.next()?.parse().ok()?;
        let minor: u32 = parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
        (major < 1_000 && minor < 10_000).then(|| ServerVersion(major * 10_000 + minor))
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0 / 10_000, self.0 % 10_000)
    }
}

/// `extversion` of pg_stat_statements, such as 1.12.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ExtensionVersion {
    /// The number before the dot.
    pub major: u16,
    /// The number behind it.
    pub minor: u16,
}

impl ExtensionVersion {
    /// Parses `1.12`; the rest of a longer version is left out.
    pub fn parse(text: &str) -> Option<ExtensionVersion> {
        let mut parts = text.split('.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?.parse().ok()?;
        Some(ExtensionVersion { major, minor })
    }
}

impl fmt::Display for ExtensionVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Returns the version of pg_stat_statements that comes with a major, by which `check` knows an old one.
pub fn statements_version_of(major: u16) -> Option<ExtensionVersion> {
    let minor = match major {
        12 => 7,
        13 => 8,
        14 => 9,
        15 | 16 => 10,
        17 => 11,
        18 => 12,
        _ => return None,
    };
    Some(ExtensionVersion { major: 1, minor })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::PROBE;

    #[test]
    fn reads_every_form_of_server_version() {
        let read = |text| ServerVersion::from_parameter(text).map(|version| version.0);
        assert_eq!(read("18.4"), Some(180_004));
        assert_eq!(read("16.10"), Some(160_010));
        assert_eq!(read("17.0 (Debian 17.0-1)"), Some(170_000));
        assert_eq!(read("18beta1"), Some(180_000));
        assert_eq!(read("devel"), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn a_newer_server_is_read_as_the_newest_and_an_older_one_not_at_all() {
        let read_as =
            [110_022, 120_000, 170_005, 180_004, 190_000, 420_001].map(|n| ServerVersion(n).read_as());
        assert_eq!(read_as, [None, Some(12), Some(17), Some(18), Some(18), Some(18)]);
    }

    #[test]
    fn the_probe_asks_whatever_is_read() {
        for major in 1..=2 * SUPPORTED_MAJORS.end() {
            let is_read = ServerVersion(u32::from(major) * 10_000).read_as().is_some();
            assert_eq!(PROBE.statement_for(major).is_some(), is_read, "{major}");
        }
    }

    #[test]
    fn orders_extension_versions_by_number() {
        assert!(ExtensionVersion::parse("1.10") > ExtensionVersion::parse("1.9"));
        assert_eq!(ExtensionVersion::parse("x"), None);
    }
}
