//! Login by IAM token as RDS and Aurora have it: who is asked for what, which token is right, and how the real service
//! words its refusals. Data in, data out.
//!
//! The real pg_hba.conf lets members of `rds_iam` in through PAM, by the line `hostssl all +rds_iam all pam`
//! (pganalyze/collector#378), refuses them without TLS, and asks everyone else for a password
//! (cyrilgdn/terraform-provider-postgresql#289). PAM asks for the password in clear.

use super::check::{Complaint, Greeting, Login};
use super::presigned::{self, Presigned};
use super::sigv4;
use super::{Refusal, WallClock};

/// The service that tokens are signed for.
const SERVICE: &str = "rds-db";
/// How far a client's clock may be ahead, as AWS bears it in signed requests elsewhere.
const AHEAD_SECONDS_MAX: i64 = 300;
/// SQLSTATEs, by PostgreSQL's names.
const INVALID_AUTHORIZATION_SPECIFICATION: &str = "28000";
const INVALID_PASSWORD: &str = "28P01";

/// An instance of RDS, or a cluster of Aurora, and the account it is in.
#[derive(Debug, Clone)]
pub struct RdsIam {
    /// The region it is in.
    pub region: String,
    /// Its endpoint's name in small letters, or an IPv6 address in brackets.
    pub host: String,
    /// Its endpoint's port; none is the one that the front listens on.
    pub port: Option<u16>,
    /// The keys that IAM knows.
    pub keys: Vec<AccessKey>,
    /// The members of `rds_iam`. None of them is how an instance with IAM authentication switched off behaves.
    pub granted: Vec<String>,
    /// What the service takes for the time.
    pub clock: WallClock,
}

/// A key of IAM, or a temporary one of STS.
#[derive(Debug, Clone)]
pub struct AccessKey {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// What belongs to it if it is a temporary one.
    pub session_token: Option<String>,
    /// The database users that its owner has the permission `rds-db:connect` for.
    pub may_connect_as: Vec<String>,
}

impl RdsIam {
    pub(super) fn greet(&self, login: &Login) -> Greeting {
        match (login.is_encrypted, self.is_granted(&login.user)) {
            (false, _) => Greeting::Refuse(Refusal::NoTls),
            (true, true) => Greeting::AskCleartextPassword,
            (true, false) => Greeting::LeaveToServer(Refusal::NotGranted),
        }
    }

    /// Says whether this token lets this user in. What it is for comes before its signature, so that a wrong one is
    /// told by what is wrong with it.
    pub(super) fn judge(&self, login: &Login, password: &str) -> Result<(), Refusal> {
        let token = presigned::parse(password)?;
        self.judge_aim(login, &token)?;
        let key = self.key_of(&token)?;
        judge_age(&token, self.clock.unix_seconds())?;
        let right = sigv4::signature(&key.secret, &token.scope, &token.timestamp, &token.canonical_request);
        hold(token.signature == right, Refusal::WrongSignature)?;
        hold(key.may_connect_as.contains(&login.user), Refusal::NotAllowed)
    }

    /// Returns what the client is told.
    ///
    /// Without TLS: `pg_hba.conf rejects connection …, no encryption` with 28000 for who may log in by token
    /// (rust-postgres/rust-postgres#1108), `no pg_hba.conf entry …, no encryption` for others where rds.force_ssl is
    /// on, as it is from 15 (pgbouncer/pgbouncer#812); servers before 14 say `SSL off` (paws-r/paws#324).
    /// Whatever is wrong with a token, its age (warpstreamlabs/bento#757) and a missing rds-db:connect included:
    /// `PAM authentication failed` with 28000 (warp-tech/warpgate#1906; aws/aws-cli#3639).
    pub(super) fn complain(&self, refusal: Refusal, login: &Login) -> Complaint {
        let Login { user, database, client, .. } = login;
        let (sqlstate, message) = match refusal {
            Refusal::NoTls => {
                let beginning = if self.is_granted(user) {
                    "pg_hba.conf rejects connection for host"
                } else {
                    "no pg_hba.conf entry for host"
                };
                let rest = format!("\"{client}\", user \"{user}\", database \"{database}\", no encryption");
                (INVALID_AUTHORIZATION_SPECIFICATION, format!("{beginning} {rest}"))
            }
            Refusal::NotGranted => {
                (INVALID_PASSWORD, format!("password authentication failed for user \"{user}\""))
            }
            _ => (
                INVALID_AUTHORIZATION_SPECIFICATION,
                format!("PAM authentication failed for user \"{user}\""),
            ),
        };
        Complaint { sqlstate, message }
    }

    fn judge_aim(&self, login: &Login, token: &Presigned) -> Result<(), Refusal> {
        hold(token.host == self.host, Refusal::WrongHost)?;
        hold(token.port == self.port.unwrap_or(login.port), Refusal::WrongPort)?;
        hold(token.user == login.user, Refusal::WrongUser)?;
        hold(token.scope.region == self.region, Refusal::WrongRegion)?;
        hold(token.scope.service == SERVICE, Refusal::WrongService)
    }

    fn key_of(&self, token: &Presigned) -> Result<&AccessKey, Refusal> {
        let key = self.keys.iter().find(|key| key.id == token.key_id).ok_or(Refusal::UnknownKey)?;
        match (&key.session_token, &token.session_token) {
            (Some(_), None) => Err(Refusal::SessionTokenMissing),
            (belonging, shown) if belonging == shown => Ok(key),
            _ => Err(Refusal::WrongSessionToken),
        }
    }

    fn is_granted(&self, user: &str) -> bool {
        self.granted.iter().any(|granted| granted == user)
    }
}

fn judge_age(token: &Presigned, now: i64) -> Result<(), Refusal> {
    let age = now - token.signed_at;
    hold(age >= -AHEAD_SECONDS_MAX, Refusal::NotYetValid)?;
    hold(age <= token.lifetime_seconds, Refusal::Expired)
}

fn hold(is_right: bool, otherwise: Refusal) -> Result<(), Refusal> {
    if is_right { Ok(()) } else { Err(otherwise) }
}

#[cfg(test)]
mod tests;
