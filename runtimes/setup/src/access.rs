//! What opens the stores of states, from the variables that the clouds' own tools read. Where they have no keys of S3, the
//! chain of its SDK is asked: a profile, a web identity, the role of a task, a pod or an instance.

use std::path::PathBuf;

use pgquerylens_aws::session::Sessions;
use pgquerylens_aws::state;
use pgquerylens_engine::secret::Secret;
use pgquerylens_store::access::{
    Access, AzureAccess, AzureCredentials, GcsAccess, GcsCredentials, S3Access, S3Credentials,
};
use pgquerylens_store::url::{Cloud, StateUrl};

use crate::config::secret_source::SecretAccess;

/// Returns what the variables say, and what is asked where they say nothing.
pub fn of(secrets: &SecretAccess) -> Access {
    let said = |names: &[&str]| {
        let values = names.iter().filter_map(|name| secrets.variables.get(*name));
        values.into_iter().find(|value| !value.is_empty()).cloned()
    };
    Access {
        s3: S3Access {
            credentials: s3(&said)
                .or_else(|| Some(S3Credentials::Provider(state::credentials(secrets.sessions.clone())))),
            region: said(&["AWS_REGION", "AWS_DEFAULT_REGION"]),
            endpoint: said(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]),
        },
        gcs: GcsAccess {
            credentials: said(&["GOOGLE_APPLICATION_CREDENTIALS"])
                .map(|path| GcsCredentials::File(PathBuf::from(path))),
        },
        azure: AzureAccess {
            account: said(&["AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_ACCOUNT_NAME"]),
            credentials: azure(&said),
            endpoint: said(&["AZURE_STORAGE_ENDPOINT"]),
        },
        certificate: said(&["SSL_CERT_FILE"]).map(PathBuf::from),
    }
}

/// Adds the region of a bucket of S3 where no variable says it: that of the profile, or of the machine. Whoever has keys in
/// variables has the region there, too, or needs none: an instance's address would be asked in vain for seconds.
pub async fn located(mut access: Access, url: &StateUrl, sessions: &Sessions) -> Access {
    let is_s3 = matches!(url, StateUrl::Bucket(bucket) if bucket.cloud == Cloud::S3);
    let is_of_chain = matches!(access.s3.credentials, Some(S3Credentials::Provider(_)));
    if is_s3 && is_of_chain && access.s3.region.is_none() {
        access.s3.region = sessions.own_region().await;
    }
    access
}

fn s3(said: &impl Fn(&[&str]) -> Option<String>) -> Option<S3Credentials> {
    Some(S3Credentials::Keys {
        id: said(&["AWS_ACCESS_KEY_ID"])?,
        secret: said(&["AWS_SECRET_ACCESS_KEY"]).map(Secret::from)?,
        token: said(&["AWS_SESSION_TOKEN"]).map(Secret::from),
    })
}

fn azure(said: &impl Fn(&[&str]) -> Option<String>) -> Option<AzureCredentials> {
    let key = said(&["AZURE_STORAGE_KEY", "AZURE_STORAGE_ACCOUNT_KEY"]).map(Secret::from);
    let signature = || said(&["AZURE_STORAGE_SAS_TOKEN"]).map(Secret::from);
    key.map(AzureCredentials::Key).or_else(|| signature().map(AzureCredentials::SharedAccessSignature))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn access(variables: &[(&str, &str)]) -> Access {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        of(&SecretAccess { variables: Arc::new(variables.collect()), ..SecretAccess::default() })
    }

    #[test]
    fn the_more_special_variable_wins_and_an_empty_one_says_nothing() {
        let s3 = access(&[
            ("AWS_REGION", ""),
            ("AWS_DEFAULT_REGION", "eu-central-1"),
            ("AWS_ENDPOINT_URL", "http://all"),
            ("AWS_ENDPOINT_URL_S3", "http://s3"),
        ])
        .s3;
        assert_eq!((s3.region.as_deref(), s3.endpoint.as_deref()), (Some("eu-central-1"), Some("http://s3")));
        assert!(matches!(s3.credentials, Some(S3Credentials::Provider(_))));
    }

    #[test]
    fn half_a_pair_of_keys_is_none_and_no_secret_is_shown() {
        let half = access(&[("AWS_ACCESS_KEY_ID", "id")]).s3.credentials;
        assert!(matches!(half, Some(S3Credentials::Provider(_))), "the chain says what is missing");
        let access = access(&[
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "hunter2"),
            ("AWS_SESSION_TOKEN", "hunter2"),
            ("AZURE_STORAGE_KEY", "hunter2"),
        ]);
        assert!(matches!(access.s3.credentials, Some(S3Credentials::Keys { .. })));
        assert!(access.azure.credentials.is_some());
        assert!(!format!("{access:?}").contains("hunter2"));
    }
}
