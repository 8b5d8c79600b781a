//! TLS towards receivers: the system's roots or a file's, and our own certificate where one is wanted. Always
//! verified in full.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::ClientCertificate;

/// Returns the configuration; the error says which file is wrong.
pub(super) fn config(
    certificate: Option<&Path>,
    client: Option<&ClientCertificate>,
) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("set TLS up: {error}"))?
        .with_root_certificates(roots(certificate)?);
    let Some(client) = client else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates(&client.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&client.key)
        .map_err(|error| format!("read the key {}: {error}", client.key.display()))?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| format!("use the certificate {}: {error}", client.certificate.display()))
}

fn roots(certificate: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let found = match certificate {
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
