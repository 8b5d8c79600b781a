//! The one place that reads the environment: where servers are installed and where directories may be made.
//! What is made of the answers is decided elsewhere.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::account::Account;

/// A file system in memory, where copying and removing a thousand files takes a tenth of a second; on disk it can
/// take one, because ext4 is slow to give out inodes while many were freed in the last minutes.
const MEMORY: &str = "/dev/shm";
/// Memory that must be free for a server to go there.
const MEMORY_FREE_BYTES_MIN: u64 = 2 << 30;
/// Where throw-away directories go when the preferred place is too deep or out of the server's reach.
const PLAIN_TEMPORARY: &str = "/tmp";
/// The longest temporary directory that leaves room for a socket's name below it (`sun_path` holds 107 bytes).
const TEMPORARY_PATH_BYTES_MAX: usize = 60;

/// What the environment says.
pub(crate) struct Environment {
    /// `PGQUERYLENS_POSTGRES`: a directory with `MAJOR/bin` below it.
    pub(crate) postgres: Option<PathBuf>,
    /// `PYTHON_DIR`: a Python environment with the pinned packages.
    pub(crate) python: Option<PathBuf>,
    /// `EMULATORS_DIR`: where emulators of others are installed.
    pub(crate) emulators: Option<PathBuf>,
    /// Directories of `PATH`.
    pub(crate) path: Vec<PathBuf>,
    /// Where downloads and templates are kept between runs.
    pub(crate) cache: PathBuf,
    /// Where throw-away directories are made.
    pub(crate) temporary: PathBuf,
    /// Where those of servers are made by default: in memory if it is roomy and `TMPDIR` says nothing else.
    pub(crate) quick: PathBuf,
}

/// Reads the environment.
#[allow(
    clippy::disallowed_methods,
    reason = "tests and the demo have no other way to be told where servers lie"
)]
pub(crate) fn read() -> Environment {
    let value = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let home = value("HOME").map_or_else(|| PathBuf::from("/nonexistent"), PathBuf::from);
    let temporary = usable_temporary(std::env::temp_dir());
    let root_cache = PathBuf::from("/var/cache/pgquerylens");
    Environment {
        postgres: value("PGQUERYLENS_POSTGRES").map(PathBuf::from),
        python: value("PYTHON_DIR").map(PathBuf::from),
        emulators: value("EMULATORS_DIR").map(PathBuf::from),
        path: value("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default(),
        cache: if Account::we_are_root() { root_cache } else { home.join(".cache/pgquerylens") },
        quick: if value("TMPDIR").is_none() && memory_is_roomy() { MEMORY.into() } else { temporary.clone() },
        temporary,
    }
}

/// Returns by how much the tests of sizes exceed their usual ones: `PGQUERYLENS_TEST_SCALE`, 1 without it.
#[allow(clippy::disallowed_methods, reason = "a test has no main that could hand it in")]
pub fn scale() -> u32 {
    std::env::var("PGQUERYLENS_TEST_SCALE").ok().and_then(|value| value.parse().ok()).unwrap_or(1)
}

fn usable_temporary(preferred: PathBuf) -> PathBuf {
    let short = preferred.as_os_str().len() <= TEMPORARY_PATH_BYTES_MAX;
    let reachable = !Account::we_are_root() || preferred.ancestors().all(anyone_may_enter);
    let chosen = if short && reachable { preferred } else { PathBuf::from(PLAIN_TEMPORARY) };
    // A process's working directory is reported without symlinks, and we compare with it.
    fs::canonicalize(&chosen).unwrap_or(chosen)
}

fn anyone_may_enter(directory: &Path) -> bool {
    fs::metadata(directory).is_ok_and(|metadata| metadata.mode() & 0o001 != 0)
}

fn memory_is_roomy() -> bool {
    let open = fs::metadata(MEMORY).is_ok_and(|metadata| metadata.mode() & 0o007 == 0o007);
    let free = rustix::fs::statvfs(MEMORY).map_or(0, |answer| answer.f_bavail * answer.f_frsize);
    open && free >= MEMORY_FREE_BYTES_MIN
}
