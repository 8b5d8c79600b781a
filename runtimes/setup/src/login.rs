//! How we log in: by the password that the connection or the options say, or by a token that a cloud signs for each
//! connection; and whom a provider's server is trusted by.

use pgquerylens_aws::auth::iam_tokens;
use pgquerylens_aws::session::{Account, Sessions};
use pgquerylens_aws::trust;
use pgquerylens_engine::conninfo::{Host, Target};
use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::source::live::Live;
use pgquerylens_engine::tls::Roots;

/// How we log in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Login {
    /// By a password, or by what the server asks for besides.
    #[default]
    Password,
    /// By a token of AWS IAM.
    RdsIam {
        /// The region, where the endpoint's name does not tell it.
        region: Option<String>,
        /// The account whose role signs, if it is not our own.
        account: Option<Account>,
    },
}

impl Login {
    /// Returns what the options say.
    pub fn of(auth: Option<&str>, region: Option<&str>, account: Option<Account>) -> Login {
        match auth {
            Some("rds-iam") => Login::RdsIam { region: region.map(str::to_owned), account },
            _ => Login::Password,
        }
    }

    /// Names the server; nothing is opened yet. Whoever hands in the same sessions assumes a role once.
    pub fn live(&self, target: Target, limits: Limits, sessions: &Sessions) -> Live {
        let mut live = Live::new(trusting(target), limits);
        if let Login::RdsIam { region, account } = self {
            live.set_passwords(iam_tokens(sessions.clone(), account.clone(), region.clone()));
        }
        live
    }
}

/// A server of a provider with authorities of its own is trusted by those, unless the user says otherwise.
fn trusting(mut target: Target) -> Target {
    let bundle = match target.hosts.as_slice() {
        [Host::Tcp { host, .. }] => trust::authorities(host),
        _ => None,
    };
    if let Roots::Usual { bundle: slot, .. } = &mut target.tls.roots {
        *slot = bundle;
    }
    target
}

#[cfg(test)]
mod tests {
    use pgquerylens_engine::conninfo::{Environment, resolve};

    use super::*;

    fn roots(connection: &str) -> Roots {
        let environment = Environment { user: Some("monitor".to_owned()), ..Environment::default() };
        trusting(resolve(Some(connection), &environment).unwrap()).tls.roots
    }

    #[test]
    fn rds_is_trusted_by_its_own_authorities_unless_a_file_is_named() {
        let is_bundled = |connection| matches!(roots(connection), Roots::Usual { bundle: Some(_), .. });
        assert!(is_bundled("host=db1.abc123.eu-west-1.rds.amazonaws.com"));
        assert!(!is_bundled("host=db1.example.com"));
        assert!(!is_bundled("host=db1.abc123.eu-west-1.rds.amazonaws.com sslrootcert=ca.pem"));
    }
}
