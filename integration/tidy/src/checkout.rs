//! The files of the checkout, read once, without what was built or installed into it.

use std::fs;
use std::path::{Path, PathBuf};

/// Names under which nothing of ours lies; in a worktree `.git` is a file.
const SKIPPED: [&str; 6] = [".git", "target", "node_modules", "artifacts", "corpus", "coverage"];

/// A text file of the checkout.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path below the checkout's root, with slashes.
    pub path: String,
    /// Its text; bytes that are no UTF-8 are replaced.
    pub text: String,
}

/// A place where a rule does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(pub String);

impl Violation {
    /// Names the file and the line, counted from 1.
    pub fn at(path: &str, line: usize, what: &str) -> Violation {
        Violation(format!("{path}:{line}: {what}"))
    }

    /// Names the file or the package alone.
    pub fn of(name: &str, what: &str) -> Violation {
        Violation(format!("{name}: {what}"))
    }
}

/// Returns the checkout's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns all files below the root, ordered by path.
pub fn files() -> Vec<File> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            if SKIPPED.contains(&name.to_string_lossy().as_ref()) {
                continue;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if let Ok(bytes) = fs::read(&path) {
                let path = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                found.push(File { path, text: String::from_utf8_lossy(&bytes).into_owned() });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Returns one file by its path.
pub fn file<'f>(files: &'f [File], path: &str) -> Option<&'f File> {
    files.iter().find(|file| file.path == path)
}

/// Returns the files whose name ends so.
pub fn with_ending<'f>(files: &'f [File], ending: &'f str) -> impl Iterator<Item = &'f File> {
    files.iter().filter(move |file| file.path.ends_with(ending))
}
