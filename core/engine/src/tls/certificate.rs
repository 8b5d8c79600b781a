//! What a server's certificate says, for messages and reports. Whether it is to be believed is decided elsewhere.

use std::net::IpAddr;
use std::time::Duration;

use x509_cert::Certificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{DateTime, Decode};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

/// The attribute "common name" of X.520.
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// The most letters of a foreign text that are shown.
const MAX_PRINTABLE_CHARS: usize = 300;

/// The most names of a certificate that are kept.
const MAX_NAMES: usize = 20;

/// The readable parts of a server's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    /// The subject, as RFC 4514 writes it.
    pub subject: String,
    /// The subject's common name.
    pub common_name: Option<String>,
    /// The issuer, as RFC 4514 writes it.
    pub issuer: String,
    /// The DNS names it is valid for.
    pub dns_names: Vec<String>,
    /// The IP addresses it is valid for.
    pub addresses: Vec<IpAddr>,
    /// Start of validity, in seconds since 1970.
    pub not_before_unix_seconds: u64,
    /// End of validity, in seconds since 1970.
    pub not_after_unix_seconds: u64,
    /// Whether subject and issuer are the same.
    pub self_issued: bool,
}

impl PeerCertificate {
    /// Reads the DER form.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?.tbs_certificate;
        let names = match certificate.get::<SubjectAltName>() {
            Ok(Some((_, names))) => names.0,
            _ => Vec::new(),
        };
        let names = &names[..names.len().min(MAX_NAMES)];
        Some(Self {
            subject: printable(&certificate.subject.to_string()),
            common_name: common_name(&certificate.subject),
            issuer: printable(&certificate.issuer.to_string()),
            dns_names: names.iter().filter_map(dns_name).collect(),
            addresses: names.iter().filter_map(address).collect(),
            not_before_unix_seconds: certificate.validity.not_before.to_unix_duration().as_secs(),
            not_after_unix_seconds: certificate.validity.not_after.to_unix_duration().as_secs(),
            self_issued: certificate.subject == certificate.issuer,
        })
    }

    /// Returns every name it can be checked against, for a message.
    pub fn names(&self) -> Vec<String> {
        let alternative: Vec<String> =
            self.dns_names.iter().cloned().chain(self.addresses.iter().map(IpAddr::to_string)).collect();
        if alternative.is_empty() { self.common_name.iter().cloned().collect() } else { alternative }
    }

    /// Returns the end of validity as a date.
    pub fn not_after(&self) -> String {
        date(self.not_after_unix_seconds)
    }

    /// Returns the start of validity as a date.
    pub fn not_before(&self) -> String {
        date(self.not_before_unix_seconds)
    }

    /// Tells whether it comes from one of the authorities that Cloud SQL makes for each instance: their servers are
    /// named `project:instance`, which is no host name.
    pub fn is_cloud_sql(&self) -> bool {
        let instance = self.common_name.as_deref().and_then(|name| name.split_once(':')).is_some_and(
            |(project, instance)| {
                let word = |letter: char| letter.is_ascii_alphanumeric() || "-.:".contains(letter);
                !project.is_empty()
                    && !instance.is_empty()
                    && project.chars().chain(instance.chars()).all(word)
            },
        );
        let address = self.common_name.as_deref().is_some_and(|name| name.parse::<IpAddr>().is_ok());
        (instance && !address) || self.issuer.contains("Google Cloud SQL Server CA")
    }
}

/// Makes a foreign text fit for a terminal: no control characters, bounded.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .take(MAX_PRINTABLE_CHARS)
        .map(|letter| if letter.is_control() { '\u{fffd}' } else { letter })
        .collect()
}

fn common_name(name: &Name) -> Option<String> {
    name.0
        .iter()
        .flat_map(|attributes| attributes.0.iter())
        .filter(|attribute| attribute.oid == COMMON_NAME)
        .find_map(|attribute| std::str::from_utf8(attribute.value.value()).ok())
        .map(printable)
}

fn dns_name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(printable(name.as_str())),
        _ => None,
    }
}

fn address(name: &GeneralName) -> Option<IpAddr> {
    let GeneralName::IpAddress(bytes) = name else { return None };
    let bytes = bytes.as_bytes();
    <[u8; 4]>::try_from(bytes)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

fn date(unix_seconds: u64) -> String {
    DateTime::from_unix_duration(Duration::from_secs(unix_seconds))
        .map_or_else(|_| "an unknown date".to_owned(), |date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(common_name: &str) -> PeerCertificate {
        let mut parameters = rcgen::CertificateParams::new(vec!["db.example.com".to_owned()]).unwrap();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, common_name);
        parameters.subject_alt_names.push(rcgen::SanType::IpAddress([10, 0, 0, 1].into()));
        parameters.not_after = rcgen::date_time_ymd(2031, 2, 3);
        let key = rcgen::KeyPair::generate().unwrap();
        PeerCertificate::read(parameters.self_signed(&key).unwrap().der()).unwrap()
    }

    #[test]
    fn the_readable_parts_are_found() {
        let certificate = named("db\u{1b}[2J");
        assert_eq!(certificate.common_name.as_deref(), Some("db\u{fffd}[2J"));
        assert_eq!(certificate.names(), ["db.example.com", "10.0.0.1"]);
        assert_eq!(certificate.not_after(), "2031-02-03T00:00:00Z");
        assert!(certificate.self_issued);
        assert_eq!(PeerCertificate::read(b"\x30\x03\x01"), None);
    }

    #[test]
    fn cloud_sql_is_recognised_by_project_and_instance() {
        for (common_name, expected) in [
            ("my-project:my-instance", true),
            ("example.com:my-project:shop", true),
            ("db.example.com", false),
            ("2001:db8::1", false),
            ("two words: here", false),
        ] {
            assert_eq!(named(common_name).is_cloud_sql(), expected, "{common_name}");
        }
    }
}
