//! What can go wrong on AWS, in words, each with its mend. No word of it is a secret: the SDK's errors name causes, and
//! tokens are never part of them.

use std::error::Error;

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use pgquerylens_engine::dial::{NoPassword, Refusal};
use pgquerylens_model::advice::quoted;

use crate::secrets::Place;

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

/// A value that is bytes, or nothing at all.
pub(crate) fn empty_secret(place: &Place) -> NoPassword {
    no_password(
        format!("{} has no text", named(place)),
        "store the password as a string, or as JSON with a password",
    )
}

/// Says why a secret was not read, by the code of the service where it answered.
pub(crate) fn unreadable_secret<E, R>(place: &Place, failed: &SdkError<E, R>) -> NoPassword
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    let (name, action) = (named(place), action(place));
    let Some(code) = failed.as_service_error().and_then(ProvideErrorMetadata::code) else {
        let why = format!("{name} cannot be read: {}", chain(failed));
        return no_password(
            why,
            "check credentials, region and the way to the service: a function in a VPC needs its interface endpoint",
        );
    };
    let message = failed.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or_default();
    let why = format!("{name} cannot be read: {code}");
    match code {
        "ResourceNotFoundException" | "ParameterNotFound" => {
            no_password(why, "check its name and region (an ARN has both)")
        }
        // Its message may say more than is good to show; that it is about a key is what matters.
        "AccessDeniedException" if message.contains("kms:") || message.contains("KMS") => {
            no_password(format!("{why}, by its key"), "allow kms:Decrypt on the key that encrypts it")
        }
        "AccessDeniedException" => NoPassword { why, advice: format!("allow {action} on it") },
        "DecryptionFailure" | "InvalidKeyId" => {
            no_password(why, "allow kms:Decrypt on the key that encrypts it")
        }
        _ => no_password(why, "see the code in the service's API reference"),
    }
}

fn named(place: &Place) -> String {
    match place {
        Place::SecretsManager(id) => format!("the secret {id}"),
        Place::Parameter(name) => format!("the parameter {name}"),
    }
}

fn action(place: &Place) -> &'static str {
    match place {
        Place::SecretsManager(_) => "secretsmanager:GetSecretValue",
        Place::Parameter(_) => "ssm:GetParameter",
    }
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
