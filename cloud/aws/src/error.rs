//! What can go wrong on AWS, in words, each with its mend. No word of it is a secret: the SDK's errors name causes, and
//! tokens are never part of them.

use std::error::Error;

use pgquerylens_engine::dial::{NoPassword, Refusal};
use pgquerylens_model::advice::quoted;

fn no_password(why: String, advice: &str) -> NoPassword {
    NoPassword { why, advice: advice.to_owned() }
}

pub(crate) fn not_encrypted() -> NoPassword {
    no_password(
        "an IAM token is a password and is sent over TLS only".to_owned(),
        "choose sslmode=verify-full (the default), or at least sslmode=require",
    )
}

pub(crate) fn unfit_host(host: &str) -> NoPassword {
    no_password(format!("no IAM token can be signed for the host {host:?}"), "name the instance's endpoint")
}

pub(crate) fn no_region(host: &str) -> NoPassword {
    no_password(
        format!("the region of {host} is not known, and an IAM token is signed for one"),
        "connect by the instance's own endpoint (….REGION.rds.amazonaws.com), or say --aws-region or AWS_REGION",
    )
}

/// Signing needs credentials, and nothing else that could fail.
pub(crate) fn unsigned(error: &(dyn Error + 'static)) -> NoPassword {
    no_password(
        format!("no AWS credentials to sign a token with: {}", chain(error)),
        "give the function, task or instance a role, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and \
         AWS_SECRET_ACCESS_KEY; the role needs rds-db:connect on this database user",
    )
}

/// Returns what a refusal means of who logged in by a token. RDS says as little as it can: whatever is wrong with a
/// token, and that IAM does not allow the login, it tells in the same words, those of PAM.
pub(crate) fn refused_token(refusal: &Refusal) -> Option<String> {
    let user = &refusal.user;
    match refusal.sqlstate.as_str() {
        "28000" if refusal.message.starts_with("PAM authentication failed") => Some(format!(
            "allow rds-db:connect on arn:aws:rds-db:REGION:ACCOUNT:dbuser:DBI-RESOURCE-ID/{user} to the role whose \
             credentials sign; if it is allowed, check that the region is the instance's (--aws-region), that this \
             machine's clock is right, and that the host is the instance's own endpoint: a token is good for no other"
        )),
        "28000" if refusal.message.contains("no encryption") || refusal.message.contains("SSL off") => {
            Some("choose sslmode=verify-full (the default): RDS takes tokens over TLS only".to_owned())
        }
        "28P01" => Some(format!(
            "run as the administrator: grant rds_iam to {}; and see that IAM database authentication is on for the \
             instance: aws rds modify-db-instance --db-instance-identifier INSTANCE \
             --enable-iam-database-authentication --apply-immediately",
            quoted(user)
        )),
        _ => None,
    }
}

/// Joins an error and its causes; the SDK's outer ones say little.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if words.last() != Some(&text) {
            words.push(text);
        }
        cause = error.source();
    }
    words.join(": ")
}
