//! The only disk access of this module: small text files read whole, with a limit.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

/// A text file and what the file system says of it.
pub(super) struct TextFile {
    /// The contents.
    pub text: String,
    /// Its permissions at the time of reading.
    pub mode: u32,
}

/// Why a file was not read.
pub(super) enum FileFault {
    /// There is none.
    Missing,
    /// It is there, but cannot be used.
    Unusable(String),
}

/// Reads a text file of at most `max_bytes`.
pub(super) fn read(path: &Path, max_bytes: u64) -> Result<TextFile, FileFault> {
    // Looked at before it is opened: opening a pipe would wait for its other end.
    let metadata = fs::metadata(path).map_err(FileFault::from)?;
    if !metadata.is_file() {
        return Err(FileFault::Unusable("it is not a plain file".to_owned()));
    }
    let mut text = String::new();
    let file = File::open(path).map_err(FileFault::from)?;
    file.take(max_bytes + 1).read_to_string(&mut text).map_err(FileFault::from)?;
    if text.len() as u64 > max_bytes {
        return Err(FileFault::Unusable(format!("it is larger than {max_bytes} bytes")));
    }
    Ok(TextFile { text, mode: mode(&metadata) })
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o777
}

/// Systems without permission bits protect a home directory by other means.
#[cfg(not(unix))]
fn mode(_: &Metadata) -> u32 {
    0o600
}

impl From<io::Error> for FileFault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            _ => Self::Unusable(error.to_string()),
        }
    }
}
