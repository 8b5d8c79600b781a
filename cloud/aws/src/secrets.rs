//! Secrets that lie at AWS: of Secrets Manager and of Systems Manager's Parameter Store. They are read when they are
//! needed and kept nowhere, so that a rotation counts at once.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use futures_util::future::BoxFuture;
use pgquerylens_engine::dial::{Asked, NoPassword, Passwords};
use pgquerylens_engine::secret::Secret;
use tokio::sync::OnceCell;

use crate::error;
use crate::session::session;

/// Where a secret lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A secret of Secrets Manager, by its name or ARN.
    SecretsManager(String),
    /// A parameter of Parameter Store, by its name or ARN; decrypted if it is a SecureString.
    Parameter(String),
}

/// What a value of Secrets Manager is labelled with, in the order in which it is tried: while a rotation is under way the
/// server may take the next one already.
const STAGES: [&str; 2] = ["AWSCURRENT", "AWSPENDING"];
/// The key of the password in a secret that is JSON, as RDS and its rotations write it.
const PASSWORD_KEY: &str = "password";

/// Reads secrets at one place, over one session that is made when it is first needed.
#[derive(Clone, Debug)]
pub struct Secrets {
    place: Place,
    session: Arc<OnceCell<SdkConfig>>,
}

/// What is the same place gives the same secret.
impl PartialEq for Secrets {
    fn eq(&self, other: &Secrets) -> bool {
        self.place == other.place
    }
}

impl Eq for Secrets {}

impl Secrets {
    /// Returns where they lie.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Names the place; nothing is looked up yet.
    pub fn at(place: Place) -> Secrets {
        Secrets { place, session: Arc::default() }
    }

    /// Returns the secret as it is now.
    pub async fn current(&self) -> Result<Secret, NoPassword> {
        let found = self.read(0).await?;
        found.ok_or_else(|| error::empty_secret(&self.place))
    }

    /// Returns passwords of logins: after a refusal the one that a rotation is about to make current.
    pub fn passwords(self) -> Passwords {
        let source = move |asked: Asked| -> BoxFuture<'static, _> {
            let secrets = self.clone();
            Box::pin(async move { secrets.read(asked.refused).await })
        };
        Passwords::new(source, |_| None)
    }

    /// Reads what is tried after so many refusals; nothing if there is no more.
    async fn read(&self, refused: usize) -> Result<Option<Secret>, NoPassword> {
        let session = self.session.get_or_init(|| session(self.region())).await;
        match &self.place {
            Place::SecretsManager(id) => match STAGES.get(refused) {
                Some(stage) => self.secret(session, id, stage).await,
                None => Ok(None),
            },
            Place::Parameter(name) if refused == 0 => self.parameter(session, name).await,
            Place::Parameter(_) => Ok(None),
        }
    }

    async fn secret(&self, session: &SdkConfig, id: &str, stage: &str) -> Result<Option<Secret>, NoPassword> {
        let client = aws_sdk_secretsmanager::Client::new(session);
        match client.get_secret_value().secret_id(id).version_stage(stage).send().await {
            Ok(answer) => Ok(answer.secret_string().map(|text| Secret::from(password_in(text)))),
            // Outside a rotation there is no next one.
            Err(failed)
                if stage != STAGES[0]
                    && matches!(
                        failed.as_service_error(),
                        Some(GetSecretValueError::ResourceNotFoundException(_))
                    ) =>
            {
                Ok(None)
            }
            Err(failed) => Err(error::unreadable_secret(&self.place, &failed)),
        }
    }

    async fn parameter(&self, session: &SdkConfig, name: &str) -> Result<Option<Secret>, NoPassword> {
        let client = aws_sdk_ssm::Client::new(session);
        let answer = client.get_parameter().name(name).with_decryption(true).send().await;
        let answer = answer.map_err(|failed| error::unreadable_secret(&self.place, &failed))?;
        Ok(answer.parameter().and_then(|parameter| parameter.value()).map(Secret::from))
    }

    /// The region in an ARN: the fourth part.
    fn region(&self) -> Option<&str> {
        let (Place::SecretsManager(name) | Place::Parameter(name)) = &self.place;
        name.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(2))
    }
}

/// Returns the password in a secret: the field of that name if it is JSON that has it, else the whole text.
fn password_in(text: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let field = value.as_ref().and_then(|value| value.get(PASSWORD_KEY)).and_then(|field| field.as_str());
    field.unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_a_field_or_the_whole() {
        for (text, password) in [
            (r#"{"username": "monitor", "password": "hush", "port": 5432}"#, "hush"),
            ("hush", "hush"),
            (r#""quoted""#, r#""quoted""#),
            (r#"{"secret": "hush"}"#, r#"{"secret": "hush"}"#),
            (r#"{"password": 7}"#, r#"{"password": 7}"#),
        ] {
            assert_eq!(password_in(text), password);
        }
    }

    #[test]
    fn an_arn_has_its_region() {
        let region =
            |name: &str| Secrets::at(Place::SecretsManager(name.to_owned())).region().map(str::to_owned);
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf";
        assert_eq!(region(arn).as_deref(), Some("eu-west-1"));
        assert_eq!(region("shop"), None);
    }
}
