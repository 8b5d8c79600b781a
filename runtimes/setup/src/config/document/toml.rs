//! TOML as a tree.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::lines::Lines;
use super::{Content, Entry, MAX_NODES, Node};
use crate::config::mistake::{At, Mistake};

/// Reads a text. The parser bounds how deep it can be nested, and finds repeated keys itself.
pub(super) fn parse(text: &str) -> (Option<Node>, Vec<Mistake>) {
    let lines = Lines::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    let at = |error: &toml::de::Error| lines.at(error.span().map_or(0, |span| span.start));
    let mut mistakes: Vec<Mistake> =
        errors.iter().map(|error| Mistake::at(at(error), "this is no TOML", error.message())).collect();
    let mut node_count = 0;
    let entries = entries(table.get_ref(), &lines, &mut node_count);
    if node_count > MAX_NODES {
        let what = format!("more than {MAX_NODES} keys and values");
        mistakes.push(Mistake::at(At { line: 1, column: 1 }, what, "split the file"));
    }
    let node = Node { at: At { line: 1, column: 1 }, content: Content::Map(entries) };
    // What is left of a file that could not be read would bring mistakes that are none.
    (mistakes.is_empty().then_some(node), mistakes)
}

fn entries(table: &DeTable<'_>, lines: &Lines<'_>, node_count: &mut usize) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            at: lines.at(key.span().start),
            node: node(value, lines, node_count),
        })
        .collect();
    // The table is sorted by key; a file's order is that of its places.
    entries.sort_by_key(|entry| entry.at);
    entries
}

fn node(value: &Spanned<DeValue<'_>>, lines: &Lines<'_>, node_count: &mut usize) -> Node {
    *node_count += 1;
    let content = match value.get_ref() {
        DeValue::String(text) => Content::Scalar(text.to_string()),
        DeValue::Integer(number) => Content::Scalar(number.to_string()),
        DeValue::Float(number) => Content::Scalar(number.to_string()),
        DeValue::Boolean(is) => Content::Scalar(is.to_string()),
        DeValue::Datetime(time) => Content::Scalar(time.to_string()),
        DeValue::Array(values) => {
            Content::List(values.iter().map(|value| node(value, lines, node_count)).collect())
        }
        DeValue::Table(table) => Content::Map(entries(table, lines, node_count)),
    };
    Node { at: lines.at(value.span().start), content }
}
