//! Sorts what the driver, TLS and the system report into [`ConnectError`]. SQLSTATEs and byte counts decide; messages,
//! which servers translate, are read only where nothing else tells two cases apart.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};
use tokio_postgres::error::DbError;

use super::error::{ConnectError, Doubt, Refusal, Unreachable, UntrustedCertificate};
use crate::tls::{Connector, printable};

/// What one attempt was about.
pub(super) struct Attempt<'a> {
    pub address: &'a str,
    pub host: &'a str,
    pub database: &'a str,
    pub user: &'a str,
    pub connector: Option<&'a Connector>,
}

/// What the driver says if a server asks for a password and there is none. It keeps its kinds of error to itself, so
/// this text and the next are all there is; tests against a scripted server hold them fast.
const DRIVER_PASSWORD_MISSING: &str = "password missing";

/// What the driver says of everything that goes wrong between the request for TLS and the end of the handshake.
const DRIVER_TLS: &str = "error performing TLS handshake";

/// The server's function that checks the database; its errors are about the database, not about options.
const ROUTINE_OF_DATABASE_CHECK: &str = "CheckMyDatabase";

/// What RDS Proxy says of a login, whichever SQLSTATE it gives it: AWS documents the words alone. It does not translate.
const RDS_PROXY_LOGIN: [&str; 2] = ["iam authentication failed", "rds proxy has no credentials"];

/// What a server says until it has recovered; the last of them from 14 on, before its state is consistent.
const STARTING: [&str; 3] = ["starting up", "recovery", "not yet accepting"];

impl Attempt<'_> {
    /// Sorts an error of the login.
    pub(super) fn login_error(&self, error: tokio_postgres::Error) -> ConnectError {
        let address = self.address.to_owned();
        if let Some(answer) = error.as_db_error() {
            return self.answer(answer);
        }
        if let Some(tls) = tls_error(&error) {
            return self.tls_error(tls.clone());
        }
        let cause = error.source();
        if cause.is_some_and(|cause| cause.to_string() == DRIVER_PASSWORD_MISSING) {
            return ConnectError::PasswordMissing { address, user: self.user.to_owned() };
        }
        // Asked for TLS, the server answered with one byte that does not say yes; there is no system error then.
        let about_tls = error.to_string() == DRIVER_TLS;
        if about_tls && cause.is_some_and(|cause| !cause.is::<io::Error>()) {
            return ConnectError::TlsRefusedByServer { address };
        }
        match error.into_source() {
            Some(source) if about_tls => ConnectError::TlsFailed { address, source },
            Some(source) => ConnectError::Protocol { address, source },
            None => ConnectError::Protocol {
                address,
                source: io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection")
                    .into(),
            },
        }
    }

    fn answer(&self, answer: &DbError) -> ConnectError {
        let refusal = Refusal {
            address: self.address.to_owned(),
            database: self.database.to_owned(),
            user: self.user.to_owned(),
            sqlstate: answer.code().code().to_owned(),
            message: printable(answer.message()),
        };
        let message = answer.message().to_ascii_lowercase();
        let about_options = message.contains("startup parameter") || message.contains("command-line options");
        let about_database = answer.routine() == Some(ROUTINE_OF_DATABASE_CHECK);
        match answer.code().code() {
            "08P01" | "0A000" if about_options => ConnectError::OptionsRefused(refusal),
            // PgBouncer before 1.19 has one SQLSTATE for everything; it does not translate.
            "08P01" if message.contains("authentication failed") => ConnectError::WrongPassword(refusal),
            "08P01" if message.contains("no such database") => ConnectError::NoSuchDatabase(refusal),
            "08P01" if message.contains("no more connections allowed") => {
                ConnectError::TooManyConnections(refusal)
            }
            "28P01" => ConnectError::WrongPassword(refusal),
            "28000" if message.contains("client certificate") => {
                ConnectError::ClientCertificateRefused(refusal)
            }
            "28000" => ConnectError::LoginRefused(refusal),
            "3D000" => ConnectError::NoSuchDatabase(refusal),
            "42501" if about_database || message.contains("for database") => {
                ConnectError::NoConnectPrivilege(refusal)
            }
            // A setting in `options` that this server does not have, or that this role may not make.
            "42501" | "42704" | "22023" | "42602" => ConnectError::OptionsRefused(refusal),
            "53300" => ConnectError::TooManyConnections(refusal),
            "57P01" | "57P02" => ConnectError::ShuttingDown(refusal),
            "57P03" if message.contains("shutting down") => ConnectError::ShuttingDown(refusal),
            "57P03" if STARTING.iter().any(|words| message.contains(words)) => {
                ConnectError::StartingUp(refusal)
            }
            "57P03" | "55000" => ConnectError::NotAccepting(refusal),
            _ if about_options => ConnectError::OptionsRefused(refusal),
            _ if RDS_PROXY_LOGIN.iter().any(|words| message.contains(words)) => {
                ConnectError::LoginRefused(refusal)
            }
            _ => ConnectError::Refused(refusal),
        }
    }

    fn tls_error(&self, error: rustls::Error) -> ConnectError {
        match error {
            rustls::Error::InvalidCertificate(doubt) => {
                let certificate = self.connector.and_then(|connector| connector.certificate()).cloned();
                let self_issued = certificate.as_ref().is_some_and(|certificate| certificate.self_issued);
                ConnectError::UntrustedCertificate(Box::new(UntrustedCertificate {
                    address: self.address.to_owned(),
                    host: self.host.to_owned(),
                    doubt: read_doubt(&doubt, self_issued),
                    certificate,
                    checked_against: self
                        .connector
                        .map_or_else(String::new, |connector| connector.checked_against.clone()),
                    mend: self.connector.and_then(|connector| connector.advice.clone()),
                }))
            }
            rustls::Error::AlertReceived(alert) if is_about_our_certificate(alert) => {
                ConnectError::ClientCertificateRefused(Refusal {
                    address: self.address.to_owned(),
                    database: self.database.to_owned(),
                    user: self.user.to_owned(),
                    sqlstate: String::new(),
                    message: format!("the server answered our certificate with the TLS alert {alert:?}"),
                })
            }
            other => ConnectError::TlsFailed { address: self.address.to_owned(), source: other.into() },
        }
    }
}

/// Sorts an error of opening a socket.
pub(super) fn socket_error(address: String, error: io::Error) -> ConnectError {
    let why = match error.kind() {
        io::ErrorKind::ConnectionRefused => Unreachable::Refused,
        io::ErrorKind::TimedOut => Unreachable::Timeout,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Unreachable::NoRoute,
        io::ErrorKind::NotFound => Unreachable::NoSocket,
        io::ErrorKind::PermissionDenied => Unreachable::Forbidden,
        _ => Unreachable::Other,
    };
    ConnectError::CannotReach { address, why, source: error }
}

/// Sorts an error of looking a name up; the system has no error kind for "no such name".
pub(super) fn name_error(address: String, error: io::Error) -> ConnectError {
    let why = match error.kind() {
        io::ErrorKind::TimedOut => Unreachable::Timeout,
        _ => Unreachable::NoSuchHost,
    };
    ConnectError::CannotReach { address, why, source: error }
}

/// Finds the error of TLS inside the error of the stream inside the error of the driver.
fn tls_error(error: &tokio_postgres::Error) -> Option<&rustls::Error> {
    let stream = error.source()?.downcast_ref::<io::Error>()?;
    stream.get_ref()?.downcast_ref()
}

fn read_doubt(doubt: &CertificateError, self_issued: bool) -> Doubt {
    match doubt {
        CertificateError::UnknownIssuer if self_issued => Doubt::SelfSigned,
        CertificateError::UnknownIssuer | CertificateError::BadSignature => Doubt::UnknownAuthority,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Doubt::WrongHostName
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Doubt::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Doubt::NotYetValid,
        // A certificate that is its own authority, which webpki takes for a misused one.
        CertificateError::Other(_) if self_issued => Doubt::SelfSigned,
        other => Doubt::Other(printable(&other.to_string())),
    }
}

/// The alerts by which a server says that it wants a certificate, or another one.
fn is_about_our_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::CertificateRequired
            | AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
    )
}
