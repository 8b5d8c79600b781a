//! The authorities that sign the certificates of RDS, Aurora and RDS Proxy. They are none of the public ones, so they
//! come with the program; a file that is named in sslrootcert takes their place. They are of the regions that there were
//! when they were made: for any other it is said which file to take.
//!
//! The files by partition: "Using SSL/TLS to encrypt a connection to a DB instance or cluster" of the user guide of Amazon
//! RDS, of its edition for GovCloud and of that for China.

use pgquerylens_engine::tls::Bundle;

use crate::endpoint;

const PEM: &str = include_str!("../authorities/rds.pem");
/// The line of the file that says how new it is.
const NEWEST: &str = "# newest: ";
/// What stands around a region in the name of its authority.
const REGION: (&str, &str) = ("# CN=Amazon RDS ", " Root CA RSA2048 G1,");

/// Where the authorities of a region can be downloaded, by what its name begins with.
const DOWNLOADS: [(&str, &str); 3] = [
    ("cn-", "https://rds-truststore.s3.cn-north-1.amazonaws.com.cn"),
    ("us-gov-", "https://truststore.pki.us-gov-west-1.rds.amazonaws.com"),
    ("", "https://truststore.pki.rds.amazonaws.com"),
];

/// Returns the authorities for a host, if it is an endpoint of RDS.
pub fn authorities(host: &str) -> Option<Bundle> {
    endpoint::region(host).map(|region| Bundle { pem: PEM, name: name(host, region), advice: advice(region) })
}

fn name(host: &str, region: &str) -> String {
    let newest = newest();
    // Certificates of proxies are signed by Amazon's public authorities, in every region.
    let lack = match endpoint::is_proxy(host) || regions().any(|covered| covered == region) {
        true => String::new(),
        false => format!(" and none of {region}"),
    };
    format!("the authorities of Amazon RDS that came with pgquerylens, the newest of {newest}{lack}")
}

fn advice(region: &str) -> String {
    let download = DOWNLOADS.iter().find(|(beginning, _)| region.starts_with(beginning));
    let address = download.map_or("", |(_, address)| address);
    let file = format!("{region}-bundle.pem");
    format!("download {address}/{region}/{file} and choose sslrootcert={file}")
}

/// Returns when the newest of the authorities was made, as a date.
pub fn newest() -> &'static str {
    PEM.lines().find_map(|line| line.strip_prefix(NEWEST)).unwrap_or_default()
}

/// Returns the regions that have authorities among them.
pub fn regions() -> impl Iterator<Item = &'static str> {
    let (before, behind) = REGION;
    let named = PEM.lines().filter_map(move |line| line.strip_prefix(before)?.split_once(behind));
    named.map(|(region, _)| region).filter(|region| endpoint::is_region(region))
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

    #[test]
    fn a_region_without_an_authority_is_named_with_the_file_of_its_partition() {
        for (host, lacking, download) in [
            (
                "db1.abc.eu-west-1.rds.amazonaws.com",
                None,
                "https://truststore.pki.rds.amazonaws.com/eu-west-1/",
            ),
            (
                "db1.abc.il-central-1.rds.amazonaws.com",
                Some("il-central-1"),
                "https://truststore.pki.rds.amazonaws.com/il-central-1/il-central-1-bundle.pem ",
            ),
            (
                "db1.proxy-abc.mx-central-1.rds.amazonaws.com",
                None,
                "https://truststore.pki.rds.amazonaws.com/",
            ),
            (
                "db1.abc.us-gov-east-1.rds.amazonaws.com",
                Some("us-gov-east-1"),
                "https://truststore.pki.us-gov-west-1.rds.amazonaws.com/us-gov-east-1/us-gov-east-1-bundle.pem ",
            ),
            (
                "db1.abc.rds.cn-north-1.amazonaws.com.cn",
                Some("cn-north-1"),
                "https://rds-truststore.s3.cn-north-1.amazonaws.com.cn/cn-north-1/cn-north-1-bundle.pem ",
            ),
        ] {
            let Bundle { name, advice, .. } = authorities(host).unwrap();
            assert_eq!(name.split_once(" and none of ").map(|(_, region)| region), lacking, "{name}");
            assert!(advice.starts_with(&format!("download {download}")), "{advice}");
            assert!(advice.ends_with("-bundle.pem") && advice.contains(" choose sslrootcert="), "{advice}");
        }
    }

    #[test]
    fn the_documentation_lists_the_regions() {
        let list: Vec<String> = regions().map(|region| format!("`{region}`")).collect();
        let text = include_str!("../../../docs/rds.md").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(list.len() > 20 && text.contains(&list.join(", ")), "write: {}", list.join(", "));
    }
}
