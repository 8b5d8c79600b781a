//! The manifests: versions stand in the workspace alone, lints are inherited, nothing is named that nobody uses.

use std::collections::BTreeSet;

use crate::checkout::{File, Violation};

/// One manifest, split into its sections.
struct Manifest<'f> {
    path: &'f str,
    /// Heading, and each `name = value` line below it with its line number, lists over several lines joined.
    sections: Vec<(&'f str, Vec<(usize, String)>)>,
}

impl<'f> Manifest<'f> {
    fn of(file: &'f File) -> Manifest<'f> {
        let mut sections: Vec<(&str, Vec<(usize, String)>)> = vec![("", Vec::new())];
        let mut open = 0;
        for (index, line) in file.text.lines().enumerate() {
            let line = line.trim();
            if open == 0 && line.starts_with('[') {
                sections.push((line.trim_matches(['[', ']']), Vec::new()));
                continue;
            }
            let Some((_, lines)) = sections.last_mut().filter(|_| !line.is_empty() && !line.starts_with('#'))
            else {
                continue;
            };
            match lines.last_mut().filter(|_| open > 0) {
                Some((_, begun)) => begun.push_str(line),
                None => lines.push((index + 1, line.to_owned())),
            }
            open += line.matches(['[', '{']).count();
            open -= line.matches([']', '}']).count().min(open);
        }
        Manifest { path: &file.path, sections }
    }

    fn lines(&self, is_wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = &(usize, String)> {
        self.sections.iter().filter(move |(heading, _)| is_wanted(heading)).flat_map(|(_, lines)| lines)
    }

    fn dependencies(&self) -> impl Iterator<Item = &(usize, String)> {
        self.lines(|heading| heading.ends_with("dependencies") && !heading.starts_with("workspace"))
    }
}

fn name_of(line: &str) -> &str {
    line.split(['.', '=', ' ']).next().unwrap_or_default()
}

/// Holds the members' manifests against the workspace's.
pub fn violations(workspace: &File, members: &[&File]) -> Vec<Violation> {
    let members: Vec<Manifest> = members.iter().map(|file| Manifest::of(file)).collect();
    let mut found: Vec<Violation> = members.iter().flat_map(in_member).collect();
    let used: BTreeSet<&str> =
        members.iter().flat_map(Manifest::dependencies).map(|(_, line)| name_of(line)).collect();
    let workspace = Manifest::of(workspace);
    let offered = workspace.lines(|heading| heading == "workspace.dependencies");
    let unused = offered.filter(|(_, line)| !used.contains(name_of(line)));
    found.extend(unused.map(|(at, line)| {
        Violation::at(workspace.path, *at, &format!("no member depends on {}: take it out", name_of(line)))
    }));
    found
}

fn in_member(member: &Manifest) -> Vec<Violation> {
    let own_version = member.dependencies().filter(|(_, line)| !line.contains("workspace = true"));
    let mut found: Vec<Violation> = own_version
        .map(|(at, line)| {
            let what = format!("{} has a version of its own: versions stand in the workspace", name_of(line));
            Violation::at(member.path, *at, &what)
        })
        .collect();
    let has = |section: &'static str, wanted: &str| {
        member.lines(move |heading| heading == section).any(|(_, line)| line == wanted)
    };
    if !has("lints", "workspace = true") {
        found.push(Violation::of(member.path, "does not inherit the workspace's lints"));
    }
    for field in ["version", "edition", "rust-version", "license"] {
        if !has("package", &format!("{field}.workspace = true")) {
            found.push(Violation::of(member.path, &format!("does not inherit {field}")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKAGE: &str = "[package]\nversion.workspace = true\nedition.workspace = true\n\
        rust-version.workspace = true\nlicense.workspace = true\n";

    fn check(workspace: &str, member: &str) -> Vec<String> {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let member = file("a/Cargo.toml", member);
        let found = violations(&file("Cargo.toml", workspace), &[&member]);
        found.into_iter().map(|violation| violation.0).collect()
    }

    #[test]
    fn a_member_takes_its_versions_from_the_workspace() {
        let good = format!(
            "{PACKAGE}[lints]\nworkspace = true\n[dependencies]\n# Why.\nserde.workspace = true\n\
            tokio = {{ workspace = true, features = [\n  \"net\",\n] }}\n"
        );
        assert!(check("[workspace.dependencies]\nserde = \"1\"\ntokio = \"1\"\n", &good).is_empty());
        let bad = format!("{PACKAGE}[lints]\nworkspace = true\n[dev-dependencies]\nserde = \"1\"\n");
        assert_eq!(
            check("", &bad),
            ["a/Cargo.toml:9: serde has a version of its own: versions stand in the workspace"]
        );
    }

    #[test]
    fn what_nobody_uses_is_found() {
        let member = format!("{PACKAGE}[lints]\nworkspace = true\n");
        let found = check("[workspace.dependencies]\nserde = \"1\"\n", &member);
        assert_eq!(found, ["Cargo.toml:2: no member depends on serde: take it out"]);
    }

    #[test]
    fn a_member_without_lints_is_found() {
        assert_eq!(check("", PACKAGE), ["a/Cargo.toml: does not inherit the workspace's lints"]);
    }
}
