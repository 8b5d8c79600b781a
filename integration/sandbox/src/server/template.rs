//! Initialised data directories, kept between runs per version and initdb arguments: copying one takes a tenth
//! of the time that initdb takes. Several processes may make the same one at once; the first to finish wins.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::Command,
};

use super::{SUPERUSER, builder::password_argument, layout::Layout};
use crate::{Error, Result, account::Account, error::Doing, installation};

const ARGUMENTS: [&str; 6] =
    ["--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--no-sync", "--username", SUPERUSER];

/// Fills the layout's data directory with an initialised one.
pub(super) fn copy(layout: &Layout, templates: &Path, arguments: &[String]) -> Result<()> {
    let template = templates.join(name(&layout.programs, arguments)?);
    if !template.exists() {
        make(&layout.programs, templates, &template, arguments)?;
    }
    copy_directory(&template.join("."), &layout.data, layout.scratch.account())
}

/// Copies a directory, or its contents if the name ends in `/.`, as the servers' account.
pub(super) fn copy_directory(from: &Path, to: &Path, account: Account) -> Result<()> {
    let mut command = Command::new("cp");
    command.args(["-a", "--reflink=auto"]).arg(from).arg(to);
    run(command, account, Path::new("/"))
}

fn name(programs: &Path, arguments: &[String]) -> Result<String> {
    let version = installation::version(programs)?;
    let mut hasher = DefaultHasher::new();
    (&version, ARGUMENTS, arguments).hash(&mut hasher);
    let number = version.split_whitespace().nth(2).unwrap_or("unknown");
    Ok(format!("{number}-{:016x}", hasher.finish()))
}

fn make(programs: &Path, templates: &Path, template: &PathBuf, arguments: &[String]) -> Result<()> {
    let account = Account::for_servers();
    fs::create_dir_all(templates).doing_at("make directory", templates)?;
    let fresh = tempfile::Builder::new().prefix(".new-").tempdir_in(templates);
    let fresh = fresh.doing_at("make a directory in", templates)?;
    account.hand_over(fresh.path(), 0o700)?;
    let data = fresh.path().join("data");
    let mut command = Command::new(programs.join("initdb"));
    command.arg("-D").arg(&data).args(ARGUMENTS).args(arguments);
    command.arg(password_argument(account, &fresh.path().join("password"))?);
    run(command, account, fresh.path())?;
    match fs::rename(&data, template) {
        Err(_) if template.exists() => Ok(()),
        renamed => renamed.doing_at("rename to", template),
    }
}

fn run(mut command: Command, account: Account, directory: &Path) -> Result<()> {
    account.apply(&mut command);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .current_dir(directory);
    let what = format!("run {}", Path::new(command.get_program()).display());
    let output = command.output().doing(&what)?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Exited { what, log: String::from_utf8_lossy(&output.stderr).into_owned() })
}
