//! A configuration file as a tree in which every key and value knows its place, the same for YAML, TOML and JSON. What
//! the keys mean is `section`'s.

mod json;
mod lines;
mod toml;
mod yaml;

use std::path::Path;

use super::mistake::{At, Mistake};

/// The most keys, values and lists of a file: a thousand servers with everything said have a third of it.
const MAX_NODES: usize = 100_000;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// YAML 1.2.
    Yaml,
    /// TOML 1.0.
    Toml,
    /// JSON.
    Json,
}

impl Format {
    /// Returns the format that a file's ending names.
    pub(super) fn of(path: &Path) -> Option<Format> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "yaml" | "yml" => Some(Format::Yaml),
            "toml" => Some(Format::Toml),
            "json" => Some(Format::Json),
            _ => None,
        }
    }
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// Where it begins.
    pub at: At,
    /// What it is.
    pub content: Content,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing, as behind a key whose value was left out.
    Empty,
    /// A text, a number or a truth value, as it is written.
    Scalar(String),
    /// A list.
    List(Vec<Node>),
    /// Keys with values, each key once.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The key.
    pub key: String,
    /// Where the key begins.
    pub at: At,
    /// Its value.
    pub node: Node,
}

/// Reads a file's text. Mistakes that leave a tree to go on with come beside it.
pub(super) fn parse(format: Format, text: &str) -> (Option<Node>, Vec<Mistake>) {
    match format {
        Format::Yaml => yaml::parse(text),
        Format::Toml => toml::parse(text),
        Format::Json => json::parse(text),
    }
}

/// Takes out keys that were there before.
fn without_repeated(entries: Vec<Entry>, mistakes: &mut Vec<Mistake>) -> Vec<Entry> {
    let mut lines = std::collections::HashMap::new();
    let mut kept = Vec::with_capacity(entries.len());
    for entry in entries {
        match lines.insert(entry.key.clone(), entry.at.line) {
            None => kept.push(entry),
            Some(line) => {
                let what = format!("{} is here for the second time", shown(&entry.key));
                mistakes.push(Mistake::at(entry.at, what, format!("the first is in line {line}")));
            }
        }
    }
    kept
}

/// Returns a text of the file as a message can show it: on one line, and not for ever.
pub(super) fn shown(text: &str) -> String {
    const MAX_SHOWN: usize = 60;
    let short: String = text.chars().take(MAX_SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX_SHOWN).is_some() { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a tree on lines: place, path and value.
    fn outline(node: &Node, path: &str, lines: &mut Vec<String>) {
        let At { line, column } = node.at;
        match &node.content {
            Content::Empty => lines.push(format!("{line}:{column} {path} nothing")),
            Content::Scalar(text) => lines.push(format!("{line}:{column} {path} {text:?}")),
            Content::List(nodes) => {
                nodes
                    .iter()
                    .enumerate()
                    .for_each(|(index, node)| outline(node, &format!("{path}[{index}]"), lines));
            }
            Content::Map(entries) => entries.iter().for_each(|Entry { key, at, node }| {
                outline(node, &format!("{path}.{key}@{}:{}", at.line, at.column), lines);
            }),
        }
    }

    fn check(format: Format, text: &str, expected: &expect_test::Expect) {
        let (node, mistakes) = parse(format, text);
        let mut lines: Vec<String> = mistakes
            .iter()
            .map(|mistake| format!("{:?} {}: {}", mistake.at, mistake.what, mistake.instead))
            .collect();
        if let Some(node) = node {
            outline(&node, "", &mut lines);
        }
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn yaml_becomes_a_tree_with_places() {
        check(
            Format::Yaml,
            "state: file:/x # why\nservers:\n  - {connection: 'a=b', every: 30s}\n  - connection: \"ü\"\n    top: 5\nlisten:\n",
            &expect_test::expect![[r#"
                1:8 .state@1:1 "file:/x"
                3:18 .servers@2:1[0].connection@3:6 "a=b"
                3:32 .servers@2:1[0].every@3:25 "30s"
                4:17 .servers@2:1[1].connection@4:5 "ü"
                5:10 .servers@2:1[1].top@5:5 "5"
                6:7 .listen@6:1 nothing"#]],
        );
    }

    #[test]
    fn toml_becomes_the_same_tree() {
        check(
            Format::Toml,
            "state = 'file:/x'\n[[servers]]\nconnection = 'ü'\ntop = 5\nall-databases = true\nlabels = {a = 'b'}\n",
            &expect_test::expect![[r#"
                1:9 .state@1:1 "file:/x"
                3:14 .servers@2:3[0].connection@3:1 "ü"
                4:7 .servers@2:3[0].top@4:1 "5"
                5:17 .servers@2:3[0].all-databases@5:1 "true"
                6:15 .servers@2:3[0].labels@6:1.a@6:11 "b""#]],
        );
    }

    #[test]
    fn json_becomes_the_same_tree() {
        check(
            Format::Json,
            "{\n\t\"state\": \"\\u0066ile:\\/x\",\n\t\"servers\": [{\"top\": 5, \"name\": null, \"all-databases\": true}]\n}",
            &expect_test::expect![[r#"
                2:11 .state@2:2 "file:/x"
                3:22 .servers@3:2[0].top@3:15 "5"
                3:33 .servers@3:2[0].name@3:25 nothing
                3:56 .servers@3:2[0].all-databases@3:39 "true""#]],
        );
    }

    #[test]
    fn what_is_no_yaml_is_told_with_its_place() {
        check(
            Format::Yaml,
            "a: 1\na: 2\nb: {c: 1, c: 2}\n",
            &expect_test::expect![[r#"
            Some(At { line: 3, column: 11 }) c is here for the second time: the first is in line 3
            Some(At { line: 2, column: 1 }) a is here for the second time: the first is in line 1
            1:4 .a@1:1 "1"
            3:8 .b@3:1.c@3:5 "1""#]],
        );
        check(
            Format::Yaml,
            "a: [1, 2\nb: 3\n",
            &expect_test::expect![
                "Some(At { line: 2, column: 2 }) this is no YAML: illegal placement of ':' indicator"
            ],
        );
        check(
            Format::Yaml,
            "a: 1\n\tb: 2\n",
            &expect_test::expect![
                "Some(At { line: 1, column: 4 }) this is no YAML: while scanning a plain scalar, found a tab"
            ],
        );
        check(
            Format::Yaml,
            "a: !secret x\n",
            &expect_test::expect![[r#"
            Some(At { line: 1, column: 12 }) a tag has no meaning here: remove the word behind the !
            1:12 .a@1:1 "x""#]],
        );
        check(
            Format::Yaml,
            "a: 1\n---\nb: 2\n",
            &expect_test::expect![
                "Some(At { line: 3, column: 1 }) a second document begins: keep one, without a line ---"
            ],
        );
        check(
            Format::Yaml,
            "? [a]\n: 1\n",
            &expect_test::expect![
                "Some(At { line: 1, column: 3 }) this key is no word: write a word and a colon"
            ],
        );
    }

    #[test]
    fn an_anchor_is_used_where_its_alias_stands() {
        check(
            Format::Yaml,
            "a: &x {b: 1}\nc: *x\n",
            &expect_test::expect![[r#"
            1:11 .a@1:1.b@1:8 "1"
            1:11 .c@2:1.b@1:8 "1""#]],
        );
    }

    #[test]
    fn aliases_cannot_grow_without_bound() {
        let mut text = String::from("a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n");
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        let (node, mistakes) = parse(Format::Yaml, &text);
        assert!(node.is_none());
        assert_eq!(mistakes[0].what, "more than 100000 keys and values");
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_place() {
        check(
            Format::Toml,
            "a = 1\na = 2\nb = \nc = 'x\n",
            &expect_test::expect![[r#"
            Some(At { line: 2, column: 1 }) this is no TOML: duplicate key
            Some(At { line: 3, column: 5 }) this is no TOML: string values must be quoted, expected literal string
            Some(At { line: 4, column: 7 }) this is no TOML: invalid literal string, expected `'`"#]],
        );
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        check(
            Format::Json,
            "{\"a\": 1, \"a\": 2}",
            &expect_test::expect![[r#"
            Some(At { line: 1, column: 10 }) a is here for the second time: the first is in line 1
            1:7 .a@1:2 "1""#]],
        );
        check(
            Format::Json,
            "{\"a\": 1,\n b: 2}",
            &expect_test::expect!["Some(At { line: 2, column: 2 }) this is no JSON: key must be a string"],
        );
        check(
            Format::Json,
            "",
            &expect_test::expect![
                "Some(At { line: 1, column: 1 }) this is no JSON: EOF while parsing a value"
            ],
        );
    }

    #[test]
    fn the_ending_says_the_format() {
        for (path, format) in [
            ("a.yaml", Some(Format::Yaml)),
            ("a.YML", Some(Format::Yaml)),
            ("a.toml", Some(Format::Toml)),
            ("a.json", Some(Format::Json)),
            ("a.conf", None),
            ("yaml", None),
        ] {
            assert_eq!(Format::of(Path::new(path)), format, "{path}");
        }
    }
}
