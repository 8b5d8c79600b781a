//! A plan as lines for people. Where the statement's text ends and the plan begins nothing tells but the plan's first node,
//! which alone stands at the beginning of a line; if two lines look like it, nobody knows.
//!
//! A literal with a line's end in it opens on one line and closes on another: such a plan is given up.

use super::{MASK, Masked, OfQuery, expression, figures};

const QUERY: &str = "Query Text: ";
const PARAMETERS: &str = "Query Parameters: ";
const QUERY_ID: &str = "Query Identifier: ";
/// What stands before a node below another.
const ARROW: &str = "->  ";

pub(super) fn masked(text: &str, query: OfQuery) -> Option<Masked> {
    let lines: Vec<&str> = text.trim_end_matches('\n').split('\n').collect();
    let first = lines.first()?.strip_prefix(QUERY)?;
    let root = root(&lines)?;
    let of_query = &lines[1..root];
    let parameters = of_query.iter().position(|line| line.starts_with(PARAMETERS));
    let rest = &of_query[..parameters.unwrap_or(of_query.len())];
    let statement = [&[first][..], rest].concat().join("\n");
    let mut masked = format!("{QUERY}{}\n", query(&statement)?);
    if parameters.is_some() {
        masked.push_str(&format!("{PARAMETERS}{MASK}\n"));
    }
    for line in &lines[root..] {
        masked.push_str(&of_plan(line)?);
        masked.push('\n');
    }
    let queryid = lines[root..].iter().find_map(|line| line.strip_prefix(QUERY_ID)?.parse().ok());
    Some(Masked { text: masked, queryid })
}

/// Returns the place of the first node, if there is no other that it could be.
fn root(lines: &[&str]) -> Option<usize> {
    let looks_so = |line: &&str| !line.starts_with([' ', '\t']) && figures::of_node(line).is_some();
    let mut roots = (1..lines.len()).filter(|place| looks_so(&lines[*place]));
    roots.next().filter(|_| roots.next().is_none())
}

fn of_plan(line: &str) -> Option<String> {
    let body = line.trim_start_matches(' ');
    let indent = &line[..line.len() - body.len()];
    let (arrow, body) = body.strip_prefix(ARROW).map_or(("", body), |body| (ARROW, body));
    Some(format!("{indent}{arrow}{}", part(body)?))
}

/// A node, or what more is told of one: a name with a value behind it. What is not known is an expression.
fn part(body: &str) -> Option<String> {
    if let Some((name, figures)) = figures::of_node(body) {
        return Some(format!("{}{figures}", expression::masked(name)?));
    }
    if let Some((trigger, figures)) = body.rsplit_once(": ").filter(|_| body.starts_with("Trigger "))
        && figures::is_reckoning(figures)
    {
        return Some(format!("{}: {figures}", expression::masked(trigger)?));
    }
    match body.split_once(": ") {
        Some((key, value)) if figures::is_key(key) && figures::is_reckoning(value) => Some(body.to_owned()),
        Some((worker, value)) if is_worker(worker) => {
            let blanks = value.len() - value.trim_start().len();
            Some(format!("{worker}: {}{}", &value[..blanks], of_worker(&value[blanks..])?))
        }
        _ => expression::masked(body),
    }
}

fn is_worker(key: &str) -> bool {
    let number = key.strip_prefix("Worker ").unwrap_or_default();
    !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
}

fn of_worker(value: &str) -> Option<String> {
    let is_actual = value.starts_with("actual ") && figures::is_reckoning(value);
    if is_actual { Some(value.to_owned()) } else { part(value) }
}
