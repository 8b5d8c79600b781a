//! Who a receiver says it is, and whom it lets in.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::Error;
use crate::tls::TlsFiles;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Certificates of a receiver.
#[derive(Clone, Debug)]
pub struct ReceiverTls {
    /// Its own.
    pub files: TlsFiles,
    /// The authority whose certificates clients have to show; none lets everyone in.
    pub clients: Option<PathBuf>,
}

impl ReceiverTls {
    pub(super) fn acceptor(&self) -> Result<TlsAcceptor, Error> {
        self.config().map(|config| TlsAcceptor::from(Arc::new(config))).map_err(|source| Error::Io {
            what: "set up the receiver's TLS".to_owned(),
            source: std::io::Error::other(source),
        })
    }

    fn config(&self) -> Result<ServerConfig, AnyError> {
        let chain = CertificateDer::pem_file_iter(&self.files.certificate)?.collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_file(&self.files.key)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut config = builder.with_client_cert_verifier(self.verifier()?).with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    fn verifier(&self) -> Result<Arc<dyn ClientCertVerifier>, AnyError> {
        let Some(authority) = &self.clients else { return Ok(WebPkiClientVerifier::no_client_auth()) };
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(
            CertificateDer::pem_file_iter(authority)?.collect::<Result<Vec<_>, _>>()?,
        );
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        Ok(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?)
    }
}
