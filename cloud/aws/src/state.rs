//! Credentials of states in S3: what the SDK's chain finds, or who we are otherwise in a process, kept until shortly before
//! it ends. The store asks for them at each request and knows no SDK.

use std::sync::Arc;

use async_trait::async_trait;
use object_store::aws::{AwsCredential, AwsCredentialProvider};
use object_store::{CredentialProvider, Error, Result};

use crate::error;
use crate::session::Sessions;

/// What object_store calls S3 in its errors.
const STORE: &str = "S3";

/// Returns what a store of S3 asks who we are; nothing is looked up yet.
pub fn credentials(sessions: Sessions) -> AwsCredentialProvider {
    Arc::new(OfSessions(sessions))
}

#[derive(Debug)]
struct OfSessions(Sessions);

#[async_trait]
impl CredentialProvider for OfSessions {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> Result<Arc<AwsCredential>> {
        let found = self.0.own_credentials().await.map_err(|failed| {
            let source = Box::new(error::no_credentials(&failed, self.0.profile()));
            Error::Unauthenticated { path: STORE.to_owned(), source }
        })?;
        Ok(Arc::new(AwsCredential {
            key_id: found.access_key_id().to_owned(),
            secret_key: found.secret_access_key().to_owned(),
            token: found.session_token().map(str::to_owned),
        }))
    }
}
