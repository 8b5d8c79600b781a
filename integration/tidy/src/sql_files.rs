//! Every `.sql` file is used, and every view has its own beside it.

use crate::checkout::{File, Violation};

const VIEWS: &str = "core/model/src/views/";

/// Folders whose `.sql` files are data for tests and not statements of ours.
const DATA: [&str; 2] = ["integration/fuzz-corpus/", "docs/"];

/// Holds the `.sql` files against the Rust files beside them.
pub fn violations(files: &[File]) -> Vec<Violation> {
    let sql = files.iter().filter(|file| file.path.ends_with(".sql"));
    let ours = sql.filter(|file| !DATA.iter().any(|folder| file.path.starts_with(folder)));
    let unused = ours.filter(|file| !is_included(files, &file.path));
    let unused = unused.map(|file| Violation::of(&file.path, "no `include_str!` beside it names this file"));
    let views = files.iter().filter(|file| is_view(&file.path));
    let alone = views.filter(|view| !has_statement(files, &view.path));
    let alone = alone.map(|view| Violation::of(&view.path, "a view without a `.sql` file of its name"));
    let undeclared = files.iter().filter(|file| is_view(&file.path) && !is_listed(files, &file.path));
    let undeclared =
        undeclared.map(|view| Violation::of(&view.path, "a view that `ALL` in mod.rs does not list"));
    unused.chain(alone).chain(undeclared).collect()
}

fn folder_and_name(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn is_included(files: &[File], path: &str) -> bool {
    let (folder, name) = folder_and_name(path);
    let above = folder_and_name(folder).0;
    let (here, from_above) = (format!("\"{name}\""), format!("/{name}\""));
    files.iter().filter(|file| file.path.ends_with(".rs")).any(|file| {
        let of = folder_and_name(&file.path).0;
        let mut named = file.text.split("include_str!(").skip(1);
        named.any(|rest| {
            (of == folder && rest.starts_with(&here))
                || (of == above && first_literal(rest).ends_with(&from_above))
        })
    })
}

/// Returns the text up to and with the quote that closes the literal at its beginning.
fn first_literal(text: &str) -> &str {
    let closing = text.char_indices().filter(|(_, character)| *character == '"').nth(1);
    closing.map_or(text, |(at, _)| &text[..=at])
}

fn is_view(path: &str) -> bool {
    path.strip_prefix(VIEWS)
        .is_some_and(|name| name.ends_with(".rs") && name != "mod.rs" && !name.contains('/'))
}

fn stem(path: &str) -> &str {
    folder_and_name(path).1.trim_end_matches(".rs")
}

fn has_statement(files: &[File], view: &str) -> bool {
    let (beginning, plain) = (format!("{VIEWS}{}.", stem(view)), format!("{VIEWS}{}.sql", stem(view)));
    files
        .iter()
        .any(|file| file.path == plain || (file.path.starts_with(&beginning) && file.path.ends_with(".sql")))
}

fn is_listed(files: &[File], view: &str) -> bool {
    let module = format!("{VIEWS}mod.rs");
    let listed = format!("&{}::", stem(view));
    files.iter().any(|file| file.path == module && file.text.contains(&listed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<File> = files
            .iter()
            .map(|(path, text)| File { path: (*path).to_owned(), text: (*text).to_owned() })
            .collect();
        violations(&files).into_iter().map(|violation| violation.0).collect()
    }

    #[test]
    fn a_view_has_its_statement_and_is_listed() {
        let module = ("core/model/src/views/mod.rs", "&wal::VIEW,");
        let view = ("core/model/src/views/wal.rs", "include_str!(\"wal.14.sql\")");
        let sql = ("core/model/src/views/wal.14.sql", "select 1");
        assert!(check(&[module, view, sql]).is_empty());
        assert_eq!(check(&[module, view]).len(), 1);
        assert_eq!(check(&[view, sql]).len(), 1);
    }

    #[test]
    fn a_statement_that_nobody_includes_is_found() {
        let sql = ("core/x/src/a.sql", "select 1");
        assert_eq!(check(&[sql]).len(), 1);
        assert!(check(&[sql, ("core/x/src/b.rs", "include_str!(\"a.sql\")")]).is_empty());
        assert!(check(&[sql, ("core/x/c.rs", "include_str!(\"src/a.sql\")")]).is_empty());
        assert!(check(&[("integration/fuzz-corpus/a.sql", "")]).is_empty());
    }
}
