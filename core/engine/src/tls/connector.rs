//! Builds the TLS client of one connection. The crypto provider is named here and nowhere else, so that no
//! process-wide default is needed and no second provider can creep in.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::files::{self, TlsFault};
use super::trust::Trust;
use super::verifier::{Verifier, Witness};
use super::{Negotiation, PeerCertificate, SslMode, TlsFacts, TlsSettings, TlsVersion};

/// What PostgreSQL registered for ALPN, which direct TLS demands.
const ALPN: &[u8] = b"postgresql";

/// A name for servers whose own is not one that TLS can carry; with verify-full it never fits.
const PLACEHOLDER_NAME: &str = "server.invalid";

/// What is read from disk once for all addresses of a host.
pub(crate) struct Material<'a> {
    settings: &'a TlsSettings,
    trust: Option<Arc<Trust>>,
    identity: Option<files::Identity>,
    mode: SslMode,
}

/// The TLS client of one connection and of its cancel request.
#[derive(Clone)]
pub(crate) struct Connector {
    /// What tokio-postgres connects with.
    pub make: MakeRustlsConnect,
    /// The name to connect under.
    pub server_name: String,
    /// How far the server is checked: verify-full, verify-ca, or require for not at all.
    pub verified: SslMode,
    /// What the server is checked against, for messages.
    pub checked_against: String,
    /// What to do where the server's authority is not among those, if they know.
    pub advice: Option<String>,
    witness: Arc<Witness>,
}

impl<'a> Material<'a> {
    /// Reads the certificates and keys that a mode needs.
    pub(crate) fn load(settings: &'a TlsSettings, mode: SslMode) -> Result<Self, TlsFault> {
        let trust = Trust::load(&settings.roots, mode)?.map(Arc::new);
        let identity = settings.client.as_ref().map(files::identity).transpose()?.flatten();
        Ok(Self { settings, trust, identity, mode })
    }

    /// Builds the client for a connection to a host.
    pub(crate) fn connector(&self, host: &str) -> Result<Connector, TlsFault> {
        let witness = Arc::new(Witness::default());
        let verified = match (&self.trust, self.mode) {
            (Some(_), SslMode::VerifyFull) => SslMode::VerifyFull,
            (Some(_), _) => SslMode::VerifyCa,
            (None, _) => SslMode::Require,
        };
        let provider = Arc::new(ring::default_provider());
        let verifier = Verifier {
            trust: self.trust.clone(),
            host: (verified == SslMode::VerifyFull).then(|| host.to_owned()),
            algorithms: provider.signature_verification_algorithms,
            witness: witness.clone(),
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&self.versions())
            .map_err(|_| TlsFault::new("set up TLS: no version is left", "widen ssl_min_protocol_version"))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => builder
                .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
                .map_err(|_| {
                    TlsFault::new(
                        "set up TLS: sslkey does not fit sslcert",
                        "name the key of that certificate",
                    )
                })?,
        };
        config.enable_sni = self.settings.server_name;
        // PostgreSQL resumes no session, and a resumed one would pass by the verifier.
        config.resumption = Resumption::disabled();
        if self.settings.negotiation == Negotiation::Direct {
            config.alpn_protocols = vec![ALPN.to_vec()];
        }
        let nameable = ServerName::try_from(host).is_ok();
        Ok(Connector {
            make: MakeRustlsConnect::new(config),
            server_name: if nameable { host } else { PLACEHOLDER_NAME }.to_owned(),
            verified,
            checked_against: self.trust.as_ref().map_or_else(String::new, |trust| trust.origin.clone()),
            advice: self.trust.as_ref().and_then(|trust| trust.advice.clone()),
            witness,
        })
    }

    fn versions(&self) -> Vec<&'static rustls::SupportedProtocolVersion> {
        [(TlsVersion::V1_3, &rustls::version::TLS13), (TlsVersion::V1_2, &rustls::version::TLS12)]
            .into_iter()
            .filter(|(version, _)| (self.settings.min_version..=self.settings.max_version).contains(version))
            .map(|(_, version)| version)
            .collect()
    }
}

impl Connector {
    /// Returns the certificate that the server showed, whether or not it was accepted.
    pub(crate) fn certificate(&self) -> Option<&PeerCertificate> {
        self.witness.certificate.get().and_then(Option::as_ref)
    }

    /// Returns what is known of the connection, or `None` if the server showed no certificate and so has no TLS.
    pub(crate) fn facts(&self) -> Option<TlsFacts> {
        let certificate = self.witness.certificate.get()?.clone();
        let is_checked = self.verified >= SslMode::VerifyCa;
        Some(TlsFacts {
            version: self.witness.version.get().copied(),
            verified: self.verified,
            checked_against: is_checked.then(|| self.checked_against.clone()),
            certificate,
        })
    }
}
