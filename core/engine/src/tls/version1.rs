//! Certificates of X.509 version 1, which `openssl x509 -req` makes unless told otherwise, as in the recipe of
//! PostgreSQL's manual. webpki refuses to read them even where nothing is to be checked; OpenSSL and so libpq take
//! them. Here they are taken for a server's own certificate, signed directly by an authority in the sslrootcert file.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer};
use rustls::{CertificateError, DigitallySignedStruct, Error};
use x509_cert::der::asn1::BitString;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::BasicConstraints;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::{Certificate, Version};

/// A certificate of version 1.
pub(super) struct Version1(Certificate);

impl Version1 {
    /// Reads a certificate, or returns `None` if webpki can be left to read it.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        (certificate.tbs_certificate.version == Version::V1).then_some(Self(certificate))
    }

    /// Checks that one of the authorities signed it. Dates and names are left to the caller.
    pub(super) fn check_issuer(
        &self,
        authorities: &[CertificateDer<'_>],
        algorithms: &WebPkiSupportedAlgorithms,
    ) -> Result<(), Error> {
        let refused = || Error::from(CertificateError::UnknownIssuer);
        let signed = self.0.tbs_certificate.to_der().map_err(|_| refused())?;
        let signature = self.0.signature.as_bytes().ok_or_else(refused)?;
        let method = contents(&self.0.signature_algorithm).ok_or_else(refused)?;
        let fits = |authority: &Certificate| {
            algorithms
                .all
                .iter()
                .filter(|algorithm| *algorithm.signature_alg_id() == *method)
                .any(|algorithm| verifies(*algorithm, key(authority), &signed, signature))
        };
        authorities
            .iter()
            .filter_map(|der| Certificate::from_der(der).ok())
            .filter(|authority| {
                authority.tbs_certificate.subject == self.0.tbs_certificate.issuer && may_sign(authority)
            })
            .any(|authority| fits(&authority))
            .then_some(())
            .ok_or_else(refused)
    }

    /// Checks the signature under a handshake of TLS 1.2, by which the server proves that it holds the key.
    pub(super) fn check_tls12(
        &self,
        message: &[u8],
        signed: &DigitallySignedStruct,
        algorithms: &WebPkiSupportedAlgorithms,
    ) -> Result<HandshakeSignatureValid, Error> {
        algorithms
            .mapping
            .iter()
            .filter(|(scheme, _)| *scheme == signed.scheme)
            .flat_map(|(_, algorithms)| algorithms.iter())
            .any(|algorithm| verifies(*algorithm, key(&self.0), message, signed.signature()))
            .then(HandshakeSignatureValid::assertion)
            .ok_or_else(|| CertificateError::BadSignature.into())
    }

    /// Checks the signature under a handshake of TLS 1.3.
    pub(super) fn check_tls13(
        &self,
        message: &[u8],
        signed: &DigitallySignedStruct,
        algorithms: &WebPkiSupportedAlgorithms,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = key(&self.0).to_der().map_err(|_| Error::from(CertificateError::BadEncoding))?;
        verify_tls13_signature_with_raw_key(message, &SubjectPublicKeyInfoDer::from(key), signed, algorithms)
    }
}

fn key(certificate: &Certificate) -> &SubjectPublicKeyInfoOwned {
    &certificate.tbs_certificate.subject_public_key_info
}

/// Checks a signature, if the key is of the algorithm's kind.
fn verifies(
    algorithm: &dyn SignatureVerificationAlgorithm,
    key: &SubjectPublicKeyInfoOwned,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let kind_fits = contents(&key.algorithm).is_some_and(|kind| *algorithm.public_key_alg_id() == *kind);
    let key = BitString::as_bytes(&key.subject_public_key);
    kind_fits && key.is_some_and(|key| algorithm.verify_signature(key, message, signature).is_ok())
}

/// Returns an algorithm's identifier as rustls writes it: without the tag and the length of the sequence around it.
fn contents(algorithm: &AlgorithmIdentifierOwned) -> Option<Vec<u8>> {
    let mut der = algorithm.to_der().ok()?;
    // A length below 128 is a single byte.
    der.get(1).is_some_and(|length| *length < 128).then(|| der.split_off(2))
}

/// Tells whether a certificate is an authority: it says so, or it is too old to be able to.
fn may_sign(certificate: &Certificate) -> bool {
    let certificate = &certificate.tbs_certificate;
    certificate.version == Version::V1
        || certificate
            .get::<BasicConstraints>()
            .is_ok_and(|found| found.is_some_and(|(_, constraints)| constraints.ca))
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyPair};
    use rustls::pki_types::pem::PemObject;

    use super::*;

    fn recorded(pem: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
    }

    /// An authority of the same name as the recorded one, with another key.
    fn namesake(is_ca: IsCa) -> CertificateDer<'static> {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, "Test CA");
        parameters.is_ca = is_ca;
        parameters.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    #[test]
    fn only_the_authority_that_signed_it_is_accepted() {
        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        let authority = recorded(include_str!("testdata/version1-authority.pem"));
        let server = recorded(include_str!("testdata/version1-server.pem"));
        let namesake = namesake(IsCa::Ca(BasicConstraints::Unconstrained));
        let old = Version1::read(&server).unwrap();
        let check = |authorities: &[_]| old.check_issuer(authorities, &algorithms).is_ok();
        assert!(check(std::slice::from_ref(&authority)));
        assert!(check(&[namesake.clone(), authority.clone()]));
        assert!(!check(&[namesake]));
        assert!(!check(std::slice::from_ref(&server)));
        assert!(!check(&[]));
        let mut forged = server.to_vec();
        let last = forged.len() - 1;
        forged[last] ^= 1;
        let forged = Version1::read(&forged).unwrap();
        assert!(forged.check_issuer(std::slice::from_ref(&authority), &algorithms).is_err());
        assert!(Version1::read(&authority).is_none());
    }

    #[test]
    fn a_certificate_that_is_no_authority_signs_nothing() {
        let read = |der: CertificateDer<'_>| Certificate::from_der(&der).unwrap();
        assert!(may_sign(&read(namesake(IsCa::Ca(BasicConstraints::Unconstrained)))));
        assert!(!may_sign(&read(namesake(IsCa::NoCa))));
        assert!(!may_sign(&read(namesake(IsCa::ExplicitNoCa))));
    }
}
