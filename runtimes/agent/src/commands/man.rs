//! `man`: the man pages, one for the command and one per subcommand.

use std::fs;
use std::path::Path;

use clap_mangen::Man;
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::options::Given;

use crate::options;
use crate::output;

/// Runs the subcommand.
pub(super) fn run(mut given: Given<'_>) -> Result<Exit, Failure> {
    let folder = given.text("man-directory");
    given.finish()?;
    match folder {
        Some(folder) => write_into(Path::new(&folder))?,
        None => output::write(&pages().into_iter().map(|(_, text)| text).collect::<String>())?,
    }
    Ok(Exit::Done)
}

fn write_into(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::of_file("create the folder", folder, &error))?;
    for (name, text) in pages() {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| Failure::of_file("write", &path, &error))?;
    }
    Ok(())
}

/// Returns file names and contents.
fn pages() -> Vec<(String, String)> {
    let mut command = options::command();
    command.build();
    let subcommands = command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()).cloned();
    [command.clone()].into_iter().chain(subcommands).map(page).collect()
}

fn page(command: clap::Command) -> (String, String) {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let mut text = Vec::new();
    // Writing to memory cannot fail.
    let _written = Man::new(command).render(&mut text);
    (format!("{name}.1"), String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subcommand_has_a_page_with_its_options() {
        let pages = pages();
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.contains(&"pgquerylens.1") && names.contains(&"pgquerylens-poll.1"), "{names:?}");
        assert!(!names.contains(&"pgquerylens-reference.1"));
        let poll = &pages.iter().find(|(name, _)| name == "pgquerylens-poll.1").unwrap().1;
        assert!(poll.contains("lock\\-timeout") && poll.contains("PGQUERYLENS_LOCK_TIMEOUT"), "{poll}");
    }
}
