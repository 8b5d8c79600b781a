//! How a connection is secured: libpq's sslmode and its kin as types, the trust they stand for, and the checks on a
//! server's certificate. Which crypto is used (ring) is decided in `connector.rs` and `client.rs`.

mod certificate;
mod client;
mod connector;
mod files;
mod name;
mod trust;
mod verifier;
mod version1;

use std::path::PathBuf;

pub use self::certificate::PeerCertificate;
pub use self::client::{OwnCertificate, client_config};
pub use self::files::TlsFault;

pub(crate) use self::certificate::printable;
pub(crate) use self::connector::{Connector, Material};

use crate::conninfo::Host;

/// libpq's sslmode, from the weakest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslMode {
    /// Never TLS.
    Disable,
    /// TLS only if the server refuses to go without.
    Allow,
    /// TLS if the server has it.
    Prefer,
    /// TLS always, with whoever answers; with a root certificate file the same as verify-ca.
    Require,
    /// TLS with a server whose certificate a trusted authority signed.
    VerifyCa,
    /// As verify-ca, and the certificate names the host.
    VerifyFull,
}

impl SslMode {
    /// Returns libpq's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Allow => "allow",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

/// How TLS begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Negotiation {
    /// After asking the server in PostgreSQL's protocol.
    #[default]
    Postgres,
    /// At once, with ALPN (PostgreSQL 17 and later).
    Direct,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2
    V1_2,
    /// TLS 1.3
    V1_3,
}

impl TlsVersion {
    /// Returns the name that `pg_stat_ssl` uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1_2 => "TLSv1.2",
            Self::V1_3 => "TLSv1.3",
        }
    }
}

/// Whether SCRAM is bound to the TLS channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// Where the server offers it.
    #[default]
    Prefer,
    /// Always; a server that does not offer it is refused.
    Require,
}

/// Where the certificates of trusted authorities come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Roots {
    /// The file that sslrootcert names.
    File(PathBuf),
    /// The system's store, as asked for by `sslrootcert=system`.
    System,
    /// `~/.postgresql/root.crt` if it exists, else the authorities of whoever runs the server, else the system's store.
    Usual {
        /// The file, if there is a home directory.
        file: Option<PathBuf>,
        /// The provider's authorities, where it is known to have its own.
        bundle: Option<Bundle>,
    },
}

/// Authorities that came with the program, as PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The certificates.
    pub pem: &'static str,
    /// What they are, for messages: `the authorities of Amazon RDS`.
    pub name: String,
    /// What to do where a server's authority is not among them.
    pub advice: String,
}

/// The client's certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFiles {
    /// The certificate, with its chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Whether the user named the certificate; libpq's usual file may be missing.
    pub named: bool,
}

/// How a connection is secured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// The mode that was said; see [`TlsSettings::mode_for`].
    pub mode: Option<SslMode>,
    /// How TLS begins.
    pub negotiation: Negotiation,
    /// Whom to trust.
    pub roots: Roots,
    /// Who we are.
    pub client: Option<ClientFiles>,
    /// Whether the host's name is sent (SNI), by which a front finds the server.
    pub server_name: bool,
    /// The lowest version to accept.
    pub min_version: TlsVersion,
    /// The highest version to accept.
    pub max_version: TlsVersion,
    /// Whether SCRAM is bound to the TLS channel.
    pub channel_binding: ChannelBinding,
}

impl TlsSettings {
    /// Returns the mode in force for a host: never TLS on a socket, else what was said, else verify-full for what
    /// leaves this machine and prefer for what does not.
    pub fn mode_for(&self, host: &Host) -> SslMode {
        match (host, self.mode) {
            (Host::Unix { .. }, _) => SslMode::Disable,
            (Host::Tcp { .. }, Some(mode)) => mode,
            (Host::Tcp { .. }, None) if self.roots == Roots::System || !host.is_local() => {
                SslMode::VerifyFull
            }
            (Host::Tcp { .. }, None) if self.negotiation == Negotiation::Direct => SslMode::Require,
            (Host::Tcp { .. }, None) => SslMode::Prefer,
        }
    }
}

/// What is known of the TLS of a connection. The cipher is the server's to tell (`pg_stat_ssl`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFacts {
    /// The version agreed on.
    pub version: Option<TlsVersion>,
    /// How far the server was checked: verify-full, verify-ca, or require for not at all.
    pub verified: SslMode,
    /// Whose authorities it was checked against, for messages; nothing where it was not.
    pub checked_against: Option<String>,
    /// The server's certificate, if it could be read.
    pub certificate: Option<PeerCertificate>,
}
