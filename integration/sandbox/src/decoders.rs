//! Programs of others that read what we send, or sign as we have to: Python's, with the packages that
//! `integration/decoders` pins.

use std::path::{Path, PathBuf};

use crate::{Error, Result, environment};

/// Returns the Python that has them.
pub fn python() -> Result<PathBuf> {
    let environment = environment::read();
    let folder = environment.python.unwrap_or_else(|| environment.cache.join("python"));
    let program = folder.join("bin/python");
    let missing = || Error::NotInstalled { what: format!("Python's decoders in {}", folder.display()) };
    program.exists().then_some(program.clone()).ok_or_else(missing)
}

/// Returns the script of this name.
pub fn script(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../decoders")).join(name)
}
