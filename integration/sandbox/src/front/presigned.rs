//! The text of a login token of RDS: a presigned request without its scheme, `HOST:PORT/?Action=connect&…`. Reads it
//! to the letter; whether what it says is right is the check's to say.

use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::Refusal;
use super::sigv4::{ALGORITHM, EMPTY_HASH, Scope, TERMINATOR};

/// What is written as percent and two digits: all but what RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// A token lives for a quarter of an hour ("IAM database authentication" in the RDS User Guide).
const LIFETIME_SECONDS_MAX: i64 = 900;
/// The port that a Host header leaves out, as the requests are signed for https.
const PORT_UNNAMED: u16 = 443;
const SIGNATURE: &str = "X-Amz-Signature";
const SESSION_TOKEN: &str = "X-Amz-Security-Token";
/// What a token says, and nothing besides.
const PARAMETERS: [&str; 9] = [
    "Action",
    "DBUser",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    SESSION_TOKEN,
    SIGNATURE,
    "X-Amz-SignedHeaders",
];

/// What a token says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Presigned {
    /// An IPv6 address is in brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) key_id: String,
    pub(super) scope: Scope,
    pub(super) session_token: Option<String>,
    /// When it was signed, as `20261124T101500Z`.
    pub(super) timestamp: String,
    /// The same in seconds since 1970.
    pub(super) signed_at: i64,
    pub(super) lifetime_seconds: i64,
    pub(super) signature: String,
    /// What the signature has to be of.
    pub(super) canonical_request: String,
}

/// Reads a token, or says what keeps it from being one.
pub(super) fn parse(token: &str) -> Result<Presigned, Refusal> {
    let (authority, query) = token.split_once("/?").ok_or(Refusal::Malformed("no host with a query"))?;
    let (host, port) = endpoint(authority)?;
    let parameters = Parameters::read(query)?;
    parameters.hold("Action", "connect", "another action")?;
    parameters.hold("X-Amz-Algorithm", ALGORITHM, "another algorithm")?;
    parameters.hold("X-Amz-SignedHeaders", "host", "other signed headers")?;
    let timestamp = parameters.value("X-Amz-Date")?;
    let (key_id, scope) = credential(&parameters.value("X-Amz-Credential")?)?;
    if !timestamp.starts_with(&scope.date) {
        return Err(Refusal::Malformed("a credential of another day"));
    }
    Ok(Presigned {
        user: parameters.value("DBUser")?,
        session_token: parameters.value(SESSION_TOKEN).ok(),
        signed_at: unix_seconds(&timestamp).ok_or(Refusal::Malformed("no date"))?,
        lifetime_seconds: lifetime(&parameters.value("X-Amz-Expires")?)?,
        signature: parameters.value(SIGNATURE)?,
        canonical_request: canonical_request(host, port, &parameters),
        host: host.to_owned(),
        port,
        key_id,
        scope,
        timestamp,
    })
}

/// Parameters by name, the values as they stand in the token.
struct Parameters<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Parameters<'a> {
    fn read(query: &'a str) -> Result<Self, Refusal> {
        let mut values = BTreeMap::new();
        for pair in query.split('&') {
            let (name, value) =
                pair.split_once('=').ok_or(Refusal::Malformed("a parameter without a value"))?;
            if !PARAMETERS.contains(&name) {
                return Err(Refusal::Malformed("a parameter that no token has"));
            }
            // Signers and servers agree on one spelling only: a bare plus or small digits would be signed otherwise.
            let decoded =
                percent_decode_str(value).decode_utf8().map_err(|_| Refusal::Malformed("no UTF-8"))?;
            if utf8_percent_encode(&decoded, RESERVED).to_string() != value {
                return Err(Refusal::Malformed("a value in another encoding than RFC 3986's"));
            }
            if values.insert(name, value).is_some() {
                return Err(Refusal::Malformed("a parameter twice"));
            }
        }
        Ok(Self(values))
    }

    fn value(&self, name: &str) -> Result<String, Refusal> {
        let value = self.0.get(name).ok_or(Refusal::Malformed("a parameter is missing"))?;
        Ok(percent_decode_str(value).decode_utf8_lossy().into_owned())
    }

    fn hold(&self, name: &str, expected: &str, otherwise: &'static str) -> Result<(), Refusal> {
        if self.value(name)? == expected { Ok(()) } else { Err(Refusal::Malformed(otherwise)) }
    }
}

fn endpoint(authority: &str) -> Result<(&str, u16), Refusal> {
    let (host, digits) = authority.rsplit_once(':').ok_or(Refusal::Malformed("no port"))?;
    let port: u16 = digits.parse().map_err(|_| Refusal::Malformed("no port"))?;
    if port.to_string() != digits || host.is_empty() || host.contains('/') {
        return Err(Refusal::Malformed("more than a host and a port"));
    }
    Ok((host, port))
}

fn credential(text: &str) -> Result<(String, Scope), Refusal> {
    let parts: Vec<&str> = text.split('/').collect();
    let [key_id, date, region, service, TERMINATOR] = parts[..] else {
        return Err(Refusal::Malformed("no credential"));
    };
    let scope = Scope { date: date.to_owned(), region: region.to_owned(), service: service.to_owned() };
    Ok((key_id.to_owned(), scope))
}

fn lifetime(text: &str) -> Result<i64, Refusal> {
    let seconds = text.parse().ok().filter(|seconds| (1..=LIFETIME_SECONDS_MAX).contains(seconds));
    seconds.ok_or(Refusal::Malformed("no lifetime of up to a quarter of an hour"))
}

fn unix_seconds(timestamp: &str) -> Option<i64> {
    let part = |range| timestamp.get(range);
    let date = format!("{}-{}-{}", part(0..4)?, part(4..6)?, part(6..8)?);
    let time = format!("{}:{}:{}", part(9..11)?, part(11..13)?, part(13..15)?);
    let is_whole = timestamp.len() == 16 && part(8..9)? == "T" && part(15..16)? == "Z";
    let instant = humantime::parse_rfc3339(&format!("{date}T{time}Z")).ok().filter(|_| is_whole)?;
    i64::try_from(instant.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// The request that was signed: a GET of `/` with all parameters but the signature, the one header and no body.
fn canonical_request(host: &str, port: u16, parameters: &Parameters<'_>) -> String {
    let signed = parameters.0.iter().filter(|(name, _)| **name != SIGNATURE);
    let query = signed.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let named = if port == PORT_UNNAMED { String::new() } else { format!(":{port}") };
    format!("GET\n/\n{query}\nhost:{host}{named}\n\nhost\n{EMPTY_HASH}")
}

#[cfg(test)]
mod tests {
    use super::{Refusal, endpoint, parse, unix_seconds};

    #[test]
    fn dates_are_read_to_the_letter() {
        assert_eq!(unix_seconds("20130524T000000Z"), Some(1_369_353_600));
        for wrong in [
            "20130524T000000",
            "20130524 000000Z",
            "20131324T000000Z",
            "2013-05-24T00:00Z",
            "ä0130524T00000Z",
        ] {
            assert_eq!(unix_seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_address_in_brackets_is_a_host() {
        assert_eq!(endpoint("[fd00::1]:5432"), Ok(("[fd00::1]", 5432)));
        for wrong in
            ["db1", "db1:", "db1:+5432", "db1:05432", "db1:65536", ":5432", "https://db1:5432", "[fd00::1]"]
        {
            assert!(endpoint(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_no_token() {
        for wrong in [
            "",
            "sandbox",
            "db1:5432/?",
            "db1:5432/?Action=connect",
            "db1:5432/?Action=connect&Action=connect",
        ] {
            assert!(matches!(parse(wrong), Err(Refusal::Malformed(_))), "{wrong}");
        }
    }
}
