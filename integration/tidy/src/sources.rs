//! What must not stand in a source file, wherever the compiler and clippy would let it pass.

use std::collections::BTreeSet;

use crate::checkout::{File, Violation};
use crate::rust_text::{code_of, lines_with, test_modules, without_tests};

/// Words that no source file may have, in tests neither.
const NOWHERE: [(&str, &str); 6] = [
    ("unsafe", "there is no unsafe code"),
    ("todo!", "what is not done is left out"),
    ("unimplemented!", "what is not done is left out"),
    ("dbg!", "a report or a test says it better"),
    ("#[ignore]", "if behaviour is wrong today, assert the wrong thing and say so"),
    ("#[ignore =", "if behaviour is wrong today, assert the wrong thing and say so"),
];

/// Words that the sources of `core/` may have in tests alone: time and settings are handed in.
const NOT_IN_CORE: [(&str, &str); 6] = [
    ("SystemTime::now", "core reads no wall clock"),
    ("Utc::now", "core reads no wall clock"),
    ("chrono", "core reads no wall clock"),
    ("std::env", "core reads no environment"),
    ("env::var", "core reads no environment"),
    ("println!", "core prints nothing, it returns"),
];

/// Rooms without a name of their own: a helper without a home is a concept without a name.
const NAMELESS: [&str; 6] = ["utils", "util", "helpers", "helper", "common", "misc"];

/// Holds the Rust files against the rules.
pub fn violations(files: &[File]) -> Vec<Violation> {
    let for_tests = files_for_tests(files);
    files
        .iter()
        .filter(|file| file.path.ends_with(".rs"))
        .flat_map(|file| in_file(file, &for_tests))
        .collect()
}

fn in_file(file: &File, for_tests: &BTreeSet<String>) -> Vec<Violation> {
    let code = code_of(&file.text);
    let mut found = matches(file, &code, &NOWHERE);
    if file.path.starts_with("core/") && file.path.contains("/src/") && !for_tests.contains(&file.path) {
        found.extend(matches(file, &without_tests(&code), &NOT_IN_CORE));
    }
    found.extend(globs(file, &code));
    found.extend(bare_exceptions(file, &code));
    found.extend(nameless_modules(file, &code));
    found
}

fn matches(file: &File, code: &str, rules: &[(&str, &str)]) -> Vec<Violation> {
    let of_rule = |(word, because): &(&str, &str)| {
        let what = format!("`{word}`: {because}");
        lines_with(code, word).map(|line| Violation::at(&file.path, line, &what)).collect::<Vec<_>>()
    };
    rules.iter().flat_map(of_rule).collect()
}

/// A test may take all of the module that it tests; clippy denies the same outside of tests.
fn globs(file: &File, code: &str) -> Vec<Violation> {
    let lines = code.lines().enumerate();
    let is_glob =
        |line: &str| line.contains("::*") && !line.contains("super::*") && !line.contains("prelude::*");
    let found = lines.filter(|(_, line)| is_glob(line));
    found.map(|(index, _)| Violation::at(&file.path, index + 1, "a glob import: name what is used")).collect()
}

/// An exception from a lint says why it is one.
fn bare_exceptions(file: &File, code: &str) -> Vec<Violation> {
    let starts = ["[allow(", "[expect("].iter().flat_map(|start| code.match_indices(start));
    let bare = starts
        .filter(|(at, _)| !code[*at..].split_once(")]").is_some_and(|(said, _)| said.contains("reason")));
    let line = |at: usize| code[..at].matches('\n').count() + 1;
    bare.map(|(at, _)| Violation::at(&file.path, line(at), "an exception from a lint without `reason = …`"))
        .collect()
}

fn nameless_modules(file: &File, code: &str) -> Vec<Violation> {
    let stem =
        file.path.trim_end_matches(".rs").trim_end_matches("/mod").rsplit('/').next().unwrap_or_default();
    let by_file = NAMELESS.contains(&stem).then_some(1);
    let by_module = NAMELESS.iter().flat_map(|name| {
        let module = format!("mod {name}");
        lines_with(code, &module).collect::<Vec<_>>()
    });
    let what = "a module named after nothing: find the concept behind it";
    by_file.into_iter().chain(by_module).map(|line| Violation::at(&file.path, line, what)).collect()
}

/// Returns the paths of modules that are declared for tests alone.
pub fn files_for_tests(files: &[File]) -> BTreeSet<String> {
    let sources = files.iter().filter(|file| file.path.ends_with(".rs"));
    sources
        .flat_map(|file| {
            let folder = match file.path.rsplit_once('/') {
                Some((folder, "mod.rs" | "lib.rs" | "main.rs")) => folder.to_owned(),
                _ => file.path.trim_end_matches(".rs").to_owned(),
            };
            let paths = |name: String| [format!("{folder}/{name}.rs"), format!("{folder}/{name}/mod.rs")];
            test_modules(&code_of(&file.text)).into_iter().flat_map(paths).collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str) -> Vec<String> {
        let file = File { path: path.to_owned(), text: text.to_owned() };
        violations(&[file]).into_iter().map(|violation| violation.0).collect()
    }

    #[test]
    fn a_clock_in_core_is_found() {
        let text = "//! Reads.\nfn now() { std::time::SystemTime::now(); }\n";
        assert_eq!(
            check("core/x/src/a.rs", text),
            ["core/x/src/a.rs:2: `SystemTime::now`: core reads no wall clock"]
        );
        assert!(check("runtimes/x/src/a.rs", text).is_empty());
    }

    #[test]
    fn tests_and_comments_may_name_a_clock() {
        assert!(
            check("core/x/src/a.rs", "// SystemTime::now\n#[cfg(test)]\nmod tests { fn f() { chrono() } }")
                .is_empty()
        );
    }

    #[test]
    fn a_file_for_tests_alone_counts_as_test() {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let parent = file("core/x/src/a/mod.rs", "#[cfg(test)]\nmod history;\n");
        let child = file("core/x/src/a/history.rs", "fn f() { std::env::temp_dir(); }");
        assert_eq!(violations(&[parent, child.clone()]), []);
        assert_eq!(violations(&[child]).len(), 1);
    }

    #[test]
    fn shortcuts_are_found_in_tests_too() {
        for bad in [
            "unsafe { f() }",
            "todo!()",
            "dbg!(x)",
            "#[ignore]",
            "#[ignore = \"later\"]",
            "use a::*;",
            "mod utils;",
        ] {
            assert_eq!(check("integration/x/tests/a.rs", bad).len(), 1, "{bad}");
        }
        assert_eq!(check("core/x/src/helpers.rs", "").len(), 1);
        assert_eq!(
            check(
                "core/x/src/a.rs",
                "#![deny(unsafe_code)]\n#[allow(dead_code, reason = \"why\")]\nuse super::*;\nuse proptest::prelude::*;"
            ),
            [""; 0]
        );
    }
}
