//! How many servers the process has descriptors for. Without a bound the last ones would take what the others need to
//! commit and to deliver, and nobody would be polled any more.

use std::sync::Arc;

use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What is no server's: the log, signals, the health page, exporters, and states that are being written.
const RESERVED: u64 = 64;
/// What a server holds: its connection, and the lock on its state.
const PER_SERVER: u64 = 2;
/// More servers than any configuration has.
const MAX_SEATS: u64 = 1_000_000;

/// A seat for each server that there are descriptors for.
#[derive(Clone)]
pub(super) struct Seats {
    free: Arc<Semaphore>,
    descriptors: u64,
    count: u64,
}

impl Seats {
    /// Asks the system for as many descriptors as it allows, and counts seats by what it gives.
    pub(super) fn by_the_system() -> Seats {
        let limit = getrlimit(Resource::Nofile);
        // Where the system does not let us, what we have counts.
        let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
        Seats::of(if raised.is_ok() { limit.maximum } else { limit.current }.unwrap_or(u64::MAX))
    }

    fn of(descriptors: u64) -> Seats {
        let count = (descriptors.saturating_sub(RESERVED) / PER_SERVER).clamp(1, MAX_SEATS);
        let free = Arc::new(Semaphore::new(usize::try_from(count).unwrap_or(Semaphore::MAX_PERMITS)));
        Seats { free, descriptors, count }
    }

    /// Takes a seat, which is given back when it is dropped.
    pub(super) fn take(&self) -> Result<OwnedSemaphorePermit, Failure> {
        Arc::clone(&self.free).try_acquire_owned().map_err(|_| {
            let Seats { descriptors, count, .. } = self;
            Failure::new(
                Exit::Unavailable,
                format!("the process may have {descriptors} files open, enough for {count} servers"),
                "raise the limit: LimitNOFILE= in the systemd unit, or ulimit -n",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_seat_for_each_server_that_has_descriptors() {
        for (descriptors, count) in [(0, 1), (64, 1), (104, 20), (1024, 480), (u64::MAX, MAX_SEATS)] {
            assert_eq!(Seats::of(descriptors).count, count, "{descriptors}");
        }
    }

    #[test]
    fn a_seat_is_free_again_when_it_is_given_back() {
        let seats = Seats::of(RESERVED + PER_SERVER);
        let seat = seats.take().unwrap();
        let failure = seats.take().unwrap_err().in_one_line();
        assert!(failure.starts_with("the process may have 66 files open, enough for 1 servers"), "{failure}");
        drop(seat);
        assert!(seats.take().is_ok());
    }
}
