//! The shape of source files: each says at its top what it is for, none grows beyond what a reader can hold, and a
//! function fits on a screen, tests and their tables of cases aside. What is longer today is on a list that can only become shorter.

use crate::checkout::{File, Violation};
use crate::rust_text::{code_of, without_tests};
use crate::sources::files_for_tests;

/// Lines of a file.
const MAX_FILE_LINES: usize = 600;
/// Lines of a function, its braces included.
const MAX_FUNCTION_LINES: usize = 70;

/// Files that are longer, with what they may have at most. Nothing is added here; what shrank leaves.
pub const LONG_FILES: [(&str, usize); 0] = [];

/// Functions that are longer, as file, name and lines, by the same terms.
pub const LONG_FUNCTIONS: [(&str, &str, usize); 0] = [];

/// Holds the Rust files against the rules.
pub fn violations(files: &[File]) -> Vec<Violation> {
    let rust = || files.iter().filter(|file| file.path.ends_with(".rs"));
    let heads = rust().filter(|file| !file.text.starts_with("//!"));
    let heads = heads.map(|file| Violation::at(&file.path, 1, "no `//!` that says what the file is for"));
    let lengths = rust().filter_map(|file| over_file_limit(file, &LONG_FILES));
    let for_tests = files_for_tests(files);
    let is_test = |file: &File| file.path.contains("/tests/") || for_tests.contains(&file.path);
    let functions =
        rust().filter(|file| !is_test(file)).flat_map(|file| over_function_limit(file, &LONG_FUNCTIONS));
    heads.chain(lengths).chain(functions).collect()
}

fn over_file_limit(file: &File, listed: &[(&str, usize)]) -> Option<Violation> {
    let lines = file.text.lines().count();
    let listed = listed.iter().find(|(path, _)| *path == file.path).map(|(_, limit)| *limit);
    ratchet(lines, MAX_FILE_LINES, listed).map(|what| Violation::of(&file.path, &what))
}

fn over_function_limit(file: &File, listed: &[(&str, &str, usize)]) -> Vec<Violation> {
    let check = |(name, line, lines): (String, usize, usize)| {
        let listed = listed.iter().find(|(path, listed, _)| *path == file.path && *listed == name);
        let what = ratchet(lines, MAX_FUNCTION_LINES, listed.map(|(.., limit)| *limit))?;
        Some(Violation::at(&file.path, line, &format!("fn {name}: {what}")))
    };
    functions(&without_tests(&code_of(&file.text))).into_iter().filter_map(check).collect()
}

/// Tells what is wrong with a length, if anything is.
fn ratchet(lines: usize, limit: usize, listed: Option<usize>) -> Option<String> {
    match listed {
        Some(_) if lines <= limit => Some(format!("{lines} lines: no longer too long, take it off the list")),
        Some(listed) if lines > listed => {
            Some(format!("{lines} lines, and on the list with {listed}: split it along a noun"))
        }
        None if lines > limit => Some(format!("{lines} lines, the limit is {limit}: split it along a noun")),
        _ => None,
    }
}

/// Returns name, line and number of lines of each function with a body, as rustfmt lays them out.
fn functions(code: &str) -> Vec<(String, usize, usize)> {
    let lines: Vec<&str> = code.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let Some(name) = function_name(line) else { continue };
        let closing = format!("{}}}", " ".repeat(indent));
        let ends =
            |line: &&str| line.trim_end() == closing || (line.ends_with(';') && indent_of(line) == indent);
        let length = lines[index..].iter().position(ends).unwrap_or(0) + 1;
        let is_one_line = line.trim_end().ends_with(['}', ';']);
        found.push((name, index + 1, if is_one_line { 1 } else { length }));
    }
    found
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn function_name(line: &str) -> Option<String> {
    let line = line.trim_start();
    let starts = ["fn ", "pub", "async ", "const fn ", "extern "].iter().any(|start| line.starts_with(start));
    let after = line
        .split_once("fn ")
        .filter(|(before, _)| !before.contains(['=', '(']) || before.starts_with("pub("))?
        .1;
    let name: String = after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (starts && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: String) -> File {
        File { path: "a.rs".to_owned(), text }
    }

    #[test]
    fn a_file_says_what_it_is_for() {
        assert_eq!(violations(&[file("use a;\n".to_owned())]).len(), 1);
        assert_eq!(violations(&[file("//! Reads.\nuse a;\n".to_owned())]), []);
    }

    #[test]
    fn a_long_file_is_found() {
        let long = file("//! Reads.\n".repeat(MAX_FILE_LINES + 1));
        assert!(over_file_limit(&long, &[]).is_some());
        assert!(over_file_limit(&long, &[("a.rs", MAX_FILE_LINES + 1)]).is_none());
        assert!(over_file_limit(&long, &[("a.rs", MAX_FILE_LINES)]).is_some());
        assert!(over_file_limit(&file(String::new()), &[("a.rs", 700)]).is_some());
    }

    #[test]
    fn a_long_function_is_found() {
        let body = "        f();\n".repeat(MAX_FUNCTION_LINES - 1);
        let long = file(format!(
            "impl A {{\n    pub(crate) async fn b(x: u8) {{\n{body}    }}\n    fn c() {{}}\n}}\n"
        ));
        let found = over_function_limit(&long, &[]);
        assert_eq!(
            found,
            [Violation::at("a.rs", 2, "fn b: 71 lines, the limit is 70: split it along a noun")]
        );
        assert!(over_function_limit(&long, &[("a.rs", "b", 71)]).is_empty());
    }
}
