//! The certificates that are trusted, from a file or from the system's store.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::files::{self, TlsFault};
use super::{Bundle, Roots, SslMode};

/// Whom to trust.
#[derive(Debug)]
pub(super) struct Trust {
    /// The authorities.
    pub store: RootCertStore,
    /// The certificates of a file as they are: a server that shows one of them is trusted for itself, as OpenSSL does
    /// it, which webpki would refuse for a certificate that is its own authority.
    pub pinned: Vec<CertificateDer<'static>>,
    /// Where they come from, for messages.
    pub origin: String,
    /// What to do where a server's authority is not among them, if they know.
    pub advice: Option<String>,
}

impl Trust {
    /// Loads what a mode needs. Below verify-ca the chain is checked only if there is a root certificate file, as in
    /// libpq; `None` means that nothing is checked.
    pub(super) fn load(roots: &Roots, mode: SslMode) -> Result<Option<Self>, TlsFault> {
        let verifies = mode >= SslMode::VerifyCa;
        match roots {
            Roots::File(path) if verifies || path.exists() => Self::of_file(path).map(Some),
            Roots::Usual { file, bundle } => match (files::existing(file.as_ref()), bundle) {
                (Some(path), _) => Self::of_file(path).map(Some),
                (None, Some(bundle)) if verifies => Ok(Some(Self::of_bundle(bundle))),
                (None, None) if verifies => Self::of_system().map(Some),
                (None, _) => Ok(None),
            },
            Roots::System => Self::of_system().map(Some),
            Roots::File(_) => Ok(None),
        }
    }

    fn of_file(path: &Path) -> Result<Self, TlsFault> {
        let pinned = files::certificates(path, "sslrootcert")?;
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(pinned.iter().cloned());
        Ok(Self { store, pinned, origin: path.display().to_string(), advice: None })
    }

    /// What is not a certificate in it is left out: it came with the program, and its test reads it whole.
    fn of_bundle(bundle: &Bundle) -> Self {
        let mut store = RootCertStore::empty();
        let certificates = CertificateDer::pem_slice_iter(bundle.pem.as_bytes()).flatten();
        store.add_parsable_certificates(certificates);
        let (origin, advice) = (bundle.name.clone(), Some(bundle.advice.clone()));
        Self { store, pinned: Vec::new(), origin, advice }
    }

    fn of_system() -> Result<Self, TlsFault> {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if store.is_empty() {
            return Err(TlsFault::new(
                "read the system's trusted certificates: there are none",
                "install the package ca-certificates, or name a file in sslrootcert",
            ));
        }
        Ok(Self {
            store,
            pinned: Vec::new(),
            origin: "the system's trusted certificates".to_owned(),
            advice: None,
        })
    }
}
