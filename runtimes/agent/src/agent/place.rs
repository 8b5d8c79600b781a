//! A worker's place, and how long a poll holds it: as many polls as there are workers are at work at the same time, which
//! bounds the memory that they need.

use std::time::Duration;

use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

/// Works and holds a place meanwhile, as long as `received` grows within the patience. What gets nothing waits, and
/// others need not: a poll that hangs would otherwise delay all that are due.
pub(super) async fn hold<T>(
    place: Option<SemaphorePermit<'_>>,
    received: impl Fn() -> u64,
    patience: Duration,
    work: impl Future<Output = T>,
) -> T {
    let mut work = std::pin::pin!(work);
    let mut before = received();
    loop {
        if let Ok(done) = timeout(patience, &mut work).await {
            return done;
        }
        let now = received();
        if now == before {
            break;
        }
        before = now;
    }
    drop(place);
    work.await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::sync::{Semaphore, oneshot};
    use tokio::time::sleep;

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(10);

    #[tokio::test(flavor = "current_thread")]
    async fn a_poll_that_hangs_gives_its_place_up() {
        let places = Semaphore::new(1);
        let (go, gone) = oneshot::channel();
        let hanging = hold(places.acquire().await.ok(), || 7, PATIENCE, gone);
        let other = async {
            let _place = places.acquire().await;
            go.send(()).unwrap();
        };
        assert!(tokio::join!(hanging, other).0.is_ok());
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_poll_that_gets_something_holds_its_place_however_long_it_takes() {
        let places = Semaphore::new(1);
        let (received, is_over) = (Cell::new(0), Cell::new(false));
        let grown = || received.replace(received.get() + 1);
        let working = hold(places.acquire().await.ok(), grown, PATIENCE, async {
            sleep(PATIENCE * 10).await;
            is_over.set(true);
        });
        let other = async {
            let _place = places.acquire().await;
            assert!(is_over.get(), "it came in between");
        };
        tokio::join!(working, other);
    }
}
