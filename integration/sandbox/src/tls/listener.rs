//! A listener's side of TLS: which certificate it shows, and whose clients' certificates it wants to see.

use std::{path::Path, sync::Arc};

use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};

use super::TlsFiles;
use crate::Error;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Returns the settings of a listener with this certificate; clients have to show one of the authority `clients`,
/// if one is given.
pub(crate) fn server_config(files: &TlsFiles, clients: Option<&Path>) -> Result<ServerConfig, Error> {
    configured(files, clients).map_err(|source| Error::Io {
        what: format!("listen by the certificate {}", files.certificate.display()),
        source: std::io::Error::other(source),
    })
}

fn configured(files: &TlsFiles, clients: Option<&Path>) -> Result<ServerConfig, AnyError> {
    let chain = CertificateDer::pem_file_iter(&files.certificate)?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(&files.key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_client_cert_verifier(verifier(clients)?).with_single_cert(chain, key)?)
}

fn verifier(clients: Option<&Path>) -> Result<Arc<dyn ClientCertVerifier>, AnyError> {
    let Some(authority) = clients else { return Ok(WebPkiClientVerifier::no_client_auth()) };
    let mut roots = RootCertStore::empty();
    roots
        .add_parsable_certificates(CertificateDer::pem_file_iter(authority)?.collect::<Result<Vec<_>, _>>()?);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?)
}
