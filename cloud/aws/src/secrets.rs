//! Secrets that lie at AWS: of Secrets Manager and of Systems Manager's Parameter Store. They are read when they are
//! needed and kept nowhere, so that a rotation counts at once.

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use futures_util::future::BoxFuture;
use pgquerylens_engine::dial::{Asked, NoPassword, Passwords};
use pgquerylens_engine::secret::Secret;

use crate::error;
use crate::session::{Account, Sessions};

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
/// Where the region and the account stand in an ARN: `arn:PARTITION:SERVICE:REGION:ACCOUNT:…`.
const ARN_REGION: usize = 3;
const ARN_ACCOUNT: usize = 4;
/// The key of the password in a secret that is JSON, as RDS and its rotations write it.
const PASSWORD_KEY: &str = "password";

/// Secrets at one place, and who may read them there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secrets {
    place: Place,
    account: Option<Account>,
}

impl Secrets {
    /// Returns where they lie.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Names the place; nothing is looked up yet. What lies there is read with our own credentials.
    pub fn at(place: Place) -> Secrets {
        Secrets { place, account: None }
    }

    /// Returns them as they are read by the role of an account, unless an ARN says that they lie in another one.
    pub fn read_by(self, account: Option<Account>) -> Secrets {
        let is_there =
            |account: &Account| self.arn_part(ARN_ACCOUNT).is_none_or(|number| account.id() == Some(number));
        let account = account.filter(is_there);
        Secrets { account, ..self }
    }

    /// Returns the secret as it is now.
    pub async fn current(&self, sessions: &Sessions) -> Result<Secret, NoPassword> {
        let found = self.read(0, sessions).await?;
        found.ok_or_else(|| error::secret::empty(&self.place))
    }

    /// Returns passwords of logins: after a refusal the one that a rotation is about to make current.
    pub fn passwords(self, sessions: Sessions) -> Passwords {
        let source = move |asked: Asked| -> BoxFuture<'static, _> {
            let (secrets, sessions) = (self.clone(), sessions.clone());
            Box::pin(async move { secrets.read(asked.refused, &sessions).await })
        };
        Passwords::new(source, |_| None)
    }

    /// Reads what is tried after so many refusals; nothing if there is no more.
    async fn read(&self, refused: usize, sessions: &Sessions) -> Result<Option<Secret>, NoPassword> {
        let region = self.arn_part(ARN_REGION);
        let entered = sessions.enter(self.account.as_ref(), region).await;
        let session = &entered.map_err(|unassumed| error::no_password_for(&unassumed))?;
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
            Err(failed) => Err(error::secret::unreadable(&self.place, &failed)),
        }
    }

    async fn parameter(&self, session: &SdkConfig, name: &str) -> Result<Option<Secret>, NoPassword> {
        let client = aws_sdk_ssm::Client::new(session);
        let answer = client.get_parameter().name(name).with_decryption(true).send().await;
        let answer = answer.map_err(|failed| error::secret::unreadable(&self.place, &failed))?;
        Ok(answer.parameter().and_then(|parameter| parameter.value()).map(Secret::from))
    }

    /// A part of an ARN, if it is one.
    fn arn_part(&self, place: usize) -> Option<&str> {
        let (Place::SecretsManager(name) | Place::Parameter(name)) = &self.place;
        if name.starts_with("arn:") { name.split(':').nth(place) } else { None }
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

    fn at(name: &str) -> Secrets {
        Secrets::at(Place::SecretsManager(name.to_owned()))
    }

    #[test]
    fn the_role_of_the_account_that_has_a_secret_reads_it() {
        for (name, by_role) in [
            ("shop", true),
            ("arn:aws:secretsmanager:eu-west-1:210987654321:secret:shop-AbCdEf", true),
            ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf", false),
        ] {
            let account = Account::by("arn:aws:iam::210987654321:role/reader", None);
            assert_eq!(at(name).read_by(account).account.is_some(), by_role, "{name}");
        }
    }

    #[test]
    fn an_arn_has_its_region() {
        let region = |name: &str| at(name).arn_part(ARN_REGION).map(str::to_owned);
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf";
        assert_eq!(region(arn).as_deref(), Some("eu-west-1"));
        assert_eq!(region("shop"), None);
    }
}
