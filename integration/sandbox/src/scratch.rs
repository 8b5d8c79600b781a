//! A throw-away directory that vanishes with its owner, and the sweep of those whose owner was killed.

use std::{
    fs::{self, File, Permissions, TryLockError},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{Result, account::Account, daemon, environment, error::Doing};

const PREFIX: &str = "pgquerylens-";
/// The file whose lock says that the directory's owner lives.
const LOCK: &str = "lock";

/// What a directory is kept on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Medium {
    /// Memory where there is enough of it, else the disk.
    Quick,
    /// The disk, for what may grow to gigabytes.
    Disk,
}

/// A directory below the temporary one, locked by this process for as long as it lives.
#[derive(Debug)]
pub(crate) struct Scratch {
    directory: TempDir,
    account: Account,
    medium: Medium,
    _lock: File,
}

impl Scratch {
    /// Sweeps what killed processes left behind and makes a fresh directory that anyone may enter.
    pub(crate) fn new(medium: Medium) -> Result<Self> {
        let environment = environment::read();
        sweep(&environment.temporary);
        sweep(&environment.quick);
        let parent = if medium == Medium::Quick { &environment.quick } else { &environment.temporary };
        let directory = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent);
        let directory = directory.doing_at("make a directory in", parent)?;
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755))
            .doing_at("open for everyone", directory.path())?;
        // Locked before it gets its name, so that no sweep of another process can see it unlocked.
        let unnamed = directory.path().join("lock.new");
        let lock = File::create(&unnamed).doing_at("make", &unnamed)?;
        lock.lock().doing_at("lock", &unnamed)?;
        fs::rename(&unnamed, directory.path().join(LOCK)).doing_at("rename", &unnamed)?;
        Ok(Self { directory, account: Account::for_servers(), medium, _lock: lock })
    }

    /// Returns where it is.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Returns what it is kept on.
    pub(crate) fn medium(&self) -> Medium {
        self.medium
    }

    /// Returns who the servers in it run as.
    pub(crate) fn account(&self) -> Account {
        self.account
    }

    /// Makes a directory in it that only the servers' account may enter.
    pub(crate) fn private_directory(&self, name: &str) -> Result<PathBuf> {
        let path = self.path().join(name);
        self.account.make_directory(&path)?;
        Ok(path)
    }
}

/// Ends and removes the sandboxes whose owner is gone. What it may not touch belongs to another user and stays.
fn sweep(temporary: &Path) {
    for entry in fs::read_dir(temporary).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            sweep_one(&entry.path());
        }
    }
}

fn sweep_one(directory: &Path) {
    let Ok(lock) = File::open(directory.join(LOCK)) else { return };
    if !matches!(lock.try_lock(), Err(TryLockError::WouldBlock)) {
        daemon::end_all_below(directory);
        let _ = fs::remove_dir_all(directory);
    }
}

#[cfg(test)]
mod tests {
    use super::{LOCK, Medium, Scratch, sweep_one};
    use std::fs;

    #[test]
    fn directory_goes_with_its_owner() {
        for medium in [Medium::Quick, Medium::Disk] {
            let scratch = Scratch::new(medium).unwrap();
            let path = scratch.path().to_owned();
            scratch.private_directory("data").unwrap();
            sweep_one(&path);
            assert!(path.join("data").exists(), "a living owner's directory stays");
            drop(scratch);
            assert!(!path.exists());
        }
    }

    #[test]
    fn sweep_takes_what_nobody_locks() {
        let orphan = tempfile::tempdir().unwrap();
        fs::write(orphan.path().join(LOCK), "").unwrap();
        sweep_one(orphan.path());
        assert!(!orphan.path().exists());
    }
}
