//! From a URL and what opens it to a client of the cloud's object store. Nothing is asked yet.
//!
//! Credentials are always given. object_store would else ask the address at which a cloud's machines learn theirs,
//! which on any other machine is somebody else's.

use std::fs;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::{MicrosoftAzureBuilder, split_sas};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};

use crate::access::{
    Access, AzureAccess, AzureCredentials, GcsAccess, GcsCredentials, OpenError, S3Access, S3Credentials,
};
use crate::transport::Transport;
use crate::url::{Bucket, Cloud};

/// How often a store that is busy is asked again within one step of a poll.
const MAX_RETRIES: usize = 3;
/// After this time it is not asked again.
const RETRY_TIMEOUT: Duration = Duration::from_secs(8);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// The largest credentials file that is read.
const MAX_CREDENTIALS_BYTES: u64 = 64 * 1024;

/// Returns a client.
pub(crate) fn open(
    bucket: &Bucket,
    access: &Access,
    transport: Transport,
) -> Result<Arc<dyn ObjectStore>, OpenError> {
    match bucket.cloud {
        Cloud::S3 => s3(bucket, &access.s3, transport),
        Cloud::Gcs => gcs(bucket, &access.gcs, transport),
        Cloud::Azure => azure(bucket, &access.azure, transport),
    }
}

fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig { init_backoff: FIRST_PAUSE, max_backoff: LONGEST_PAUSE, base: 2. },
        max_retries: MAX_RETRIES,
        retry_timeout: RETRY_TIMEOUT,
    }
}

fn s3(bucket: &Bucket, access: &S3Access, transport: Transport) -> Result<Arc<dyn ObjectStore>, OpenError> {
    let credentials = access.credentials.as_ref().ok_or_else(|| {
        OpenError::new(
            format!("open s3://{}: there are no credentials", bucket.name),
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    })?;
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&bucket.name)
        .with_retry(retries())
        .with_http_connector(transport);
    builder = match credentials {
        S3Credentials::Provider(provider) => builder.with_credentials(Arc::clone(provider)),
        S3Credentials::Keys { id, secret, token } => {
            let builder = builder.with_access_key_id(id).with_secret_access_key(secret.expose());
            match token {
                Some(token) => builder.with_token(token.expose()),
                None => builder,
            }
        }
    };
    if let Some(region) = &access.region {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = &access.endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(true);
    }
    built(bucket, builder.build())
}

fn gcs(bucket: &Bucket, access: &GcsAccess, transport: Transport) -> Result<Arc<dyn ObjectStore>, OpenError> {
    let credentials = access.credentials.as_ref().ok_or_else(|| {
        OpenError::new(
            format!("open gs://{}: there are no credentials", bucket.name),
            "name the file of a service account in GOOGLE_APPLICATION_CREDENTIALS",
        )
    })?;
    let builder = GoogleCloudStorageBuilder::new()
        .with_bucket_name(&bucket.name)
        .with_retry(retries())
        .with_client_options(ClientOptions::new().with_allow_http(true))
        .with_http_connector(transport);
    let GcsCredentials::File(path) = credentials;
    let builder = match credentials_file(path)? {
        Google::ServiceAccount(text) => builder.with_service_account_key(text),
        Google::User => builder.with_application_credentials(path.display().to_string()),
    };
    built(bucket, builder.build())
}

/// The files of Google's that say who we are.
enum Google {
    /// A service account, with its text.
    ServiceAccount(String),
    /// A person who logged in on this machine.
    User,
}

fn credentials_file(path: &FilePath) -> Result<Google, OpenError> {
    let wrong = |why: &str| {
        let what = format!("read the credentials of Google in {}: {why}", path.display());
        OpenError::new(what, "name a JSON file of a service account in GOOGLE_APPLICATION_CREDENTIALS")
    };
    let size = fs::metadata(path).map_err(|error| wrong(&error.to_string()))?.len();
    if size > MAX_CREDENTIALS_BYTES {
        return Err(wrong("it is larger than any such file"));
    }
    let text = fs::read_to_string(path).map_err(|error| wrong(&error.to_string()))?;
    let document: serde_json::Value = serde_json::from_str(&text).map_err(|_| wrong("it is no JSON"))?;
    match document.get("type").and_then(serde_json::Value::as_str) {
        Some("authorized_user") => Ok(Google::User),
        // object_store knows no `type` in files for emulators.
        Some("service_account") | None if document.get("private_key").is_some() => {
            Ok(Google::ServiceAccount(text))
        }
        Some(other) => Err(wrong(&format!("its type {other} is not supported"))),
        None => Err(wrong("it has no type")),
    }
}

fn azure(
    bucket: &Bucket,
    access: &AzureAccess,
    transport: Transport,
) -> Result<Arc<dyn ObjectStore>, OpenError> {
    let missing = |what: &str, instead: &str| {
        OpenError::new(format!("open az://{}: there is no {what}", bucket.name), instead)
    };
    let account = access
        .account
        .as_ref()
        .ok_or_else(|| missing("storage account", "name it in AZURE_STORAGE_ACCOUNT"))?;
    let credentials = access.credentials.as_ref().ok_or_else(|| {
        missing("key of the storage account", "set AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN")
    })?;
    let builder = MicrosoftAzureBuilder::new()
        .with_container_name(&bucket.name)
        .with_account(account)
        .with_retry(retries())
        .with_http_connector(transport);
    let builder = match credentials {
        AzureCredentials::Key(key) => builder.with_access_key(key.expose()),
        AzureCredentials::SharedAccessSignature(query) => {
            let pairs = split_sas(query.expose())
                .map_err(|_| missing("usable signature", "correct AZURE_STORAGE_SAS_TOKEN"))?;
            builder.with_sas_authorization(pairs)
        }
    };
    let builder = match &access.endpoint {
        Some(endpoint) => builder.with_endpoint(endpoint.clone()).with_allow_http(true),
        None => builder,
    };
    built(bucket, builder.build())
}

fn built<T: ObjectStore>(
    bucket: &Bucket,
    built: object_store::Result<T>,
) -> Result<Arc<dyn ObjectStore>, OpenError> {
    let place = format!("{}://{}", bucket.cloud.scheme(), bucket.name);
    match built {
        Ok(store) => Ok(Arc::new(store)),
        // What went wrong may have a part of a key in it: which of the settings it was is enough.
        Err(_) => Err(OpenError::new(
            format!("open {place}: its credentials or its address cannot be used"),
            "correct the variables that docs/state.md lists for it",
        )),
    }
}
