//! Passwords that are asked for at each login: tokens that a cloud signs, secrets that are rotated. What they are is
//! the cloud's; here they are used one after another, and kept nowhere.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::error::{ConnectError, Refusal};
use super::{Dialled, Startup, dial};
use crate::conninfo::{Host, Target};
use crate::secret::Secret;
use crate::tls::SslMode;

/// How many passwords are tried at one login: a secret's present value and the one that it is about to have.
const MAX_TRIES: usize = 3;

/// Who wants to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The host's name.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The role.
    pub user: String,
    /// Whether the password is sent encrypted or not at all.
    pub is_encrypted: bool,
    /// How many passwords of this login the server has refused.
    pub refused: usize,
}

/// Why there is no password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoPassword {
    /// What went wrong, as a phrase after a colon.
    pub why: String,
    /// What to do about it.
    pub advice: String,
}

type Answer = Result<Option<Secret>, NoPassword>;
type Advice = dyn Fn(&Refusal) -> Option<String> + Send + Sync;

/// Gives the password of a login; nothing if there is no other than those that were refused.
pub struct Passwords {
    source: Box<dyn Fn(Asked) -> BoxFuture<'static, Answer> + Send + Sync>,
    advice: Box<Advice>,
}

impl Passwords {
    /// Wraps a source, and what it advises where a password of it was refused.
    pub fn new(
        source: impl Fn(Asked) -> BoxFuture<'static, Answer> + Send + Sync + 'static,
        advice: impl Fn(&Refusal) -> Option<String> + Send + Sync + 'static,
    ) -> Passwords {
        Passwords { source: Box::new(source), advice: Box::new(advice) }
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passwords(***)")
    }
}

/// Connects as [`dial`] does, by the password that is given for the first host: a token is good for one host only, so
/// a target with passwords of this kind has one.
pub async fn dial_with(
    passwords: &Passwords,
    target: &Target,
    startup: Startup<'_>,
    timeout: Duration,
) -> Result<Dialled, ConnectError> {
    let mut last = None;
    for refused in 0..MAX_TRIES {
        let no_password = |none: NoPassword| ConnectError::NoPassword {
            address: target.address(),
            user: target.user.clone(),
            why: none.why,
            advice: none.advice,
        };
        let asked = asked(target, refused).map_err(no_password)?;
        let Some(password) = (passwords.source)(asked).await.map_err(no_password)? else { break };
        let with = Target { password: Some(password), ..target.clone() };
        match dial(&with, startup, timeout).await {
            Err(ConnectError::WrongPassword(refusal)) => last = Some((refusal, true)),
            Err(ConnectError::LoginRefused(refusal)) => last = Some((refusal, false)),
            dialled => return dialled,
        }
    }
    let missing = || ConnectError::PasswordMissing { address: target.address(), user: target.user.clone() };
    Err(last.map_or_else(missing, |(refusal, is_password)| match (passwords.advice)(&refusal) {
        Some(advice) => ConnectError::GivenPasswordRefused { refusal: Box::new(refusal), advice },
        None if is_password => ConnectError::WrongPassword(refusal),
        None => ConnectError::LoginRefused(refusal),
    }))
}

fn asked(target: &Target, refused: usize) -> Result<Asked, NoPassword> {
    match target.hosts.as_slice() {
        [tcp @ Host::Tcp { host, port, .. }] => Ok(Asked {
            host: host.clone(),
            port: *port,
            user: target.user.clone(),
            is_encrypted: matches!(
                target.tls.mode_for(tcp),
                SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull
            ),
            refused,
        }),
        _ => Err(NoPassword {
            why: "a password that is given anew for each login is for one host".to_owned(),
            advice: "name one host, not a list of them or a socket".to_owned(),
        }),
    }
}
