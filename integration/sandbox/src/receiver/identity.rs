//! Who a receiver says it is, and whom it lets in.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;

use crate::Result;
use crate::tls::{TlsFiles, server_config};

/// Certificates of a receiver.
#[derive(Clone, Debug)]
pub struct ReceiverTls {
    /// Its own.
    pub files: TlsFiles,
    /// The authority whose certificates clients have to show; none lets everyone in.
    pub clients: Option<PathBuf>,
}

impl ReceiverTls {
    pub(super) fn acceptor(&self) -> Result<TlsAcceptor> {
        let mut config = server_config(&self.files, self.clients.as_deref())?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
