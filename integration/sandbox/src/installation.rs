//! Which PostgreSQL majors are on this machine and where their programs lie.
//! The majors we support stand in `integration/servers/majors`; the script beside it installs them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Error, Result, environment, error::Doing};

const MAJORS: &str = include_str!("../../servers/majors");
/// Where Debian and its kin keep one directory per major.
const DISTRIBUTION: &str = "/usr/lib/postgresql";

/// Returns the PostgreSQL majors we support, oldest first.
pub fn majors() -> Vec<u32> {
    MAJORS.split_whitespace().map(|major| major.parse().expect("the list holds numbers alone")).collect()
}

/// Returns the newest PostgreSQL major we support.
pub fn newest() -> u32 {
    majors().last().copied().expect("the list is not empty")
}

/// The PostgreSQL programs found on this machine.
#[derive(Debug, Clone)]
pub struct Installation {
    /// Major and directory of programs, oldest first.
    programs: Vec<(u32, PathBuf)>,
    /// Where initialised data directories are kept between runs.
    pub(crate) templates: PathBuf,
}

impl Installation {
    /// Looks in `PGQUERYLENS_POSTGRES`, else in the default cache directory, else for a PostgreSQL of the
    /// operating system (`PATH`, `/usr/lib/postgresql`).
    pub fn find() -> Result<Self> {
        let environment = environment::read();
        let cache = environment.postgres.clone().unwrap_or_else(|| environment.cache.join("postgres"));
        let mut programs = by_major(&cache);
        if programs.is_empty() {
            programs = of_the_system(&environment.path);
        }
        if programs.is_empty() {
            return Err(Error::NotInstalled { what: format!("PostgreSQL in {}", cache.display()) });
        }
        Ok(Self { programs, templates: environment.cache.join("templates") })
    }

    /// Returns the majors found, oldest first.
    pub fn majors(&self) -> Vec<u32> {
        self.programs.iter().map(|(major, _)| *major).collect()
    }

    /// Returns the newest major found.
    pub fn newest(&self) -> Option<u32> {
        self.majors().last().copied()
    }

    /// Returns a major's directory of programs.
    pub fn programs(&self, major: u32) -> Result<&Path> {
        let found = self.programs.iter().find(|(have, _)| *have == major);
        found
            .map(|(_, directory)| directory.as_path())
            .ok_or_else(|| Error::NotInstalled { what: format!("PostgreSQL {major}") })
    }
}

/// Returns what `postgres -V` says, such as `postgres (PostgreSQL) 18.4`.
pub(crate) fn version(programs: &Path) -> Result<String> {
    let program = programs.join("postgres");
    let output = Command::new(&program).arg("-V").output().doing_at("ask the version of", &program)?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn by_major(directory: &Path) -> Vec<(u32, PathBuf)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut programs: Vec<_> = entries
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, programs)| is_complete(programs))
        .collect();
    programs.sort();
    programs
}

fn of_the_system(path: &[PathBuf]) -> Vec<(u32, PathBuf)> {
    let distribution = by_major(Path::new(DISTRIBUTION));
    if !distribution.is_empty() {
        return distribution;
    }
    let on_path = path.iter().filter(|directory| is_complete(directory));
    on_path
        .filter_map(|directory| Some((major_of(&version(directory).ok()?)?, directory.clone())))
        .take(1)
        .collect()
}

fn is_complete(programs: &Path) -> bool {
    programs.join("postgres").exists() && programs.join("initdb").exists()
}

fn major_of(version: &str) -> Option<u32> {
    let number =
        version.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{MAJORS, major_of, majors};

    #[test]
    fn majors_are_on_one_line_and_ascend() {
        assert_eq!(MAJORS.lines().count(), 1);
        assert!(majors().is_sorted() && majors().len() >= 7);
    }

    #[test]
    fn major_is_read_from_every_vendors_wording() {
        assert_eq!(major_of("postgres (PostgreSQL) 18.4"), Some(18));
        assert_eq!(major_of("postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(major_of("nothing"), None);
    }

    /// Every supported major is pinned once for each architecture that has a package for it, and nothing else is.
    #[test]
    fn pinned_packages_agree_with_the_majors() {
        let manifest: serde_json::Value =
            serde_json::from_str(include_str!("../../servers/package.json")).unwrap();
        let pins = manifest["optionalDependencies"].as_object().unwrap();
        let mut pinned: Vec<u32> = Vec::new();
        for (alias, pin) in pins {
            let major = alias.trim_start_matches("pg").trim_end_matches("-arm64");
            let architecture = if alias.ends_with("-arm64") { "arm64" } else { "x64" };
            let prefix = format!("npm:@embedded-postgres/linux-{architecture}@{major}.");
            assert!(pin.as_str().unwrap().starts_with(&prefix), "{alias} is {pin}");
            pinned.extend((architecture == "x64").then(|| major.parse::<u32>().unwrap()));
        }
        pinned.sort_unstable();
        assert_eq!(pinned, majors());
    }

    #[test]
    fn lock_file_has_a_hash_for_every_pin_and_names_no_host() {
        let text = include_str!("../../servers/package-lock.json");
        assert!(!text.contains("://"));
        let lock: serde_json::Value = serde_json::from_str(text).unwrap();
        for (alias, pin) in lock["packages"][""]["optionalDependencies"].as_object().unwrap() {
            let entry = &lock["packages"][format!("node_modules/{alias}")];
            assert!(entry["integrity"].as_str().unwrap().starts_with("sha512-"), "{alias}");
            assert!(pin.as_str().unwrap().ends_with(entry["version"].as_str().unwrap()), "{alias}");
        }
    }
}
