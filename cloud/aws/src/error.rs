//! What can go wrong on AWS, in words, each with its mend. No word of it is a secret: the SDK's errors name causes, and
//! tokens are never part of them.

pub(crate) mod unheard;

use std::error::Error;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use pgquerylens_engine::dial::{NoPassword, Refusal};
use pgquerylens_model::advice::quoted;

use crate::endpoint;
use crate::secrets::Place;
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
        let service = match place {
            Place::SecretsManager(_) => "Secrets Manager",
            Place::Parameter(_) => "Systems Manager",
        };
        return NoPassword { why, advice: format!("check our own credentials; {}", way_to(service)) };
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
        "InvalidRequestException" | "InvalidParameterException" | "ValidationException" => no_password(
            why,
            "check its name: of a secret the name or ARN, of a parameter /path/name; one that is to be deleted \
             must be restored first",
        ),
        "ExpiredTokenException" | "UnrecognizedClientException" | "InvalidClientTokenId" => {
            no_password(why, OWN_CREDENTIALS)
        }
        _ => no_password(
            why,
            "it is read again at the next login; if it stays, see how the service is in this region \
             (https://health.aws.amazon.com)",
        ),
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
pub(crate) fn refused_token(refusal: &Refusal, said_region: Option<&str>) -> Option<String> {
    let user = &refusal.user;
    let is_token = refusal.message.starts_with("PAM authentication failed")
        || refusal.message.contains("IAM authentication failed");
    if let (true, Some(advice)) = (is_token, wrong_region(refusal, said_region)) {
        return Some(advice);
    }
    if let Some(advice) = refused_by_proxy(refusal) {
        return Some(advice);
    }
    match refusal.sqlstate.as_str() {
        "28000" if refusal.message.starts_with("PAM authentication failed") => {
            Some(refused_by_instance(refusal, said_region))
        }
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

/// The region that was said, where the endpoint's name has another one: nothing else needs to be looked at first.
fn wrong_region(refusal: &Refusal, said: Option<&str>) -> Option<String> {
    let (said, real) = (said?, endpoint::region(host_of(refusal))?);
    (said != real).then(|| {
        format!("leave out --aws-region {said} (aws-region): the endpoint is in {real}, and the token was signed for {said}")
    })
}

/// What an instance refuses with one word, the likeliest cause first. The region of an endpoint is known to be right.
fn refused_by_instance(refusal: &Refusal, said: Option<&str>) -> String {
    let user = &refusal.user;
    let known = endpoint::region(host_of(refusal));
    let region = known.or(said).unwrap_or("REGION");
    let partition = endpoint::partition(region);
    let right = format!(
        "allow rds-db:connect on arn:{partition}:rds-db:{region}:ACCOUNT:dbuser:DBI-RESOURCE-ID/{user} to the role \
         whose credentials sign"
    );
    let clock = "set this machine's clock right: a token is good for fifteen minutes";
    match known {
        Some(_) => format!("{right}; if it is allowed, {clock}"),
        None => format!(
            "name the instance's own endpoint as the host (….rds.amazonaws.com; hostaddr can say another way there): a \
             token is good for no other name; else check that the region is the instance's (--aws-region); else \
             {right}; else {clock}"
        ),
    }
}

/// The host in an address, `host:port/database`.
fn host_of(refusal: &Refusal) -> &str {
    let rest = refusal.address.strip_suffix(&format!("/{}", refusal.database)).unwrap_or(&refusal.address);
    rest.rsplit_once(':').map_or(rest, |(host, _)| host)
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

/// Returns what a refusal of RDS Proxy means, which is told by its words. It has IAM, TLS and credentials of its own.
fn refused_by_proxy(refusal: &Refusal) -> Option<String> {
    let (user, message) = (&refusal.user, &refusal.message);
    if message.contains("IAM authentication failed") {
        return Some(format!(
            "name the proxy's own endpoint as the host, not the database's (a token is good for no other), and allow \
             rds-db:connect on arn:aws:rds-db:REGION:ACCOUNT:dbuser:PROXY-RESOURCE-ID/{user} (prx-…, as its ARN ends) \
             to the role whose credentials sign; if both are so, check that the region is the proxy's \
             (--aws-region) and that this machine's clock is right; or connect past the proxy, to the instance's own \
             endpoint"
        ));
    }
    if message.contains("RDS proxy has no credentials") {
        return Some(format!(
            "give the proxy a secret with the password of {}, or IAM as its default way to log in (aws rds \
             modify-db-proxy); or connect past the proxy, to the instance's own endpoint",
            quoted(user)
        ));
    }
    let is_plain = message.contains("requires TLS") || message.contains("only with SSL connections");
    is_plain
        .then(|| "choose sslmode=verify-full (the default): RDS Proxy takes tokens over TLS only".to_owned())
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
    fn what_refuses_a_token_is_told_apart_by_its_words() {
        let role = "The IAM authentication failed for the role jane. Check the IAM token for this role and try again.";
        let user =
            "IAM authentication failed for user jane. Check the IAM token for this user and try again.";
        let missing = "This RDS proxy has no credentials for the role jane. Check the credentials for this role and try again.";
        for (sqlstate, message, begins) in [
            ("28000", "PAM authentication failed for user \"jane\"", Some("allow rds-db:connect on")),
            (
                "28P01",
                "password authentication failed for user \"jane\"",
                Some("run as the administrator: grant"),
            ),
            ("28000", "pg_hba.conf rejects connection for host \"h\", SSL off", Some("choose sslmode=")),
            ("28000", role, Some("name the proxy's own endpoint as the host")),
            ("28P01", user, Some("name the proxy's own endpoint as the host")),
            ("28000", missing, Some("give the proxy a secret with the password of jane")),
            ("28000", "This RDS Proxy requires TLS connections.", Some("choose sslmode=")),
            ("28000", "IAM is allowed only with SSL connections.", Some("choose sslmode=")),
            ("28000", "role \"jane\" does not exist", None),
        ] {
            let refusal = Refusal {
                address: "db1.abc.eu-west-1.rds.amazonaws.com:5432/shop".to_owned(),
                database: "shop".to_owned(),
                user: "jane".to_owned(),
                sqlstate: sqlstate.to_owned(),
                message: message.to_owned(),
            };
            let advice = refused_token(&refusal, None);
            assert_eq!(advice.is_some(), begins.is_some(), "{message}: {advice:?}");
            assert!(advice.is_none_or(|advice| advice.starts_with(begins.unwrap())), "{message}");
        }
    }

    #[test]
    fn a_region_that_is_not_the_endpoints_is_told_first_and_alone() {
        let pam = "PAM authentication failed for user \"jane\"";
        let proxy = "The IAM authentication failed for the role jane. Check the IAM token for this role and try again.";
        let endpoint = "db1.abc.eu-west-1.rds.amazonaws.com";
        for (host, said, message, advice) in [
            (
                endpoint,
                Some("us-east-1"),
                pam,
                "leave out --aws-region us-east-1 (aws-region): the endpoint is in eu-west-1",
            ),
            (
                endpoint,
                Some("us-east-1"),
                proxy,
                "leave out --aws-region us-east-1 (aws-region): the endpoint is in eu-west-1",
            ),
            (endpoint, Some("eu-west-1"), pam, "allow rds-db:connect on arn:aws:rds-db:eu-west-1:"),
            (endpoint, None, pam, "allow rds-db:connect on arn:aws:rds-db:eu-west-1:"),
            (
                "db1.abc.rds.cn-north-1.amazonaws.com.cn",
                None,
                pam,
                "allow rds-db:connect on arn:aws-cn:rds-db:cn-north-1:",
            ),
            (
                "db1.abc.us-gov-west-1.rds.amazonaws.com",
                None,
                pam,
                "allow rds-db:connect on arn:aws-us-gov:rds-db:us-gov-west-1:",
            ),
            ("db.internal", Some("eu-west-1"), pam, "name the instance's own endpoint as the host"),
        ] {
            let refusal = Refusal {
                address: format!("{host}:5432/shop"),
                database: "shop".to_owned(),
                user: "jane".to_owned(),
                sqlstate: "28000".to_owned(),
                message: message.to_owned(),
            };
            let told = refused_token(&refusal, said).unwrap();
            assert!(told.starts_with(advice), "{host}, {said:?}: {told}");
            let names_the_region = told.contains("(--aws-region)");
            assert_eq!(names_the_region, endpoint::region(host).is_none(), "{told}");
        }
    }

    #[test]
    fn a_secret_that_is_not_readable_says_which_word_is_missing() {
        let secret = Place::SecretsManager("shop".to_owned());
        let parameter = Place::Parameter("/shop".to_owned());
        let kms = "User: x is not authorized to perform: kms:Decrypt on this resource";
        let key = "The ciphertext refers to a KMS key that does not exist or that you may not access.";
        let decrypt = "allow kms:Decrypt on the key that encrypts it";
        for (place, code, message, why, advice) in [
            (
                &secret,
                "AccessDeniedException",
                "no",
                ": AccessDeniedException",
                "allow secretsmanager:GetSecretValue on it",
            ),
            (
                &parameter,
                "AccessDeniedException",
                "no",
                ": AccessDeniedException",
                "allow ssm:GetParameter on it",
            ),
            (
                &secret,
                "AccessDeniedException",
                "Access to KMS is not allowed",
                "AccessDeniedException, by its key",
                decrypt,
            ),
            (&parameter, "AccessDeniedException", kms, "AccessDeniedException, by its key", decrypt),
            (&secret, "DecryptionFailure", key, "DecryptionFailure", decrypt),
            (&parameter, "InvalidKeyId", key, "InvalidKeyId", decrypt),
            (
                &secret,
                "ResourceNotFoundException",
                "no",
                "ResourceNotFoundException",
                "check its name and region",
            ),
            (&parameter, "ParameterNotFound", "", "ParameterNotFound", "check its name and region"),
            (&secret, "InvalidRequestException", "", "InvalidRequestException", "check its name"),
            (&secret, "ExpiredTokenException", "", "ExpiredTokenException", "check our own credentials"),
            (
                &secret,
                "InternalServiceError",
                "",
                "InternalServiceError",
                "it is read again at the next login",
            ),
        ] {
            let metadata = ErrorMetadata::builder().code(code).message(message).build();
            let answer = HttpResponse::new(400.try_into().unwrap(), "".into());
            let failed = SdkError::service_error(AssumeRoleError::generic(metadata), answer);
            let told = unreadable_secret(place, &failed);
            assert!(told.why.starts_with(&format!("{} cannot be read: {code}", named(place))), "{told:?}");
            assert!(told.why.ends_with(why) && told.advice.starts_with(advice), "{told:?}");
            assert!(message.len() < 3 || !told.why.contains(message), "{told:?}");
        }
        let unreachable: SdkError<AssumeRoleError> = SdkError::timeout_error("slow");
        let told = unreadable_secret(&secret, &unreachable);
        assert!(told.advice.contains("reaches its endpoint of Secrets Manager (DNS, route"), "{told:?}");
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
