//! Why a connection did not come about, sorted by who has to act. What to do about it is written in `advice.rs`.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use crate::tls::{PeerCertificate, TlsFault};

/// Why a connection did not come about. No text of it holds a secret, or more of the server's words than the primary
/// message of its error.
#[derive(Debug)]
pub enum ConnectError {
    /// Nobody answers there.
    CannotReach {
        /// Host, port and database.
        address: String,
        /// What happened instead.
        why: Unreachable,
        /// What the system said.
        source: io::Error,
    },
    /// The login took too long.
    Timeout {
        /// Host, port and database.
        address: String,
        /// How long was waited.
        waited: Duration,
    },
    /// The TLS settings cannot be put to use, for instance because a file is missing.
    TlsSettings {
        /// What is wrong with them.
        source: TlsFault,
    },
    /// The server has no TLS, and the mode demands it.
    TlsRefusedByServer {
        /// Host, port and database.
        address: String,
    },
    /// The TLS handshake came to no end, for another reason than a certificate.
    TlsFailed {
        /// Host, port and database.
        address: String,
        /// What the TLS library said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The server's certificate is not good enough for the mode.
    UntrustedCertificate(Box<UntrustedCertificate>),
    /// The server wants a certificate of ours that it trusts.
    ClientCertificateRefused(Refusal),
    /// The server wants a password, and none is known.
    PasswordMissing {
        /// Host, port and database.
        address: String,
        /// The role.
        user: String,
    },
    /// There is no password to log in with: a cloud gives none, or a secret cannot be read.
    NoPassword {
        /// Host, port and database.
        address: String,
        /// The role.
        user: String,
        /// Why, as a phrase after a colon.
        why: String,
        /// What to do about it.
        advice: String,
    },
    /// The password is wrong (28P01).
    WrongPassword(Refusal),
    /// A password that was given for this login is refused, and whoever gave it knows what that means.
    GivenPasswordRefused {
        /// What the server said.
        refusal: Box<Refusal>,
        /// What to do about it.
        advice: String,
    },
    /// pg_hba.conf or the authentication method says no (28000).
    LoginRefused(Refusal),
    /// The database does not exist (3D000).
    NoSuchDatabase(Refusal),
    /// The role may not connect to the database (42501).
    NoConnectPrivilege(Refusal),
    /// All connections that this role may use are taken (53300).
    TooManyConnections(Refusal),
    /// The server is starting up or in crash recovery (57P03).
    StartingUp(Refusal),
    /// The server is shutting down (57P03, 57P01).
    ShuttingDown(Refusal),
    /// The server or the database takes no connections for another reason (57P03, 55000).
    NotAccepting(Refusal),
    /// A pooler or proxy refuses the startup parameter `options`, or the server one of the settings in it. A caller
    /// can go on without them.
    OptionsRefused(Refusal),
    /// The server is not of the kind that target_session_attrs asks for.
    OtherKindOfServer {
        /// Host, port and database.
        address: String,
        /// The kind that was asked for.
        wanted: &'static str,
    },
    /// The server answered with another error.
    Refused(Refusal),
    /// The conversation broke off or made no sense.
    Protocol {
        /// Host, port and database.
        address: String,
        /// What happened.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// How reaching a server went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// The name has no address.
    NoSuchHost,
    /// Nothing listens on the port, or a firewall rejects.
    Refused,
    /// The network gave up waiting.
    Timeout,
    /// There is no way to the network or host.
    NoRoute,
    /// There is no such socket file.
    NoSocket,
    /// The system forbids it.
    Forbidden,
    /// Something else, which the source tells.
    Other,
}

/// The error that a server gave as its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Host, port and database.
    pub address: String,
    /// The database.
    pub database: String,
    /// The role.
    pub user: String,
    /// The SQLSTATE; empty if the refusal came without one.
    pub sqlstate: String,
    /// The primary message, in the server's language.
    pub message: String,
}

/// A server's certificate that is not good enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntrustedCertificate {
    /// Host, port and database.
    pub address: String,
    /// The name that was connected to.
    pub host: String,
    /// What is wrong with it.
    pub doubt: Doubt,
    /// The certificate, if it could be read.
    pub certificate: Option<PeerCertificate>,
    /// What it was checked against: a file or the system's certificates.
    pub checked_against: String,
    /// What those who sent these along advise where the authority is not among them.
    pub mend: Option<String>,
}

/// What is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Nobody we trust signed it.
    UnknownAuthority,
    /// It signed itself, and is not among the trusted.
    SelfSigned,
    /// It is for other names.
    WrongHostName,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// Something else.
    Other(String),
}

impl ConnectError {
    /// Tells whether another address of the same server, or another host, is worth a try. What the server has decided
    /// about our login is final, as in libpq.
    pub(super) fn another_address_may_do(&self) -> bool {
        matches!(
            self,
            Self::CannotReach { .. }
                | Self::Timeout { .. }
                | Self::StartingUp(_)
                | Self::ShuttingDown(_)
                | Self::NotAccepting(_)
                | Self::OtherKindOfServer { .. }
                | Self::Protocol { .. }
        )
    }

    /// How much it tells: of several addresses the one that got farthest is worth reporting.
    pub(super) fn progress(&self) -> u8 {
        match self {
            Self::CannotReach { why: Unreachable::Refused, .. } => 1,
            Self::CannotReach { why: Unreachable::Timeout, .. } | Self::Timeout { .. } => 2,
            Self::CannotReach { .. } => 0,
            _ => 3,
        }
    }

    /// Tells whether it went wrong while TLS was set up.
    pub(super) fn is_about_tls(&self) -> bool {
        matches!(
            self,
            Self::UntrustedCertificate(_) | Self::TlsFailed { .. } | Self::ClientCertificateRefused(_)
        )
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CannotReach { address, why, .. } => write!(f, "connect to {address}: {why}"),
            Self::Timeout { address, waited } => {
                write!(f, "connect to {address}: no login within {:.1} s", waited.as_secs_f64())
            }
            Self::TlsSettings { source } => write!(f, "{source}"),
            Self::TlsRefusedByServer { address } => {
                write!(f, "encrypt the connection to {address}: the server has no TLS")
            }
            Self::TlsFailed { address, .. } => {
                write!(f, "encrypt the connection to {address}: the handshake broke off")
            }
            Self::UntrustedCertificate(untrusted) => untrusted.fmt(f),
            Self::PasswordMissing { address, user } => {
                write!(
                    f,
                    "log in to {address} as \"{user}\": the server asks for a password and none is given"
                )
            }
            Self::NoPassword { address, user, why, .. } => {
                write!(f, "log in to {address} as \"{user}\": {why}")
            }
            Self::OtherKindOfServer { address, wanted } => {
                write!(f, "connect to {address}: it is no {wanted}")
            }
            Self::Protocol { address, .. } => write!(f, "log in to {address}: the conversation broke off"),
            Self::GivenPasswordRefused { refusal, .. } => refusal.fmt(f),
            Self::ClientCertificateRefused(refusal)
            | Self::WrongPassword(refusal)
            | Self::LoginRefused(refusal)
            | Self::NoSuchDatabase(refusal)
            | Self::NoConnectPrivilege(refusal)
            | Self::TooManyConnections(refusal)
            | Self::StartingUp(refusal)
            | Self::ShuttingDown(refusal)
            | Self::NotAccepting(refusal)
            | Self::OptionsRefused(refusal)
            | Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::CannotReach { source, .. } => Some(source),
            // The fault itself is the text, so what it came from is the cause.
            Self::TlsSettings { source } => source.source(),
            Self::TlsFailed { source, .. } | Self::Protocol { source, .. } => Some(source.as_ref()),
            _ => None,
        }
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchHost => "the name has no address",
            Self::Refused => "connection refused",
            Self::Timeout => "no answer",
            Self::NoRoute => "no route to it",
            Self::NoSocket => "there is no such socket",
            Self::Forbidden => "the system forbids it",
            Self::Other => "the system cannot open it",
        })
    }
}

impl Refusal {
    /// Tells whether it is RDS Proxy that refuses, which names itself.
    pub fn is_of_rds_proxy(&self) -> bool {
        self.message.contains("RDS Proxy")
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "log in to {} as \"{}\": {}", self.address, self.user, self.message)?;
        if self.sqlstate.is_empty() { Ok(()) } else { write!(f, " (SQLSTATE {})", self.sqlstate) }
    }
}

impl fmt::Display for UntrustedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let certificate = self.certificate.as_ref();
        write!(f, "check the certificate of {}: ", self.address)?;
        match &self.doubt {
            Doubt::SelfSigned => write!(f, "it is self-signed and not in {}", self.checked_against),
            Doubt::UnknownAuthority => {
                let issuer = certificate.map_or("an authority", |certificate| certificate.issuer.as_str());
                write!(f, "it is signed by {issuer}, which is not in {}", self.checked_against)
            }
            Doubt::WrongHostName => {
                let names = certificate.map(PeerCertificate::names).unwrap_or_default();
                let names = if names.is_empty() { "no host".to_owned() } else { names.join(", ") };
                write!(f, "it is for {names} and not for {}", self.host)
            }
            Doubt::Expired => {
                let date = certificate.map_or_else(|| "already".to_owned(), PeerCertificate::not_after);
                write!(f, "it expired {date}")
            }
            Doubt::NotYetValid => {
                let date = certificate.map_or_else(|| "a later date".to_owned(), PeerCertificate::not_before);
                write!(f, "it is valid from {date} only")
            }
            Doubt::Other(why) => f.write_str(why),
        }
    }
}
