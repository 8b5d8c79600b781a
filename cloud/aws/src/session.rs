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
    /// The roles on the way to it, by their ARNs: the first is assumed by our own credentials, each other one by the
    /// one before it. Mostly there are none.
    pub through: Vec<String>,
    /// The role's ARN.
    pub role_arn: String,
    /// What the role's trust policy asks for besides, if it does. No secret, by AWS's own word.
    pub external_id: Option<String>,
}

impl Account {
    /// Reads the roles on the way to an account, with commas or blanks between them; nothing if none is named. The
    /// external id is for the last of them.
    pub fn by(roles: &str, external_id: Option<String>) -> Option<Account> {
        let is_between = |letter: char| letter == ',' || letter.is_whitespace();
        let mut through: Vec<String> =
            roles.split(is_between).filter(|role| !role.is_empty()).map(str::to_owned).collect();
        Some(Account { role_arn: through.pop()?, through, external_id })
    }

    /// Returns the roles as they are written.
    pub fn roles(&self) -> String {
        let roles: Vec<&str> = self.steps().map(|(role, _)| role).collect();
        roles.join(",")
    }

    /// Returns the number of the account, which the role's ARN has.
    pub(crate) fn id(&self) -> Option<&str> {
        self.role_arn.split(':').nth(4)
    }

    /// Returns what is assumed one after another, each role with the external id that it asks for.
    fn steps(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let through = self.through.iter().map(|role| (role.as_str(), None));
        through.chain([(self.role_arn.as_str(), self.external_id.as_deref())])
    }
}

/// A role that was not assumed.
#[derive(Debug)]
pub(crate) struct Unassumed {
    pub(crate) role_arn: String,
    pub(crate) has_external_id: bool,
    /// Whether our own credentials were to assume it, and not another role.
    pub(crate) by_ourselves: bool,
    /// The profile that our own credentials are of.
    pub(crate) profile: Option<String>,
    pub(crate) failed: CredentialsError,
}

/// The sessions of one process: its own, and those of the roles that it assumes. Clones share them, so that credentials
/// are fetched once for all that needs them, and again five minutes before they end.
#[derive(Clone, Debug, Default)]
pub struct Sessions(Arc<Shared>);

/// A role, and the external id that it is assumed with.
type Step = (String, Option<String>);

#[derive(Debug, Default)]
struct Shared {
    region: Option<String>,
    /// What the profile is called that the chain finds by itself: its errors leave that out.
    profile: Option<String>,
    own: OnceCell<SdkConfig>,
    /// Who provides the credentials of a role that is assumed so.
    roles: Mutex<HashMap<Vec<Step>, SharedCredentialsProvider>>,
}

impl Sessions {
    /// Returns sessions over the SDK's default chain; nothing is looked up yet. A region that is handed in goes before
    /// that of the environment or profile.
    pub fn new(region: Option<String>) -> Sessions {
        Sessions(Arc::new(Shared { region, ..Shared::default() }))
    }

    /// Returns sessions over the SDK's default chain, which finds the profile of that name in the environment.
    pub fn of_profile(profile: Option<String>) -> Sessions {
        Sessions(Arc::new(Shared { profile, ..Shared::default() }))
    }

    /// Returns sessions over one that is there already.
    pub fn over(own: SdkConfig) -> Sessions {
        Sessions(Arc::new(Shared { own: OnceCell::new_with(Some(keeping(own))), ..Shared::default() }))
    }

    /// Returns a session with the credentials of an account, or with our own, for a region, or for ours.
    pub async fn of(&self, account: Option<&Account>, region: Option<&str>) -> SdkConfig {
        let own = self.own().await;
        let region = region.map(|region| Region::new(region.to_owned())).or_else(|| own.region().cloned());
        let mut session = own.to_builder();
        session.set_region(region.clone());
        if let Some(account) = account {
            let roles = self.roles(own, account, region.as_ref()).await;
            session.set_credentials_provider(roles.last().map(|(_, role)| role.clone()));
        }
        session.build()
    }

    /// Returns the credentials of our own, or says why there are none.
    pub(crate) async fn own_credentials(&self) -> provider::Result {
        credentials(self.own().await.credentials_provider()).await
    }

    /// Returns the profile that our own credentials are of, if one is named.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.0.profile.as_deref()
    }

    /// Returns our own region, if it is known.
    pub async fn own_region(&self) -> Option<String> {
        self.own().await.region().map(|region| region.as_ref().to_owned())
    }

    /// Returns a session as [`Sessions::of`] does, once every role on the way to the account is assumed, or says which of
    /// them refused.
    pub(crate) async fn enter(
        &self,
        account: Option<&Account>,
        region: Option<&str>,
    ) -> Result<SdkConfig, Unassumed> {
        let at = region.map(|region| Region::new(region.to_owned()));
        let roles = match account {
            Some(account) => self.roles(self.own().await, account, at.as_ref()).await,
            None => Vec::new(),
        };
        for (place, ((role_arn, external_id), role)) in roles.into_iter().enumerate() {
            if let Err(failed) = credentials(Some(role)).await {
                let (has_external_id, by_ourselves) = (external_id.is_some(), place == 0);
                let profile = self.0.profile.clone();
                return Err(Unassumed { role_arn, has_external_id, by_ourselves, profile, failed });
            }
        }
        Ok(self.of(account, region).await)
    }

    async fn own(&self) -> &SdkConfig {
        let shared = &self.0;
        shared.own.get_or_init(|| async { keeping(session(shared.region.as_deref()).await) }).await
    }

    /// Returns who provides the credentials of each role on the way to an account. STS is asked where we are ourselves,
    /// if that is known.
    async fn roles(
        &self,
        own: &SdkConfig,
        account: &Account,
        region: Option<&Region>,
    ) -> Vec<(Step, SharedCredentialsProvider)> {
        let mut known = self.0.roles.lock().await;
        let (mut way, mut roles) = (Vec::new(), Vec::new());
        let mut by = own.to_builder();
        by.set_region(own.region().or(region).cloned());
        let mut by = by.build();
        for (role, external_id) in account.steps() {
            let step = (role.to_owned(), external_id.map(str::to_owned));
            way.push(step.clone());
            let role = match known.get(&way) {
                Some(role) => role.clone(),
                None => assumed(&step, &by).await,
            };
            known.insert(way.clone(), role.clone());
            by = by.into_builder().credentials_provider(role.clone()).build();
            roles.push((step, role));
        }
        roles
    }
}

/// Returns who provides the credentials of a role that is assumed by those of a session.
async fn assumed((role_arn, external_id): &Step, by: &SdkConfig) -> SharedCredentialsProvider {
    let time = by.time_source().unwrap_or_default();
    let by = by.to_builder().time_source(time.clone()).build();
    let mut role = AssumeRoleProvider::builder(role_arn).session_name(SESSION_NAME);
    if let Some(external_id) = external_id {
        role = role.external_id(external_id);
    }
    SharedCredentialsProvider::new(Kept::of(role.configure(&by).build().await, time))
}

/// A token is signed without the cache that the SDK has for its own calls: kept here, a login asks nobody for credentials
/// that another one was given.
fn keeping(session: SdkConfig) -> SdkConfig {
    let Some(provider) = session.credentials_provider() else { return session };
    let kept = Kept::of(provider, session.time_source().unwrap_or_default());
    session.into_builder().credentials_provider(SharedCredentialsProvider::new(kept)).build()
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

async fn credentials(provider: Option<SharedCredentialsProvider>) -> provider::Result {
    match provider {
        Some(provider) => provider.provide_credentials().await,
        None => Err(CredentialsError::not_loaded_no_source()),
    }
}
