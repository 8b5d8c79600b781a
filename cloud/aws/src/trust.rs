//! The authorities that sign the certificates of RDS, Aurora and RDS Proxy. They are none of the public ones, so they
//! come with the program; a file that is named in sslrootcert takes their place.

use pgquerylens_engine::tls::Bundle;

use crate::endpoint;

const PEM: &str = include_str!("../authorities/rds.pem");
/// The line of the file that says how new it is.
const NEWEST: &str = "# newest: ";

/// Returns the authorities for a host, if it is an endpoint of RDS.
pub fn authorities(host: &str) -> Option<Bundle> {
    let name =
        || format!("the authorities of Amazon RDS that came with pgquerylens, the newest of {}", newest());
    endpoint::region(host).map(|_| Bundle { pem: PEM, name: name() })
}

/// Returns when the newest of the authorities was made, as a date.
pub fn newest() -> &'static str {
    PEM.lines().find_map(|line| line.strip_prefix(NEWEST)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rustls::RootCertStore;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    use super::*;

    #[test]
    fn every_authority_can_be_trusted() {
        let certificates: Vec<_> =
            CertificateDer::pem_slice_iter(PEM.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(certificates.len(), PEM.matches("BEGIN CERTIFICATE").count());
        let (taken, refused) = RootCertStore::empty().add_parsable_certificates(certificates);
        assert!(taken > 80 && refused == 0, "{taken} taken, {refused} refused");
    }

    #[test]
    fn the_date_is_one() {
        assert_eq!(newest().len(), "2022-06-06".len());
    }

    #[test]
    fn only_endpoints_of_rds_are_signed_by_them() {
        assert!(authorities("db1.abc123.eu-west-1.rds.amazonaws.com").is_some());
        assert!(authorities("db1.example.com").is_none());
    }
}
