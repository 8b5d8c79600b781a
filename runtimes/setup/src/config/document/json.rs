//! JSON as a tree: held against JSON's own rules first, then read as the YAML that it also is, which knows places.

use serde::de::IgnoredAny;

use super::{Node, yaml};
use crate::config::mistake::{At, Mistake};

/// Reads a text.
pub(super) fn parse(text: &str) -> (Option<Node>, Vec<Mistake>) {
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(IgnoredAny) => yaml::parse(text),
        Err(error) => (None, vec![mistake(&error)]),
    }
}

fn mistake(error: &serde_json::Error) -> Mistake {
    let at = At { line: error.line().max(1), column: error.column().max(1) };
    let text = error.to_string();
    let reason = text.split(" at line ").next().unwrap_or_default();
    Mistake::at(at, "this is no JSON", reason)
}
