//! A clock that can be stepped under a process while it runs, by libfaketime. Time that only goes forward, by which
//! programs wait, stays as it is: a step is what an administrator or NTP does.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Doing;
use crate::scratch::{Medium, Scratch};
use crate::{Error, Result};

/// The directory of libfaketime's libraries, and the one for programs with threads.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// A clock of our own.
#[derive(Debug)]
pub struct Clock {
    library: PathBuf,
    scratch: Scratch,
}

impl Clock {
    /// Makes a clock that is right.
    pub fn new() -> Result<Clock> {
        let clock = Clock { library: library()?, scratch: Scratch::new(Medium::Quick)? };
        clock.set(0)?;
        Ok(clock)
    }

    /// Sets it so many seconds before or after the right time, for all who go by it.
    pub fn set(&self, seconds: i64) -> Result<()> {
        let (file, fresh) = (self.file(), self.scratch.path().join("offset.new"));
        // By rename, as it is read at any moment.
        fs::write(&fresh, format!("{seconds:+}\n")).doing_at("write", &fresh)?;
        fs::rename(&fresh, &file).doing_at("rename", &fresh)
    }

    /// Returns the variables by which a process goes by it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        vec![
            ("LD_PRELOAD", text(&self.library)),
            ("FAKETIME_TIMESTAMP_FILE", text(&self.file())),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("FAKETIME_DISABLE_SHM", "1".to_owned()),
        ]
    }

    fn file(&self) -> PathBuf {
        self.scratch.path().join("offset")
    }
}

/// Debian keeps it below the folder of the machine's kind, others beside all libraries.
fn library() -> Result<PathBuf> {
    let below = |folder: &str| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let folders = below("/usr/lib").chain(["/usr/lib".into(), "/usr/lib64".into()]);
    folders.map(|folder| folder.join(LIBRARY)).find(|path| path.is_file()).ok_or_else(|| Error::Unsupported {
        what: "step a clock without libfaketime: make setup installs it".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::{Duration, SystemTime};

    use super::*;

    fn seconds_by(clock: &Clock) -> u64 {
        let output = Command::new("date").arg("+%s").envs(clock.environment()).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "the right time is what it is held against")]
    fn a_clock_is_stepped_for_those_who_go_by_it() {
        let clock = Clock::new().unwrap();
        for offset in [3_600, -3_600, 0i64] {
            clock.set(offset).unwrap();
            let right = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
            let off =
                Duration::from_secs(seconds_by(&clock)).as_secs_f64() - right.as_secs_f64() - offset as f64;
            assert!(off.abs() < 60.0, "off by {off} s");
        }
    }
}
