//! The documents say what is so: the map names every crate and nothing else, links lead somewhere, commands exist,
//! and the supported majors are the same everywhere.

use std::path::Path;

use crate::checkout::{File, Violation};

/// Holds the map against the members' folders, and its code spans against the tree.
pub fn map(map: &File, folders: &[&str], root: &Path) -> Vec<Violation> {
    let missing = folders.iter().filter(|folder| !spans(&map.text).any(|(_, span)| span == **folder));
    let missing =
        missing.map(|folder| Violation::of(&map.path, &format!("does not name the crate in `{folder}`")));
    let gone =
        spans(&map.text).filter(|(_, span)| is_path(span) && !root.join(span.trim_end_matches('/')).exists());
    let gone = gone.map(|(line, span)| Violation::at(&map.path, line, &format!("`{span}` does not exist")));
    missing.chain(gone).collect()
}

/// Returns the code spans outside of fences, with their lines.
fn spans(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let outside = lines(text).filter(|(_, _, is_fenced)| !is_fenced);
    outside.flat_map(|(number, line, _)| line.split('`').skip(1).step_by(2).map(move |span| (number, span)))
}

/// Returns the lines inside of fences.
fn fenced(text: &str) -> impl Iterator<Item = (usize, &str)> {
    lines(text).filter(|(.., is_fenced)| *is_fenced).map(|(number, line, _)| (number, line))
}

/// Returns the lines, counted from 1, and whether each is in a fence; the fences themselves are left out.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str, bool)> {
    let mut in_fence = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let is_fence = line.trim_start().starts_with("```");
        in_fence ^= is_fence;
        (!is_fence).then_some((index + 1, line, in_fence))
    })
}

/// A span with a slash, or the name of a file at the root, names something in the tree; one with a space, a brace or
/// a scheme does not.
fn is_path(span: &str) -> bool {
    let is_other = span.contains([' ', '{', '}', '<', '*', '$', '(', '=', ':', '"'])
        || span.starts_with(['/', '~', '-', '@']);
    let is_file = ["Makefile", "Cargo.toml", "Cargo.lock"].contains(&span)
        || span.ends_with(".md") && !span.contains('/');
    !is_other && (span.contains('/') || is_file)
}

/// Finds Markdown links to files that are not there.
pub fn links(file: &File, root: &Path) -> Vec<Violation> {
    let folder = root.join(&file.path).parent().map(Path::to_path_buf).unwrap_or_default();
    let lines = file.text.lines().enumerate();
    lines
        .flat_map(|(index, line)| line.split("](").skip(1).map(move |rest| (index, rest)))
        .filter_map(|(index, rest)| {
            let target = rest.split_once(')')?.0.split('#').next()?;
            let is_elsewhere = target.is_empty() || target.contains(':');
            let dangles = !is_elsewhere && !folder.join(target).exists();
            dangles
                .then(|| Violation::at(&file.path, index + 1, &format!("the link to {target} leads nowhere")))
        })
        .collect()
}

/// Finds `make TARGET` in a document, as a code span or in a fence, where the Makefile has no such target.
pub fn commands(file: &File, makefile: &str) -> Vec<Violation> {
    let fenced = fenced(&file.text).filter_map(|(line, text)| {
        let command = text.trim_start().trim_start_matches("$ ");
        command.starts_with("make ").then_some((line, command))
    });
    let named = spans(&file.text).chain(fenced).filter_map(|(line, command)| {
        let target = command.strip_prefix("make ")?;
        Some((line, target.split(|c: char| !c.is_ascii_lowercase() && c != '-').next().unwrap_or_default()))
    });
    let exists = |target: &str| makefile.lines().any(|rule| rule.starts_with(&format!("{target}:")));
    let gone = named.filter(|(_, target)| !target.is_empty() && !exists(target));
    gone.map(|(line, target)| {
        Violation::at(&file.path, line, &format!("the Makefile has no target {target}"))
    })
    .collect()
}

/// Compares the majors of the servers that are installed with those that the model reads and the README promises.
pub fn majors(installed: &str, oldest: u16, newest: u16, readme: &File) -> Vec<Violation> {
    let expected: Vec<String> = (oldest..=newest).map(|major| major.to_string()).collect();
    let installed: Vec<&str> = installed.split_whitespace().collect();
    let mut found = Vec::new();
    if installed != expected {
        found.push(Violation::of("integration/servers/majors", "differs from the model's SUPPORTED_MAJORS"));
    }
    let promise = format!("PostgreSQL {oldest} to {newest}");
    if !readme.text.contains(&promise) {
        found.push(Violation::of(&readme.path, &format!("does not say `{promise}`")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File { path: "A.md".to_owned(), text: text.to_owned() }
    }

    fn root() -> std::path::PathBuf {
        crate::checkout::root()
    }

    #[test]
    fn a_crate_that_the_map_forgot_is_found() {
        assert_eq!(map(&file("| `core/model` |"), &["core/model"], &root()), []);
        assert_eq!(map(&file("| core/model |"), &["core/model"], &root()).len(), 1);
    }

    #[test]
    fn a_name_on_the_map_that_is_gone_is_found() {
        assert_eq!(map(&file("x\n`core/gone/` and `poll --every`, `rows/s` not"), &[], &root()).len(), 2);
        assert_eq!(map(&file("```\n`core/gone/`\n```\n`core/model/src`"), &[], &root()), []);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        assert_eq!(
            links(&file("[a](gone.md) [b](Cargo.toml#x) [c](https://example.org/)"), &root()).len(),
            1
        );
    }

    #[test]
    fn a_command_that_is_gone_is_found() {
        assert_eq!(commands(&file("run `make gone` or `make test`,\nmake sure"), "test: setup\n").len(), 1);
        assert_eq!(commands(&file("```sh\n$ make gone\nmake gone X=1\n```"), "").len(), 2);
    }

    #[test]
    fn majors_that_differ_are_found() {
        assert_eq!(majors("12 13\n", 12, 13, &file("PostgreSQL 12 to 13")), []);
        assert_eq!(majors("12\n", 12, 13, &file("PostgreSQL 12 and up")).len(), 2);
    }
}
