//! How a managed service makes sure who logs in. Each cloud's way is a variant of [`Check`] and a file beside this
//! one: it says how a client is greeted, judges what comes as a password, and words the refusals.

use std::net::IpAddr;

use super::{RdsIam, RdsProxy, Refusal};

/// The way in which a front checks who logs in.
#[derive(Debug, Clone)]
pub enum Check {
    /// A token of IAM, as RDS and Aurora want it.
    RdsIam(RdsIam),
    /// A token of IAM, as RDS Proxy wants it for its own endpoint.
    RdsProxy(RdsProxy),
}

/// Somebody who wants to log in.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) database: String,
    /// The names of all that was said first.
    pub(super) parameters: Vec<String>,
    /// Where they come from.
    pub(super) client: IpAddr,
    /// The front's port that they came to.
    pub(super) port: u16,
    pub(super) is_encrypted: bool,
}

/// What a client gets to hear first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Greeting {
    /// Nothing but this.
    Refuse(Refusal),
    /// The question for its password in clear, which is then judged.
    AskCleartextPassword,
    /// What the server behind says; if that is no welcome, this is why.
    LeaveToServer(Refusal),
}

/// An error as it goes over the wire.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) sqlstate: &'static str,
    pub(super) message: String,
}

impl Check {
    pub(super) fn greet(&self, login: &Login) -> Greeting {
        match self {
            Self::RdsIam(check) => check.greet(login),
            Self::RdsProxy(check) => check.greet(login),
        }
    }

    pub(super) fn judge(&self, login: &Login, password: &str) -> Result<(), Refusal> {
        match self {
            Self::RdsIam(check) => check.judge(login, password),
            Self::RdsProxy(check) => check.judge(login, password),
        }
    }

    pub(super) fn complain(&self, refusal: Refusal, login: &Login) -> Complaint {
        match self {
            Self::RdsIam(check) => check.complain(refusal, login),
            Self::RdsProxy(check) => check.complain(refusal, login),
        }
    }

    /// Whether a client may ask that its statement ends, and is given the key for that.
    pub(super) fn lets_cancel(&self) -> bool {
        match self {
            Self::RdsIam(_) => true,
            Self::RdsProxy(_) => false,
        }
    }
}
