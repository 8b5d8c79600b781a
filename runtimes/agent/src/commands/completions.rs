//! `completions`: what a shell needs to complete our subcommands, options and their words.

use std::io;

use clap_complete::{Shell, generate};
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use pgquerylens_setup::options::Given;

use crate::options;
use crate::output;

/// Runs the subcommand.
pub(super) fn run(mut given: Given<'_>) -> Result<Exit, Failure> {
    let shell = given.choice("shell").unwrap_or_default();
    given.finish()?;
    output::write(&completions(shell))?;
    Ok(Exit::Done)
}

fn completions(shell: &str) -> String {
    let mut script = Vec::new();
    let shell = match shell {
        "elvish" => Shell::Elvish,
        "fish" => Shell::Fish,
        "powershell" => Shell::PowerShell,
        "zsh" => Shell::Zsh,
        _ => Shell::Bash,
    };
    generate(shell, &mut options::command(), "pgquerylens", &mut script as &mut dyn io::Write);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_knows_options_and_words() {
        for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
            let script = completions(shell);
            for known in ["poll", "all-databases", "statement-timeout"] {
                assert!(script.contains(known), "{shell} lacks {known}");
            }
            // clap_complete has no words for values in these two.
            let has_words = !matches!(shell, "elvish" | "powershell");
            assert_eq!(script.contains("alloydb"), has_words, "{shell}");
        }
    }
}
