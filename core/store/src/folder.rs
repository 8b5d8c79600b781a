//! What lies in a folder of states, for whoever looks at it or mends it. Reading and writing states is the engine's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pgquerylens_engine::state::StoreError;
use tokio::task::spawn_blocking;

use crate::inventory::{Listed, MAX_LISTED};
use crate::url::joined;

/// How deep batches lie: server, `outbox`, exporter, number.
const MAX_DEPTH: usize = 4;

/// Returns all files below a folder; nothing where there is none.
pub(crate) async fn list(folder: &Path) -> Result<Vec<Listed>, StoreError> {
    let folder = folder.to_owned();
    aside(folder.clone(), move || {
        let mut listed = Vec::new();
        walk(&folder, "", MAX_DEPTH, &mut listed)?;
        listed.sort();
        Ok(listed)
    })
    .await
}

/// Removes files by their names below a folder, and folders that are empty then.
pub(crate) async fn remove_all(folder: &Path, names: &[String]) -> Result<(), StoreError> {
    let (folder, names) = (folder.to_owned(), names.to_vec());
    aside(folder.clone(), move || names.iter().try_for_each(|name| remove(&folder, name))).await
}

async fn aside<T: Send + 'static>(
    folder: PathBuf,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let lost = |error| Err(trouble("work on", &folder, io::Error::other(error)));
    spawn_blocking(work).await.unwrap_or_else(lost)
}

fn walk(folder: &Path, name: &str, depth: usize, listed: &mut Vec<Listed>) -> Result<(), StoreError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(trouble("list", folder, error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| trouble("list", folder, error))?;
        let Some(name) = entry.file_name().to_str().map(|entry| joined(name, entry)) else { continue };
        match entry.metadata() {
            Ok(of) if of.is_dir() && depth > 1 => walk(&entry.path(), &name, depth - 1, listed)?,
            Ok(of) if of.is_file() && listed.len() < MAX_LISTED => {
                listed.push(Listed { name, bytes: of.len() });
            }
            // What went away while it was looked at is not there.
            _ => {}
        }
    }
    Ok(())
}

fn remove(folder: &Path, name: &str) -> Result<(), StoreError> {
    let path = folder.join(name);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(trouble("remove", &path, error)),
        _ => {
            let emptied = path.ancestors().skip(1).take_while(|parent| *parent != folder);
            // A folder that is not empty stays.
            let _last = emptied.map(fs::remove_dir).find(Result::is_err);
            Ok(())
        }
    }
}

fn trouble(action: &'static str, path: &Path, source: io::Error) -> StoreError {
    StoreError::Io { action, path: path.to_owned(), source }
}
