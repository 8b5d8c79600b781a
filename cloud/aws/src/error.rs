//! What can go wrong on AWS, in words, each with its mend. No word of it is a secret: the SDK's errors name causes, and
//! tokens are never part of them.

use std::error::Error;

use pgquerylens_engine::dial::NoPassword;

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
