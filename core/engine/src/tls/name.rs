//! Whether a certificate is for a host, where libpq is more lenient than RFC 6125: without a subject alternative name of
//! the host's kind the common name counts, as in the certificates that PostgreSQL's manual shows how to make.

use std::net::IpAddr;

use super::certificate::PeerCertificate;

/// Tells whether the common name may be asked, and fits.
pub(super) fn common_name_fits(certificate: &PeerCertificate, host: &str) -> bool {
    let Some(common_name) = &certificate.common_name else { return false };
    match host.parse::<IpAddr>() {
        Ok(address) => certificate.addresses.is_empty() && common_name.parse() == Ok(address),
        Err(_) => certificate.dns_names.is_empty() && fits(common_name, host),
    }
}

/// A star stands for one whole label at the front, with two or more after it.
fn fits(pattern: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    match pattern.strip_prefix("*.") {
        Some(parent) => {
            parent.contains('.')
                && host
                    .split_once('.')
                    .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(parent))
        }
        None => pattern.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_label() {
        for (pattern, host, expected) in [
            ("db.example.com", "DB.example.com", true),
            ("db.example.com", "db.example.com.", true),
            ("db.example.com", "xdb.example.com", false),
            ("*.example.com", "db.example.com", true),
            ("*.example.com", "a.db.example.com", false),
            ("*.example.com", "example.com", false),
            ("*.com", "example.com", false),
            ("*", "db", false),
        ] {
            assert_eq!(fits(pattern, host), expected, "{pattern} {host}");
        }
    }
}
