//! Why a front let somebody not in. The wire says less: what a client is told is up to each check.

use std::fmt;

/// The reason why a login came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The client did not ask for TLS, so it was not asked for its password.
    NoTls,
    /// The client broke the handshake off, as it does where it does not believe the certificate.
    HandshakeBroken,
    /// What the client said first asks for something that the service does not have.
    NotSupported,
    /// The proxy has no credentials of this role's for the database behind.
    NoCredentials,
    /// The role may not log in by token; the server asked it for its password and did not like the answer.
    NotGranted,
    /// What came as a password is no token, with what is wrong with it.
    Malformed(&'static str),
    /// The token is for another host.
    WrongHost,
    /// The token is for another port.
    WrongPort,
    /// The token is for another user.
    WrongUser,
    /// The token is for another region.
    WrongRegion,
    /// The token is for another service.
    WrongService,
    /// Nobody has a key of this id.
    UnknownKey,
    /// The key is a temporary one, and the session token that belongs to it is missing.
    SessionTokenMissing,
    /// The session token is not the one that belongs to the key.
    WrongSessionToken,
    /// The token's time is not yet come.
    NotYetValid,
    /// The token's time is over.
    Expired,
    /// The signature is not the one of this request by this key.
    WrongSignature,
    /// The token is right, but its owner has no permission to connect as this user.
    NotAllowed,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoTls => "the client did not ask for TLS",
            Self::HandshakeBroken => "the client broke the handshake off",
            Self::NotSupported => "the client asks for what the service does not have",
            Self::NoCredentials => "the proxy has no credentials for the role",
            Self::NotGranted => "the role may not log in by token",
            Self::Malformed(what) => return write!(formatter, "this is no token: {what}"),
            Self::WrongHost => "the token is for another host",
            Self::WrongPort => "the token is for another port",
            Self::WrongUser => "the token is for another user",
            Self::WrongRegion => "the token is for another region",
            Self::WrongService => "the token is for another service",
            Self::UnknownKey => "nobody has a key of this id",
            Self::SessionTokenMissing => "the session token of a temporary key is missing",
            Self::WrongSessionToken => "the session token is not the key's",
            Self::NotYetValid => "the token's time is not yet come",
            Self::Expired => "the token's time is over",
            Self::WrongSignature => "the signature is wrong",
            Self::NotAllowed => "the key's owner may not connect as this user",
        })
    }
}
