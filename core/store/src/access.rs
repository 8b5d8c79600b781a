//! What opens stores: credentials and addresses, handed in by whoever started the process. Nothing here is printed.

use std::path::PathBuf;

use object_store::aws::AwsCredentialProvider;
use pgquerylens_engine::secret::Secret;

/// What opens stores. What a store's URL does not need is not looked at.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Amazon S3, and what speaks like it.
    pub s3: S3Access,
    /// Google Cloud Storage.
    pub gcs: GcsAccess,
    /// Azure Blob Storage.
    pub azure: AzureAccess,
    /// Certificates in PEM to trust in place of the system's.
    pub certificate: Option<PathBuf>,
}

/// What opens S3.
#[derive(Clone, Debug, Default)]
pub struct S3Access {
    /// Who we are.
    pub credentials: Option<S3Credentials>,
    /// Where the bucket is.
    pub region: Option<String>,
    /// The address of what speaks like S3; Amazon's without one.
    pub endpoint: Option<String>,
}

/// Who we are at S3.
#[derive(Clone, Debug)]
pub enum S3Credentials {
    /// Keys that are known from the start.
    Keys {
        /// The access key's id.
        id: String,
        /// The access key.
        secret: Secret,
        /// The token of a session, for keys that expire.
        token: Option<Secret>,
    },
    /// Whoever is asked at each request, such as a cloud's SDK.
    Provider(AwsCredentialProvider),
}

/// What opens Google Cloud Storage.
#[derive(Clone, Debug, Default)]
pub struct GcsAccess {
    /// Who we are.
    pub credentials: Option<GcsCredentials>,
}

/// Who we are at Google Cloud Storage.
#[derive(Clone, Debug)]
pub enum GcsCredentials {
    /// A file of Google's, in JSON.
    File(PathBuf),
}

/// What opens Azure Blob Storage.
#[derive(Clone, Debug, Default)]
pub struct AzureAccess {
    /// The storage account.
    pub account: Option<String>,
    /// Who we are.
    pub credentials: Option<AzureCredentials>,
    /// The address of what speaks like it; Azure's own without one.
    pub endpoint: Option<String>,
}

/// Who we are at Azure Blob Storage.
#[derive(Clone, Debug)]
pub enum AzureCredentials {
    /// The account's key.
    Key(Secret),
    /// The query of a shared access signature.
    SharedAccessSignature(Secret),
}

/// Why a store cannot be opened: what is missing or wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenError {
    /// What is missing or wrong.
    pub what: String,
    /// What to do about it.
    pub instead: String,
}

impl OpenError {
    pub(crate) fn new(what: impl Into<String>, instead: impl Into<String>) -> OpenError {
        OpenError { what: what.into(), instead: instead.into() }
    }
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for OpenError {}
