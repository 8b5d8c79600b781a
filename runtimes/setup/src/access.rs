//! What opens the stores of states, from the variables that the clouds' own tools read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pgquerylens_engine::secret::Secret;
use pgquerylens_store::access::{
    Access, AzureAccess, AzureCredentials, GcsAccess, GcsCredentials, S3Access, S3Credentials,
};

/// Returns what the variables say.
pub fn of(variables: &BTreeMap<String, String>) -> Access {
    let said = |names: &[&str]| {
        let values = names.iter().filter_map(|name| variables.get(*name));
        values.into_iter().find(|value| !value.is_empty()).cloned()
    };
    Access {
        s3: S3Access {
            credentials: s3(&said),
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
    use super::*;

    fn access(variables: &[(&str, &str)]) -> Access {
        of(&variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
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
        assert!(s3.credentials.is_none());
    }

    #[test]
    fn half_a_pair_of_keys_is_none_and_no_secret_is_shown() {
        assert!(access(&[("AWS_ACCESS_KEY_ID", "id")]).s3.credentials.is_none());
        let access = access(&[
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "hunter2"),
            ("AWS_SESSION_TOKEN", "hunter2"),
            ("AZURE_STORAGE_KEY", "hunter2"),
        ]);
        assert!(access.s3.credentials.is_some() && access.azure.credentials.is_some());
        assert!(!format!("{access:?}").contains("hunter2"));
    }
}
