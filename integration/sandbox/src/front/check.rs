//! How a managed service makes sure who logs in. Each cloud's way is a variant of [`Check`] and a file beside this
//! one: it says how a client is greeted, judges what comes as a password, and words the refusals.

use std::net::IpAddr;

use super::{RdsIam, Refusal};

/// The way in which a front checks who logs in.
#[derive(Debug, Clone)]
pub enum Check {
    /// A token of IAM, as RDS and Aurora want it.
    RdsIam(RdsIam),
}

/// Somebody who wants to log in.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) database: String,
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
        }
    }

    pub(super) fn judge(&self, login: &Login, password: &str) -> Result<(), Refusal> {
        match self {
            Self::RdsIam(check) => check.judge(login, password),
        }
    }

    pub(super) fn complain(&self, refusal: Refusal, login: &Login) -> Complaint {
        match self {
            Self::RdsIam(check) => check.complain(refusal, login),
        }
    }
}
