//! The check of a server's certificate, and the memory of what was seen: rustls calls it in the middle of a handshake,
//! and neither the connection nor the error can be asked afterwards.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use super::TlsVersion;
use super::certificate::PeerCertificate;
use super::name;
use super::trust::Trust;
use super::version1::Version1;

/// What was seen of the server during the first handshake.
#[derive(Debug, Default)]
pub(super) struct Witness {
    /// Whether the server showed a certificate, and what could be read of it.
    pub certificate: OnceLock<Option<PeerCertificate>>,
    /// The version of TLS; known once the server has proved that it holds the key.
    pub version: OnceLock<TlsVersion>,
}

/// The check of one handshake.
#[derive(Debug)]
pub(super) struct Verifier {
    /// Whom to trust; `None` trusts anyone.
    pub trust: Option<Arc<Trust>>,
    /// The name that the certificate must be for; `None` if any will do.
    pub host: Option<String>,
    /// The signatures that the crypto provider can check.
    pub algorithms: WebPkiSupportedAlgorithms,
    /// What was seen.
    pub witness: Arc<Witness>,
}

impl Verifier {
    fn check_chain(
        &self,
        trust: &Trust,
        leaf: &Shown<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        if trust.pinned.iter().any(|pinned| pinned == leaf.der) {
            return leaf.check_dates(now);
        }
        if let Some(old) = Version1::read(leaf.der) {
            leaf.check_dates(now)?;
            return old.check_issuer(&trust.pinned, &self.algorithms);
        }
        let parsed = ParsedCertificate::try_from(leaf.der)?;
        verify_server_cert_signed_by_trust_anchor(
            &parsed,
            &trust.store,
            intermediates,
            now,
            self.algorithms.all,
        )
    }
}

/// The server's own certificate.
struct Shown<'a> {
    der: &'a CertificateDer<'a>,
    read: Option<PeerCertificate>,
}

impl Shown<'_> {
    /// The dates of a certificate that webpki does not look at.
    fn check_dates(&self, now: UnixTime) -> Result<(), Error> {
        let Some(certificate) = &self.read else {
            return Err(CertificateError::BadEncoding.into());
        };
        if now.as_secs() > certificate.not_after_unix_seconds {
            return Err(CertificateError::Expired.into());
        }
        if now.as_secs() < certificate.not_before_unix_seconds {
            return Err(CertificateError::NotValidYet.into());
        }
        Ok(())
    }

    fn check_name(&self, host: &str, name: &ServerName<'_>) -> Result<(), Error> {
        if self.read.as_ref().is_some_and(|certificate| name::common_name_fits(certificate, host)) {
            return Ok(());
        }
        if Version1::read(self.der).is_some() {
            return Err(CertificateError::NotValidForName.into());
        }
        verify_server_name(&ParsedCertificate::try_from(self.der)?, name)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let leaf = Shown { der: end_entity, read: PeerCertificate::read(end_entity) };
        self.witness.certificate.get_or_init(|| leaf.read.clone());
        if let Some(trust) = &self.trust {
            self.check_chain(trust, &leaf, intermediates, now)?;
        }
        if let Some(host) = &self.host {
            leaf.check_name(host, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.witness.version.get_or_init(|| TlsVersion::V1_2);
        if let Some(old) = Version1::read(certificate) {
            return old.check_tls12(message, signed, &self.algorithms);
        }
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.witness.version.get_or_init(|| TlsVersion::V1_3);
        if let Some(old) = Version1::read(certificate) {
            return old.check_tls13(message, signed, &self.algorithms);
        }
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
    use rustls::RootCertStore;
    use rustls::pki_types::pem::PemObject;

    use super::*;

    const NOON_2026: u64 = 1_780_000_000;

    fn parameters(names: &[&str]) -> CertificateParams {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut parameters = CertificateParams::new(names).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, "cn.example.com");
        parameters.not_before = date_time_ymd(2026, 1, 1);
        parameters.not_after = date_time_ymd(2027, 1, 1);
        parameters
    }

    fn authority_named(name: &str) -> (Issuer<'static, KeyPair>, CertificateDer<'static>) {
        let mut authority = parameters(&[]);
        authority.distinguished_name.push(DnType::OrganizationName, name);
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = authority.self_signed(&key).unwrap().der().clone();
        (Issuer::new(authority, key), certificate)
    }

    fn issued(issuer: &Issuer<'_, KeyPair>, parameters: &CertificateParams) -> CertificateDer<'static> {
        parameters.signed_by(&KeyPair::generate().unwrap(), issuer).unwrap().der().clone()
    }

    /// Checks a certificate against trusted ones and a host at a time; `None` is success.
    fn check(
        trusted: &CertificateDer<'static>,
        shown: &CertificateDer<'_>,
        host: Option<&str>,
        now: u64,
    ) -> Option<Error> {
        let mut store = RootCertStore::empty();
        store.add(trusted.clone()).unwrap();
        let verifier = Verifier {
            trust: Some(Arc::new(Trust {
                store,
                pinned: vec![trusted.clone()],
                origin: String::new(),
                advice: None,
            })),
            host: host.map(str::to_owned),
            algorithms: rustls::crypto::ring::default_provider().signature_verification_algorithms,
            witness: Arc::default(),
        };
        let name = ServerName::try_from(host.unwrap_or("any").to_owned()).unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
        verifier.verify_server_cert(shown, &[], &name, &[], now).err()
    }

    #[test]
    fn chain_name_and_dates_are_checked() {
        let (issuer, root) = authority_named("ours");
        let (_, stranger) = authority_named("theirs");
        let shown = issued(&issuer, &parameters(&["db.example.com", "10.0.0.1"]));
        for host in [None, Some("db.example.com"), Some("10.0.0.1")] {
            assert_eq!(check(&root, &shown, host, NOON_2026), None, "{host:?}");
        }
        let wrong =
            |host| matches!(check(&root, &shown, Some(host), NOON_2026), Some(Error::InvalidCertificate(_)));
        assert!(wrong("other.example.com") && wrong("10.0.0.2"));
        // With a DNS name in the certificate the common name does not count.
        assert!(wrong("cn.example.com"));
        let doubt = |error: Option<Error>| format!("{error:?}");
        assert!(doubt(check(&stranger, &shown, None, NOON_2026)).contains("UnknownIssuer"));
        assert!(doubt(check(&root, &shown, None, NOON_2026 + 40_000_000)).contains("Expired"));
        assert!(doubt(check(&root, &shown, None, 1_700_000_000)).contains("NotValidYet"));
    }

    #[test]
    fn without_alternative_names_the_common_name_counts() {
        let (issuer, root) = authority_named("ours");
        let shown = issued(&issuer, &parameters(&[]));
        assert_eq!(check(&root, &shown, Some("cn.example.com"), NOON_2026), None);
        assert!(check(&root, &shown, Some("db.example.com"), NOON_2026).is_some());
    }

    #[test]
    fn a_self_signed_server_is_trusted_if_its_certificate_is_in_the_file() {
        for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
            let mut parameters = parameters(&[]);
            parameters.is_ca = is_ca;
            let shown = parameters.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone();
            assert_eq!(check(&shown, &shown, Some("cn.example.com"), NOON_2026), None);
            assert!(check(&shown, &shown, Some("other"), NOON_2026).is_some());
            assert!(check(&shown, &shown, None, NOON_2026 + 40_000_000).is_some());
        }
    }

    #[test]
    fn certificates_of_version_1_are_checked_no_less() {
        let recorded = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let authority = recorded(include_str!("testdata/version1-authority.pem"));
        let server = recorded(include_str!("testdata/version1-server.pem"));
        let (_, stranger) = authority_named("Test CA");
        let noon_2027 = 1_810_000_000;
        assert_eq!(check(&authority, &server, Some("db.example.com"), noon_2027), None);
        assert!(check(&authority, &server, Some("other.example.com"), noon_2027).is_some());
        assert!(check(&stranger, &server, None, noon_2027).is_some());
        assert!(check(&authority, &server, None, NOON_2026).is_some());
        assert!(check(&authority, &server, None, noon_2027 + 400_000_000).is_some());
    }
}
