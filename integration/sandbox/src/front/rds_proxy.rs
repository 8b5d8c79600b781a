//! Login at RDS Proxy by IAM token: what its endpoint takes, and how it words its refusals. A proxy that asks for IAM
//! takes the tokens that RDS takes, for its own endpoint instead of the database's ("Connecting to a database through
//! RDS Proxy" in the user guide of Amazon RDS), so that is left to [`RdsIam`]. Data in, data out.
//!
//! Behind it stands a pooler: "RDS Proxy can reuse a connection after each transaction" (the guide's page on pinning).
//! The real one gives a session its connection for good once it sees a setting made, by SET or by set_config
//! (AmbitionEng/django-pghistory#245), which is less to get along with than a pooler that never does.
//!
//! It sends no key to cancel by, and takes no cancel request (the guide's limitations; vapor/postgres-nio#296,
//! pgdogdev/pgdog#918, gravitational/teleport#68711).

use super::check::{Complaint, Greeting, Login};
use super::{RdsIam, Refusal};

/// What a client may say first ("Considerations for connecting to a proxy with PostgreSQL"). `replication` is known
/// there as well, and refused in other words.
const PARAMETERS: [&str; 7] = [
    "user",
    "database",
    "application_name",
    "client_encoding",
    "DateStyle",
    "TimeZone",
    "extra_float_digits",
];
/// The parameter that has words of its own in the refusal.
const OPTIONS: &str = "options";
/// SQLSTATEs, by PostgreSQL's names.
const FEATURE_NOT_SUPPORTED: &str = "0A000";
const INVALID_AUTHORIZATION_SPECIFICATION: &str = "28000";

/// A proxy of RDS, and the account it is in.
#[derive(Debug, Clone)]
pub struct RdsProxy {
    /// How tokens are judged: `host` is the proxy's endpoint, `granted` are the roles that it has credentials for.
    pub iam: RdsIam,
}

impl RdsProxy {
    /// What is not supported is told before anybody is asked for a password: a wrong one is told to who comes again
    /// without (PostHog/posthog#64084).
    pub(super) fn greet(&self, login: &Login) -> Greeting {
        if unsupported(login).is_some() {
            return Greeting::Refuse(Refusal::NotSupported);
        }
        match self.iam.greet(login) {
            Greeting::LeaveToServer(_) => Greeting::Refuse(Refusal::NoCredentials),
            greeting => greeting,
        }
    }

    /// Says whether this token lets this user in.
    pub(super) fn judge(&self, login: &Login, password: &str) -> Result<(), Refusal> {
        self.iam.judge(login, password)
    }

    /// Returns what the client is told, in the words of "Troubleshooting for RDS Proxy".
    ///
    /// `command-line options` with 0A000 (psycopg/psycopg2#1577), other parameters with 0A000, too
    /// (mithrandyr/SimplySql#66). A role without credentials with 28000 (aws/aws-secretsmanager-jdbc#224); that the
    /// other refusals of a login have the same SQLSTATE is our guess, and nothing of ours goes by it.
    pub(super) fn complain(&self, refusal: Refusal, login: &Login) -> Complaint {
        let user = &login.user;
        let (sqlstate, message) = match refusal {
            Refusal::NotSupported => {
                let what = match unsupported(login) {
                    None | Some(OPTIONS) => "command-line options".to_owned(),
                    Some(name) => format!("the option {name}"),
                };
                let message = format!("Feature not supported: RDS Proxy currently doesn’t support {what}.");
                (FEATURE_NOT_SUPPORTED, message)
            }
            Refusal::NoTls => {
                (INVALID_AUTHORIZATION_SPECIFICATION, "This RDS Proxy requires TLS connections.".to_owned())
            }
            Refusal::NoCredentials => (
                INVALID_AUTHORIZATION_SPECIFICATION,
                format!(
                    "This RDS proxy has no credentials for the role {user}. Check the credentials for this role and \
                     try again."
                ),
            ),
            _ => (
                INVALID_AUTHORIZATION_SPECIFICATION,
                format!(
                    "The IAM authentication failed for the role {user}. Check the IAM token for this role and try \
                     again."
                ),
            ),
        };
        Complaint { sqlstate, message }
    }
}

fn unsupported(login: &Login) -> Option<&str> {
    login.parameters.iter().map(String::as_str).find(|name| !PARAMETERS.contains(name))
}

#[cfg(test)]
mod tests;
