//! Credentials that are kept until shortly before they end, so that a role is assumed, and a container's or a machine's
//! endpoint asked, once an hour and not once for each login. The SDK keeps them for its own calls alone, and a token is
//! signed without one.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::future::ProvideCredentials as Providing;
use aws_credential_types::provider::{self, ProvideCredentials};
use aws_smithy_async::time::SharedTimeSource;
use tokio::sync::Mutex;

/// How long credentials must still be good for: what is signed with them is good for no longer than they are.
const LEAST_LEFT: Duration = Duration::from_secs(300);

/// Keeps what another provides.
#[derive(Debug)]
pub(super) struct Kept<P> {
    provider: P,
    time: SharedTimeSource,
    last: Mutex<Option<Credentials>>,
}

impl<P: ProvideCredentials> Kept<P> {
    pub(super) fn of(provider: P, time: SharedTimeSource) -> Kept<P> {
        Kept { provider, time, last: Mutex::default() }
    }

    /// Whoever comes while they are fetched waits for the same.
    async fn credentials(&self) -> provider::Result {
        let mut last = self.last.lock().await;
        // Those without an end may be others tomorrow, and whoever provides them knows.
        let is_good =
            |kept: &&Credentials| kept.expiry().is_some_and(|end| end > self.time.now() + LEAST_LEFT);
        if let Some(kept) = last.as_ref().filter(is_good) {
            return Ok(kept.clone());
        }
        let fetched = self.provider.provide_credentials().await?;
        Ok(last.insert(fetched).clone())
    }
}

impl<P: ProvideCredentials> ProvideCredentials for Kept<P> {
    fn provide_credentials<'a>(&'a self) -> Providing<'a>
    where
        Self: 'a,
    {
        Providing::new(self.credentials())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::UNIX_EPOCH;

    use aws_smithy_async::time::StaticTimeSource;

    use super::*;

    /// Counts, and gives credentials that end so many seconds after the epoch, or never.
    #[derive(Debug)]
    struct Counting(AtomicU64, Option<u64>);

    impl ProvideCredentials for Counting {
        fn provide_credentials<'a>(&'a self) -> Providing<'a>
        where
            Self: 'a,
        {
            let key = self.0.fetch_add(1, Ordering::Relaxed);
            let end = self.1.map(|end| UNIX_EPOCH + Duration::from_secs(end));
            Providing::ready(Ok(Credentials::new(key.to_string(), "a-secret", None, end, "test")))
        }
    }

    async fn check(end: Option<u64>, expected: &str) {
        let now = StaticTimeSource::new(UNIX_EPOCH + Duration::from_secs(1000));
        let kept = Kept::of(Counting(AtomicU64::new(1), end), SharedTimeSource::new(now));
        kept.credentials().await.unwrap();
        assert_eq!(kept.credentials().await.unwrap().access_key_id(), expected, "{end:?}");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn they_are_fetched_anew_shortly_before_they_end() {
        check(Some(4600), "1").await;
        check(Some(1301), "1").await;
        check(Some(1300), "2").await;
        check(Some(1), "2").await;
        check(None, "2").await;
    }
}
