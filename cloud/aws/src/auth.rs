//! Logins at RDS and Aurora by IAM: a token that is signed for each connection, here and without a call. It is good for
//! fifteen minutes, for one host, port, role and region, and kept nowhere.

use std::sync::Arc;

use aws_config::{Region, SdkConfig};
use aws_sdk_rds::auth_token::{AuthTokenGenerator, Config};
use futures_util::future::BoxFuture;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pgquerylens_engine::dial::{Asked, NoPassword, Passwords};
use pgquerylens_engine::secret::Secret;

use crate::endpoint;
use crate::error;
use crate::session::{Account, Sessions};

/// What stays as it is in a query of AWS: letters, digits and `-._~`.
pub(crate) const UNRESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Returns passwords that are IAM tokens, signed with the credentials of an account, or with our own. The region is the
/// endpoint's own, unless one is handed in, as for a name of one's own; else it is that of the environment. Nothing is
/// looked up before the first login. Servers that are handed clones of the same sessions assume a role once between them.
pub fn iam_tokens(sessions: Sessions, account: Option<Account>, region: Option<String>) -> Passwords {
    let account = Arc::new(account);
    let said = region.clone();
    let source = move |asked: Asked| -> BoxFuture<'static, _> {
        let (sessions, account, region) = (sessions.clone(), Arc::clone(&account), region.clone());
        Box::pin(async move {
            // The same token again would be refused again.
            if asked.refused > 0 {
                return Ok(None);
            }
            let account = account.as_ref().as_ref();
            iam_token(&sessions, account, region.as_deref(), &asked).await.map(Some)
        })
    };
    Passwords::new(source, move |refusal| error::token::refused(refusal, said.as_deref()))
}

/// Signs a token for one login with the credentials of an account, or with our own.
pub async fn iam_token(
    sessions: &Sessions,
    account: Option<&Account>,
    region: Option<&str>,
    asked: &Asked,
) -> Result<Secret, NoPassword> {
    let region = region.or_else(|| endpoint::region(&asked.host));
    let entered = sessions.enter(account, region).await;
    let session = entered.map_err(|unassumed| error::no_password_for(&unassumed))?;
    token(&session, asked, region, sessions.profile()).await
}

/// Signs a token with the credentials of a session.
async fn token(
    session: &SdkConfig,
    asked: &Asked,
    region: Option<&str>,
    profile: Option<&str>,
) -> Result<Secret, NoPassword> {
    if !asked.is_encrypted {
        return Err(error::not_encrypted());
    }
    let host = url_host(&asked.host).ok_or_else(|| error::unfit_host(&asked.host))?;
    let of_session = session.region().map(Region::as_ref);
    let region = region
        .or_else(|| endpoint::region(&asked.host))
        .or(of_session)
        .filter(|region| endpoint::is_region(region))
        .ok_or_else(|| error::no_region(&asked.host))?;
    let config = Config::builder()
        .hostname(host)
        .port(u64::from(asked.port))
        .username(utf8_percent_encode(&asked.user, UNRESERVED).to_string())
        .region(Region::new(region.to_owned()))
        .build()
        .map_err(|error| error::unsigned(&*error, profile))?;
    let token = AuthTokenGenerator::new(config).auth_token(session).await;
    token.map(|token| Secret::from(token.as_str())).map_err(|error| error::unsigned(&*error, profile))
}

/// Returns a host as it stands in a URL: an address of IPv6 in brackets; nothing for what no URL can hold, which the
/// SDK takes for granted.
fn url_host(host: &str) -> Option<String> {
    if host.parse::<std::net::Ipv6Addr>().is_ok() {
        return Some(format!("[{host}]"));
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (!host.is_empty() && host.bytes().all(fits)).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use aws_smithy_async::time::{SharedTimeSource, StaticTimeSource};
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    const ENDPOINT: &str = "db1.abc123.eu-west-1.rds.amazonaws.com";

    fn asked(host: &str, user: &str) -> Asked {
        Asked { host: host.to_owned(), port: 5432, user: user.to_owned(), is_encrypted: true, refused: 0 }
    }

    fn with_credentials() -> SdkConfig {
        let credentials = Credentials::new("AKIDEXAMPLE", "a-secret", None, None, "test");
        let noon = StaticTimeSource::new(UNIX_EPOCH + Duration::from_secs(1_795_521_600));
        SdkConfig::builder()
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .time_source(SharedTimeSource::new(noon))
            .build()
    }

    async fn signed(host: &str, user: &str, region: Option<&str>) -> String {
        token(&with_credentials(), &asked(host, user), region, None).await.unwrap().expose().to_owned()
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_token_is_for_one_host_port_role_and_region() {
        let token = signed(ENDPOINT, "monitor", None).await;
        let scope = "X-Amz-Credential=AKIDEXAMPLE%2F20261124%2Feu-west-1%2Frds-db%2Faws4_request";
        let begins = format!("{ENDPOINT}:5432/?Action=connect&DBUser=monitor&");
        assert!(token.starts_with(&begins) && token.contains(scope), "{token}");
        assert!(token.contains("X-Amz-Expires=900&") && token.contains("X-Amz-Signature="), "{token}");
        assert!(!token.contains("a-secret"));
        assert_ne!(token, signed(ENDPOINT, "monitor", Some("us-east-1")).await, "what is said goes first");
    }

    /// What the SDK puts into a URL as it is would be another URL, or none, with which it ends the process.
    #[tokio::test(flavor = "current_thread")]
    async fn names_of_any_kind_stay_themselves() {
        for (user, written) in [
            ("a b&c=d", "a%20b%26c%3Dd"),
            ("mönitor", "m%C3%B6nitor"),
            ("x#y%41", "x%23y%2541"),
            ("+@/?", "%2B%40%2F%3F"),
        ] {
            let token = signed(ENDPOINT, user, None).await;
            assert!(token.contains(&format!("&DBUser={written}&")), "{user}: {token}");
        }
        let token = signed("fd00::1", "monitor", Some("eu-west-1")).await;
        assert!(token.starts_with("[fd00::1]:5432/?"), "{token}");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_cannot_be_signed_says_why() {
        let why = async |session: SdkConfig, asked: Asked, region| {
            token(&session, &asked, region, None).await.unwrap_err().why
        };
        let plain = Asked { is_encrypted: false, ..asked(ENDPOINT, "monitor") };
        assert!(why(with_credentials(), plain, None).await.contains("over TLS only"));
        for host in ["", "a b", "a/b", "a@b", "user:secret@host"] {
            assert!(
                why(with_credentials(), asked(host, "monitor"), Some("eu-west-1"))
                    .await
                    .contains("can be signed")
            );
        }
        let unknown = why(with_credentials(), asked("db.internal", "monitor"), None).await;
        assert_eq!(unknown, "the region of db.internal is not known, and an IAM token is signed for one");
        let odd = why(with_credentials(), asked(ENDPOINT, "monitor"), Some("Europe")).await;
        assert!(odd.contains("is not known"), "{odd}");
        let none = why(SdkConfig::builder().build(), asked(ENDPOINT, "monitor"), None).await;
        assert!(none.starts_with("no AWS credentials to sign a token with"), "{none}");
    }
}
