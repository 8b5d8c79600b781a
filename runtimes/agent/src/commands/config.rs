//! `config`: shows what the agent would run by, checks its files, writes one to begin with, prints their schema.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use pgquerylens_setup::config::{Source, sample, schema};
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::options::Given;

use crate::output;
use crate::process::Process;

/// Runs the subcommand.
pub(super) fn run(mut given: Given<'_>, process: &Process) -> Result<Exit, Failure> {
    let action = given.choice("action").unwrap_or("show");
    let named = given.text("file").map(PathBuf::from);
    let file = match given.either("file", "config") {
        Some("config") => given.text("config").map(PathBuf::from),
        _ => named.clone(),
    };
    if action == "check" && file.is_none() {
        given.mistake("the file is missing", "write pgquerylens config check FILE");
    }
    let source = Source::new(file, &given, &process.environment);
    given.finish()?;
    match action {
        "show" => output::write(&source.show()?)?,
        "check" => output::write(&checked(&source)?)?,
        "init" => begin(named.as_deref())?,
        _ => output::write(&schema())?,
    }
    Ok(Exit::Done)
}

fn checked(source: &Source) -> Result<String, Failure> {
    let configuration = source.load()?;
    let file = source.file().unwrap_or(Path::new("")).display();
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let servers = counted(configuration.servers.len(), "server");
    let exporters = counted(configuration.exporters.len(), "exporter");
    Ok(format!("{file}: no mistake in {servers} and {exporters}\n"))
}

/// Writes a file to begin with. One that is there stays as it is.
fn begin(file: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = file else { return output::write(&sample()) };
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    let written = opened.and_then(|mut file| file.write_all(sample().as_bytes()));
    written.map_err(|error| Failure::of_file("write", path, &error))?;
    output::say(&format!("wrote {}", path.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_is_there_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.yaml");
        begin(Some(&path)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), sample());
        fs::write(&path, "mine").unwrap();
        assert_eq!(begin(Some(&path)).unwrap_err().exit, Exit::CannotCreate);
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }
}
