//! Where the parts of one server lie: programs, data, socket and log, all but the programs in one throw-away directory.

use std::path::{Path, PathBuf};

use crate::{
    Error, Result,
    scratch::{Medium, Scratch},
};

/// What `sun_path` holds besides its terminating zero.
const SOCKET_PATH_BYTES_MAX: usize = 107;
const LONGEST_SOCKET_NAME: &str = ".s.PGSQL.65535.lock";

/// The places of one server.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) major: u32,
    pub(crate) programs: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) socket: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) scratch: Scratch,
}

impl Layout {
    /// Makes the directories; the one for data is empty.
    pub(crate) fn new(major: u32, programs: &Path, medium: Medium) -> Result<Self> {
        let scratch = Scratch::new(medium)?;
        let socket = scratch.path().join("socket");
        if socket.join(LONGEST_SOCKET_NAME).as_os_str().len() > SOCKET_PATH_BYTES_MAX {
            return Err(Error::Unsupported { what: format!("make a socket in {}", socket.display()) });
        }
        scratch.account().make_directory(&socket)?;
        let data = scratch.private_directory("data")?;
        let log = scratch.path().join("log");
        Ok(Self { major, programs: programs.to_owned(), data, socket, log, scratch })
    }
}
