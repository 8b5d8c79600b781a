//! TLS towards receivers and stores: the system's roots or a file's, and our own certificate where one is wanted. Always
//! verified in full. How TLS towards PostgreSQL is, which has modes, is said in `connector.rs`.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

/// Our own certificate and its key, files of PEM.
#[derive(Clone, Copy, Debug)]
pub struct OwnCertificate<'f> {
    /// The certificate and what it is signed by.
    pub certificate: &'f Path,
    /// Its key.
    pub key: &'f Path,
}

/// Returns the configuration of a client that trusts the certificates of a file, or the system's without one. The
/// error says which file is wrong.
pub fn client_config(
    trusted: Option<&Path>,
    own: Option<OwnCertificate<'_>>,
) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("set TLS up: {error}"))?
        .with_root_certificates(roots(trusted)?);
    let Some(own) = own else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates(own.certificate)?;
    let key = PrivateKeyDer::from_pem_file(own.key)
        .map_err(|error| format!("read the key {}: {error}", own.key.display()))?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| format!("use the certificate {}: {error}", own.certificate.display()))
}

fn roots(trusted: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let found = match trusted {
        Some(path) => certificates(path)?,
        // Single unreadable files of the system's store are none of our receiver's.
        None => rustls_native_certs::load_native_certs().certs,
    };
    roots.add_parsable_certificates(found);
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = |why: String| format!("read the certificates of {}: {why}", path.display());
    let found = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(error.to_string()))?;
    if found.is_empty() { Err(wrong("there is none in it".to_owned())) } else { Ok(found) }
}
