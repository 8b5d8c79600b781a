//! Whose a state is: of one process at a time, as long as it lives. A commit that compares keeps two pollers from losing
//! anything, but what both deliver of one window would be counted twice as events.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use pgquerylens_engine::state::lease::{Claim, LeaseError};
use pgquerylens_model::time::Timestamp;
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_store::store::Store;
use pgquerylens_store::url::StateUrl;

/// The file whose lock the owner holds. The system gives it up for a process that was killed.
const FILE: &str = "owner";

/// The right to use the state of one server.
pub(crate) struct Ownership {
    folder: Option<PathBuf>,
    held: Option<File>,
    /// Where there is no folder, and a lease is wanted.
    claim: Option<Claim>,
}

impl Ownership {
    /// Names the state; it is not taken yet.
    pub(crate) fn of(state: &StateUrl, server: &str) -> Ownership {
        Ownership { folder: state.folder_of(server), held: None, claim: None }
    }

    /// Wants a lease, too. In a folder the lock does as much, and better.
    pub(crate) fn with_lease(self, claim: Option<Claim>) -> Ownership {
        let claim = claim.filter(|_| self.folder.is_none());
        Ownership { claim, ..self }
    }

    /// Tells whether it is ours. What lies in no folder always is without a lease: there a commit that compares alone
    /// holds.
    pub(crate) fn is_taken(&self, now: Timestamp) -> bool {
        match (&self.folder, &self.claim) {
            (Some(_), _) => self.held.is_some(),
            (None, Some(claim)) => claim.is_held(now),
            (None, None) => true,
        }
    }

    /// Takes it, unless it is ours already.
    pub(crate) fn take(&mut self) -> Result<(), Failure> {
        if let Some(folder) = self.folder.as_deref().filter(|_| self.held.is_none()) {
            self.held = Some(lock(folder)?);
        }
        Ok(())
    }

    /// Takes the lease or keeps it, where one is wanted.
    pub(crate) async fn take_lease(&mut self, store: &Store, now: Timestamp) -> Result<(), Failure> {
        let Some(claim) = &mut self.claim else { return Ok(()) };
        claim.hold(store, now).await.map_err(|error| match error {
            LeaseError::Store(error) => Failure::from(error),
            held @ LeaseError::Held(_) => Failure::of(
                Exit::TryAgain,
                &held,
                "it goes on by itself; this one takes over when the other has ended",
            ),
        })
    }

    /// Gives the lease up, so that whoever comes next need not wait for its end.
    pub(crate) async fn give_up(&mut self, store: &Store) {
        if let Some(claim) = &mut self.claim {
            // Where that fails the lease ends by itself.
            let _over = claim.give_up(store).await;
        }
    }
}

fn lock(folder: &Path) -> Result<File, Failure> {
    let path = folder.join(FILE);
    let of = |error: io::Error| Failure::of_file("lock", &path, &error);
    fs::create_dir_all(folder).map_err(of)?;
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(of)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::new(
            Exit::TryAgain,
            format!("another process uses the state {}", folder.display()),
            "let only one agent use a state; this one takes over when the other has ended",
        )),
        Err(TryLockError::Error(error)) => Err(of(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_has_one_owner_until_it_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateUrl::Folder(folder.path().to_owned());
        let (mut first, mut second) = (Ownership::of(&state, "shop"), Ownership::of(&state, "shop"));
        assert!(!first.is_taken(Timestamp(0)) && first.take().is_ok() && first.take().is_ok());
        assert!(first.is_taken(Timestamp(0)) && second.take().is_err() && !second.is_taken(Timestamp(0)));
        drop(first);
        assert!(second.take().is_ok() && second.is_taken(Timestamp(0)));
    }

    #[test]
    fn what_lives_in_memory_is_ours() {
        let mut ownership = Ownership::of(&StateUrl::Memory, "shop");
        assert!(ownership.is_taken(Timestamp(0)) && ownership.take().is_ok());
    }
}
