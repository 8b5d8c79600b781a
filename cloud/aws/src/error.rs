//! What can go wrong on AWS, in words, each with its mend. No word of it is a secret: the SDK's errors name causes, and
//! tokens are never part of them.

pub(crate) mod secret;
pub(crate) mod token;
pub(crate) mod unheard;

use std::error::Error;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use pgquerylens_engine::dial::NoPassword;

use crate::session::Unassumed;

/// What went wrong, and what mends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) why: String,
    pub(crate) advice: String,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.why, self.advice)
    }
}

impl Error for Told {}

impl Told {
    fn new(why: String, advice: &str) -> Told {
        Told { why, advice: advice.to_owned() }
    }
}

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
pub(crate) fn unsigned(error: &(dyn Error + 'static), profile: Option<&str>) -> NoPassword {
    let causes = chain(error);
    let advice = login_mend(&causes, profile).unwrap_or_else(|| {
        "give the function, task or instance a role, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and \
         AWS_SECRET_ACCESS_KEY; the role needs rds-db:connect on this database user"
            .to_owned()
    });
    NoPassword { why: format!("no AWS credentials to sign a token with: {causes}"), advice }
}

/// Says why a login has no password, where a role of another account was to sign or to read it.
pub(crate) fn no_password_for(unassumed: &Unassumed) -> NoPassword {
    let Told { why, advice } = self::unassumed(unassumed);
    NoPassword { why, advice }
}

/// Says why a role was not assumed. STS tells in the same words whether we may not, or the role does not trust us.
pub(crate) fn unassumed(unassumed: &Unassumed) -> Told {
    let Unassumed { role_arn, has_external_id, by_ourselves, profile, failed } = unassumed;
    let name = format!("the role {role_arn} cannot be assumed");
    let refused = Error::source(failed).and_then(|cause| cause.downcast_ref::<SdkError<AssumeRoleError>>());
    let Some(code) = refused.and_then(code) else {
        let causes = chain(failed);
        let advice = login_mend(&causes, profile.as_deref())
            .unwrap_or_else(|| format!("check our own credentials; {}", way_to("STS")));
        return Told { why: format!("{name}: {causes}"), advice };
    };
    let why = format!("{name}: {code}");
    match code.as_str() {
        "AccessDenied" | "AccessDeniedException" | FORBIDDEN => {
            let external_id = match has_external_id {
                true => ", under this external id",
                false => "; if it asks for an external id, say it",
            };
            let (to, name) = match by_ourselves {
                true => ("us", "us"),
                false => ("the role before it", "that role"),
            };
            let advice = format!(
                "allow sts:AssumeRole on it to {to}, and name {name} in its trust policy{external_id}"
            );
            Told { why, advice }
        }
        "ValidationError" => Told::new(why, "write the role's ARN: arn:aws:iam::ACCOUNT:role/NAME"),
        "RegionDisabledException" => Told::new(why, "activate STS in this region, in the role's account"),
        _ => Told::new(why, OWN_CREDENTIALS),
    }
}

/// What stands in a code's place where there is an answer without one, as of a proxy or an endpoint's policy.
const FORBIDDEN: &str = "status 403";

/// Returns what a service answered: its code, or at least a status.
fn code<E: ProvideErrorMetadata>(failed: &SdkError<E>) -> Option<String> {
    let said = failed.as_service_error().and_then(ProvideErrorMetadata::code).map(str::to_owned);
    said.or_else(|| failed.raw_response().map(|answer| format!("status {}", answer.status().as_u16())))
}

const OWN_CREDENTIALS: &str =
    "check our own credentials: the role of the function, task or instance, AWS_PROFILE or AWS_ACCESS_KEY_ID";

/// Says why there are no credentials of our own.
pub(crate) fn no_credentials(failed: &CredentialsError, profile: Option<&str>) -> Told {
    let causes = chain(failed);
    let advice = login_mend(&causes, profile).unwrap_or_else(|| OWN_CREDENTIALS.to_owned());
    Told { why: format!("no AWS credentials are found: {causes}"), advice }
}

/// What the SDK says where a person has to log in anew: of the token that is kept on the machine, and of the service
/// that takes it.
const LOGGED_OUT: [&str; 3] = ["SSO token", "/.aws/sso/cache/", "UnauthorizedException"];
/// What it says of a source that is not linked.
const NOT_LINKED: &str = "cargo feature";

/// Returns what mends our own credentials where the chain's own words say that.
fn login_mend(causes: &str, profile: Option<&str>) -> Option<String> {
    if LOGGED_OUT.iter().any(|words| causes.contains(words)) {
        return Some(format!("log in: aws sso login --profile {}", profile.unwrap_or("default")));
    }
    let advice = "a function has no profiles of people: give it a role";
    causes.contains(NOT_LINKED).then(|| advice.to_owned())
}

/// What to look at where a service was not reached, for whoever is at a desk and for whoever runs a function.
fn way_to(service: &str) -> String {
    format!(
        "see that the region exists and that this machine resolves and reaches its endpoint of {service} (DNS, route, \
         proxy, firewall); in a VPC without a way out, such as a function's, add its interface endpoint"
    )
}

pub(crate) fn no_region_to_search() -> Told {
    Told::new("no region is said".to_owned(), "name the regions, or set AWS_REGION")
}

pub(crate) fn no_such_region(region: &str) -> Told {
    Told::new(format!("{region:?} is no region"), "write it as AWS does: eu-west-1")
}

pub(crate) fn too_many(count: usize) -> Told {
    Told::new(format!("there are more than {count}"), "search a region with fewer, or tell us of yours")
}

/// Says why the servers of a region could not be listed, or targets not be queued.
pub(crate) fn refused_call<E>(failed: &SdkError<E>, actions: &str, service: &str) -> Told
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let Some(code) = code(failed) else {
        return Told { why: chain(failed), advice: way_to(service) };
    };
    let advice = match code.as_str() {
        "AccessDenied"
        | "AccessDeniedException"
        | "NotAuthorizedException"
        | "UnauthorizedOperation"
        | FORBIDDEN => {
            format!("allow {actions} to the credentials that are used there")
        }
        "Throttling" | "ThrottlingException" | "RequestLimitExceeded" | "RequestThrottled" => {
            "it is tried again at the next run; run less often if it happens again and again".to_owned()
        }
        // A region that is not enabled knows no credentials of the account.
        "InvalidClientTokenId" | "UnrecognizedClientException" | "OptInRequired" => {
            "enable the region in this account, or leave it out; else check the credentials".to_owned()
        }
        "ExpiredToken" | "ExpiredTokenException" => "renew the credentials".to_owned(),
        "SignatureDoesNotMatch" | "RequestExpired" => "set this machine's clock right".to_owned(),
        "AWS.SimpleQueueService.NonExistentQueue" | "QueueDoesNotExist" => {
            "check the queue's URL: it has its region and account".to_owned()
        }
        _ => format!(
            "it is tried again at the next run; if it stays, see how {service} is in this region \
             (https://health.aws.amazon.com) and what its API reference says of {code}"
        ),
    };
    Told { why: code, advice }
}

/// Says why a queue did not take one message of several.
pub(crate) fn refused_message(code: &str, message: Option<&str>) -> Told {
    let why = message.map_or_else(|| code.to_owned(), |message| format!("{code}: {message}"));
    Told::new(
        why,
        "it is sent again at the next run; if it is refused again, see how SQS is in this region \
         (https://health.aws.amazon.com)",
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

#[cfg(test)]
mod tests {
    use aws_sdk_sts::config::http::HttpResponse;
    use aws_sdk_sts::error::ErrorMetadata;

    use super::*;

    /// What is said where STS answers with this code, or none.
    fn check(code: Option<&str>, external_id: Option<&str>) -> Told {
        let mut metadata = ErrorMetadata::builder();
        if let Some(code) = code {
            metadata = metadata.code(code).message("what may be secret");
        }
        let answer = HttpResponse::new(403.try_into().unwrap(), "".into());
        let refused = SdkError::service_error(AssumeRoleError::generic(metadata.build()), answer);
        let failed = CredentialsError::provider_error(refused);
        let has_external_id = external_id.is_some();
        unassumed(&Unassumed {
            role_arn: "ROLE".to_owned(),
            has_external_id,
            by_ourselves: true,
            profile: None,
            failed,
        })
    }

    #[test]
    fn a_role_that_is_not_assumed_says_by_which_code_and_whose_word_is_missing() {
        for (code, why) in [
            (Some("AccessDenied"), "the role ROLE cannot be assumed: AccessDenied"),
            (None, "the role ROLE cannot be assumed: status 403"),
        ] {
            let told = check(code, Some("x"));
            assert_eq!(told.why, why);
            assert!(told.advice.ends_with("name us in its trust policy, under this external id"), "{told:?}");
        }
        assert!(check(Some("AccessDenied"), None).advice.ends_with("if it asks for an external id, say it"));
        assert!(check(Some("RegionDisabledException"), None).advice.starts_with("activate STS"));
        assert!(check(Some("ExpiredToken"), None).advice.starts_with("check our own credentials"));
    }
}
