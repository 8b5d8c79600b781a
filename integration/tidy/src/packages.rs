//! The packages that the workspace is made of, as cargo itself sees them on this platform.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::checkout;

/// Every package that is linked into, or helps to build or test, something of ours.
#[derive(Debug, Default)]
pub struct Packages {
    by_id: BTreeMap<String, Package>,
}

/// One package.
#[derive(Clone, Debug, Default)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What its manifest says of its licence.
    pub license: Option<String>,
    /// Its folder below the checkout's root, if it is one of ours.
    pub folder: Option<String>,
    /// Ids of what it links.
    normal: Vec<String>,
    /// Ids of what its build scripts and tests need besides.
    other: Vec<String>,
}

impl Packages {
    /// Asks cargo, without the network.
    pub fn read() -> Result<Packages, String> {
        let cargo = option_env!("CARGO").unwrap_or("cargo");
        let platform = host_platform(cargo)?;
        let arguments = ["metadata", "--format-version=1", "--offline", "--filter-platform", &platform];
        let text = output(Command::new(cargo).args(arguments).current_dir(checkout::root()))?;
        let metadata = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        Ok(Packages::of(&metadata))
    }

    /// Reads the answer of `cargo metadata`.
    pub fn of(metadata: &Value) -> Packages {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let root = text(&metadata["workspace_root"]) + "/";
        let mut by_id = BTreeMap::new();
        for package in list(&metadata["packages"]) {
            let manifest = text(&package["manifest_path"]);
            let folder = package["source"]
                .is_null()
                .then(|| manifest.trim_start_matches(&root).trim_end_matches("/Cargo.toml").to_owned());
            let license = package["license"].as_str().map(str::to_owned);
            let (name, version) = (text(&package["name"]), text(&package["version"]));
            by_id.insert(
                text(&package["id"]),
                Package { name, version, license, folder, ..Package::default() },
            );
        }
        for node in list(&metadata["resolve"]["nodes"]) {
            let Some(package) = by_id.get_mut(&text(&node["id"])) else { continue };
            for dependency in list(&node["deps"]) {
                let is_normal = list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
                let kind = if is_normal { &mut package.normal } else { &mut package.other };
                kind.push(text(&dependency["pkg"]));
            }
        }
        let mut packages = Packages { by_id };
        let needed = packages.reached_from_ours();
        packages.by_id.retain(|id, _| needed.contains(id));
        packages
    }

    fn reached_from_ours(&self) -> BTreeSet<String> {
        let ours = self.by_id.iter().filter(|(_, package)| package.folder.is_some());
        let mut pending: Vec<String> = ours.map(|(id, _)| id.clone()).collect();
        let mut reached = BTreeSet::new();
        while let Some(id) = pending.pop() {
            let Some(package) = self.by_id.get(&id) else { continue };
            pending.extend(
                package.normal.iter().chain(&package.other).filter(|id| !reached.contains(*id)).cloned(),
            );
            reached.insert(id);
        }
        reached
    }

    /// Returns all packages, without those that the lock file has for features that nobody asked for.
    pub fn all(&self) -> impl Iterator<Item = &Package> {
        self.by_id.values()
    }

    /// Returns the workspace's own packages.
    pub fn ours(&self) -> impl Iterator<Item = &Package> {
        self.all().filter(|package| package.folder.is_some())
    }

    /// Returns the names of everything that a package links, itself left out.
    pub fn linked_by(&self, package: &Package) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        let mut pending: Vec<&String> = package.normal.iter().collect();
        while let Some(dependency) = pending.pop().and_then(|id| self.by_id.get(id)) {
            if names.insert(dependency.name.as_str()) {
                pending.extend(&dependency.normal);
            }
        }
        names
    }

    /// Returns the packages that a package names itself, for whatever purpose.
    pub fn named_by(&self, package: &Package) -> impl Iterator<Item = &Package> {
        package.normal.iter().chain(&package.other).filter_map(|id| self.by_id.get(id))
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn host_platform(cargo: &str) -> Result<String, String> {
    let version = output(Command::new(cargo).arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "cargo -vV names no host".to_owned())
}

fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("run cargo: {error}"))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}
