//! The operating system's user that servers run as: ourselves, or an unprivileged one when we are root,
//! because PostgreSQL and PgBouncer refuse to run as root.

use std::{
    fs::{self, Permissions},
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::Command,
};

use crate::{Result, error::Doing};

/// The users tried when we are root, in this order.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];
/// The ids of `nobody` on a machine without a user database.
const OVERFLOW_ID: u32 = 65534;

/// Who runs the servers and owns their files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    /// The ids to change to; `None` when we run as an ordinary user already.
    other: Option<(u32, u32)>,
}

impl Account {
    /// Whether this process is root.
    pub(crate) fn we_are_root() -> bool {
        rustix::process::geteuid().is_root()
    }

    /// Returns the account for servers started by this process.
    pub(crate) fn for_servers() -> Self {
        let other = Self::we_are_root().then(|| {
            let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
            UNPRIVILEGED.iter().find_map(|name| ids_of(name, &users)).unwrap_or((OVERFLOW_ID, OVERFLOW_ID))
        });
        Self { other }
    }

    /// Returns the account of this process, for files that servers do not read.
    pub(crate) fn ourselves() -> Self {
        Self { other: None }
    }

    /// Lets a command run as this account.
    pub(crate) fn apply(self, command: &mut Command) {
        if let Some((user, group)) = self.other {
            command.uid(user).gid(group);
        }
    }

    /// Makes a directory that only this account may enter.
    pub(crate) fn make_directory(self, path: &Path) -> Result<()> {
        fs::create_dir(path).doing_at("make directory", path)?;
        self.hand_over(path, 0o700)
    }

    /// Writes a file that only this account may read.
    pub(crate) fn write_file(self, path: &Path, text: &str) -> Result<()> {
        fs::write(path, text).doing_at("write", path)?;
        self.hand_over(path, 0o600)
    }

    /// Makes this account the owner and sets the mode.
    pub(crate) fn hand_over(self, path: &Path, mode: u32) -> Result<()> {
        fs::set_permissions(path, Permissions::from_mode(mode)).doing_at("set the mode of", path)?;
        match self.other {
            Some((user, group)) => chown(path, Some(user), Some(group)).doing_at("change the owner of", path),
            None => Ok(()),
        }
    }
}

/// Finds a user's ids in the text of `/etc/passwd`.
fn ids_of(name: &str, users: &str) -> Option<(u32, u32)> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        let mut ids = fields.skip(1);
        Some((ids.next()?.parse().ok()?, ids.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::ids_of;

    #[test]
    fn ids_come_from_the_third_and_fourth_field() {
        let users =
            "root:x:0:0:root:/root:/bin/sh\npostgres2:x:7:8::/:\npostgres:x:101:104:P:/var:/bin/bash\n";
        assert_eq!(ids_of("postgres", users), Some((101, 104)));
        assert_eq!(ids_of("nobody", users), None);
    }
}
