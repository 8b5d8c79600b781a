//! Why a secret that lies at AWS cannot be read.

use std::error::Error;

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use pgquerylens_engine::dial::NoPassword;

use super::{OWN_CREDENTIALS, chain, no_password, way_to};
use crate::secrets::Place;

/// A value that is bytes, or nothing at all.
pub(crate) fn empty(place: &Place) -> NoPassword {
    no_password(
        format!("{} has no text", named(place)),
        "store the password as a string, or as JSON with a password",
    )
}

/// Says why a secret was not read, by the code of the service where it answered.
pub(crate) fn unreadable<E, R>(place: &Place, failed: &SdkError<E, R>) -> NoPassword
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

#[cfg(test)]
mod tests {
    use aws_sdk_sts::config::http::HttpResponse;
    use aws_sdk_sts::error::ErrorMetadata;
    use aws_sdk_sts::operation::assume_role::AssumeRoleError;

    use super::*;

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
            let told = unreadable(place, &failed);
            assert!(told.why.starts_with(&format!("{} cannot be read: {code}", named(place))), "{told:?}");
            assert!(told.why.ends_with(why) && told.advice.starts_with(advice), "{told:?}");
            assert!(message.len() < 3 || !told.why.contains(message), "{told:?}");
        }
        let unreachable: SdkError<AssumeRoleError> = SdkError::timeout_error("slow");
        let told = unreadable(&secret, &unreachable);
        assert!(told.advice.contains("reaches its endpoint of Secrets Manager (DNS, route"), "{told:?}");
    }
}
