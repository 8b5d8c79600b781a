//! Nothing in the checkout may depend on one machine: no path of its own, no host of a package registry or
//! of its mirror. Clients find their registries by their own settings.

use crate::checkout::{File, Violation};

/// The only source that a lock file may name: what every cargo calls it, wherever it really fetches from.
const CRATES_SOURCE: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

/// Beginnings of paths that only one machine has.
const MACHINE_PATHS: [&str; 2] = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// Beginnings of hosts from which packages come.
const REGISTRIES: [&str; 9] = [
    concat!("regis", "try.npm"),
    concat!("npm", "js."),
    concat!("index.crat", "es"),
    concat!("static.crat", "es"),
    concat!("py", "pi.org"),
    concat!("files.python", "hosted"),
    concat!("deb.deb", "ian"),
    concat!("proxy.go", "lang"),
    concat!("repo.mav", "en"),
];

/// Holds every file against the lists, and the lock files' sources against the one they may have.
pub fn violations(files: &[File]) -> Vec<Violation> {
    files.iter().flat_map(in_file).collect()
}

fn in_file(file: &File) -> Vec<Violation> {
    let is_lock = file.path.ends_with("Cargo.lock");
    let check = |(index, line): (usize, &str)| {
        let found = MACHINE_PATHS.iter().find(|path| stands_as_path(line, path));
        let found = found.or_else(|| REGISTRIES.iter().find(|host| line.contains(*host)));
        let other_source = is_lock && line.starts_with("source = ") && line != CRATES_SOURCE;
        let what = found.map(|found| format!("`{found}`: no machine's path, no registry's host"));
        let what =
            what.or_else(|| other_source.then(|| "a source other than the registry of crates".to_owned()))?;
        Some(Violation::at(&file.path, index + 1, &what))
    };
    file.text.lines().enumerate().filter_map(check).collect()
}

/// A path of ours may contain the same names further down, and so may a URL.
fn stands_as_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        !line[..at].ends_with(|before: char| before.is_alphanumeric() || "._-)}~$*".contains(before))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str) -> usize {
        violations(&[File { path: path.to_owned(), text: text.to_owned() }]).len()
    }

    #[test]
    fn machine_paths_and_hosts_are_found() {
        assert_eq!(check("a.md", concat!("see /ro", "ot/.cargo")), 1);
        assert_eq!(check("a.md", concat!("https://regis", "try.npm", "js.org")), 1);
        assert_eq!(check("a.md", concat!("core/wo", "rk/a and $HOME/.cache")), 0);
    }

    #[test]
    fn a_lock_file_has_one_source() {
        assert_eq!(check("Cargo.lock", CRATES_SOURCE), 0);
        assert_eq!(check("Cargo.lock", "source = \"registry+https://mirror.example/index\""), 1);
    }
}
