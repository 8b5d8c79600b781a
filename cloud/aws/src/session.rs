//! What all of AWS is spoken to with: credentials by the SDK's default chain or of a role that they may assume, one client
//! of HTTPS with the one crypto provider, a region.

mod kept;

use std::collections::HashMap;
use std::sync::Arc;

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tokio::sync::{Mutex, OnceCell};

use self::kept::Kept;

/// What our sessions are called in the logs of the account whose role is assumed.
const SESSION_NAME: &str = "pgquerylens";

/// An account other than that of our own credentials: the role by which it is entered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    /// The role's ARN.
    pub role_arn: String,
    /// What the role's trust policy asks for besides, if it does. No secret, by AWS's own word.
    pub external_id: Option<String>,
}

/// The sessions of one process: its own, and those of the roles that it assumes. Clones share them, so that a role is
/// assumed once for all that needs it, and again five minutes before its credentials end.
#[derive(Clone, Debug, Default)]
pub struct Sessions(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    region: Option<String>,
    own: OnceCell<SdkConfig>,
    roles: Mutex<HashMap<Account, SharedCredentialsProvider>>,
}

impl Sessions {
    /// Returns sessions over the SDK's default chain; nothing is looked up yet. A region that is handed in goes before
    /// that of the environment or profile.
    pub fn new(region: Option<String>) -> Sessions {
        Sessions(Arc::new(Shared { region, ..Shared::default() }))
    }

    /// Returns sessions over one that is there already.
    pub fn over(own: SdkConfig) -> Sessions {
        Sessions(Arc::new(Shared { own: OnceCell::new_with(Some(own)), ..Shared::default() }))
    }

    /// Returns a session with the credentials of an account, or with our own, for a region, or for ours.
    pub async fn of(&self, account: Option<&Account>, region: Option<&str>) -> SdkConfig {
        let shared = &self.0;
        let own = shared.own.get_or_init(|| session(shared.region.as_deref())).await;
        let region = region.map(|region| Region::new(region.to_owned())).or_else(|| own.region().cloned());
        let mut session = own.to_builder();
        session.set_region(region.clone());
        if let Some(account) = account {
            session.set_credentials_provider(Some(self.role(own, account, region).await));
        }
        session.build()
    }

    /// Returns the credentials of a role. STS is asked where we are ourselves, if that is known.
    async fn role(
        &self,
        own: &SdkConfig,
        account: &Account,
        region: Option<Region>,
    ) -> SharedCredentialsProvider {
        let mut roles = self.0.roles.lock().await;
        if let Some(known) = roles.get(account) {
            return known.clone();
        }
        let time = own.time_source().unwrap_or_default();
        let mut asking = own.to_builder().time_source(time.clone());
        asking.set_region(own.region().cloned().or(region));
        let mut role = AssumeRoleProvider::builder(&account.role_arn).session_name(SESSION_NAME);
        if let Some(external_id) = &account.external_id {
            role = role.external_id(external_id);
        }
        let role = role.configure(&asking.build()).build().await;
        let credentials = SharedCredentialsProvider::new(Kept::of(role, time));
        roles.insert(account.clone(), credentials.clone());
        credentials
    }
}

/// Finds out how to speak to AWS. A region that is handed in goes before that of the environment or profile.
pub async fn session(region: Option<&str>) -> SdkConfig {
    let https = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(https);
    match region {
        Some(region) => loader.region(Region::new(region.to_owned())).load().await,
        None => loader.load().await,
    }
}

/// Returns the credentials of a session, which are those of a role as long as they last.
pub(crate) async fn credentials(session: &SdkConfig) -> provider::Result {
    match session.credentials_provider() {
        Some(provider) => provider.provide_credentials().await,
        None => Err(CredentialsError::not_loaded_no_source()),
    }
}
