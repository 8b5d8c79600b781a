//! What tells series apart in CloudWatch: pairs of texts with narrow rules.

use std::collections::BTreeMap;

use crate::metrics::{Owner, Point, Value};
use crate::origin::Origin;

/// The most dimensions of a metric.
pub const MAX_DIMENSIONS: usize = 30;
/// The most letters of a dimension's value.
pub(super) const MAX_VALUE: usize = 1_024;

/// A set of dimensions, by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Dimensions(pub(super) BTreeMap<&'static str, String>);

impl Dimensions {
    /// Returns those of a point: the server, the owner's own, the point's; none for more than there may be.
    pub(super) fn of(point: &Point<'_>, origin: &Origin) -> Option<Dimensions> {
        let mut said = vec![("pgquerylens.server", origin.name.clone())];
        said.extend(origin.cluster.clone().map(|cluster| ("pgquerylens.cluster", cluster)));
        said.extend(of_owner(&point.owner));
        said.extend(point.attributes.iter().map(|(key, value)| (*key, text(value))));
        let said = said.into_iter().map(|(key, value)| (key, allowed(&value)));
        // CloudWatch drops a metric that has a dimension without a value; one that says nothing is as good as none.
        let dimensions: BTreeMap<_, _> = said.filter(|(_, value)| !value.trim().is_empty()).collect();
        (dimensions.len() <= MAX_DIMENSIONS).then_some(Dimensions(dimensions))
    }
}

fn of_owner(owner: &Owner) -> Vec<(&'static str, String)> {
    let place = |database: &str, schema: &str| {
        vec![("db.namespace", database.to_owned()), ("schema", schema.to_owned())]
    };
    match owner {
        Owner::Server => Vec::new(),
        Owner::Database(name) => vec![("db.namespace", name.clone())],
        Owner::Schema { database, schema } => place(database, schema),
        Owner::Table { database, schema, table } => {
            let mut said = place(database, schema);
            said.push(("db.collection.name", table.clone()));
            said
        }
        Owner::Index { database, schema, table, index } => {
            let mut said = place(database, schema);
            said.extend([("db.collection.name", table.clone()), ("postgresql.index.name", index.clone())]);
            said
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
    }
}

/// Writes what CloudWatch refuses in a value, letters beyond ASCII and control characters, as `\u{…}`, and cuts what is
/// too long.
fn allowed(value: &str) -> String {
    let mut written = String::with_capacity(value.len());
    for letter in value.chars() {
        let before = written.len();
        match letter.is_ascii() && !letter.is_ascii_control() {
            true => written.push(letter),
            false => written.extend(letter.escape_unicode()),
        }
        if written.len() > MAX_VALUE {
            written.truncate(before);
            break;
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_of_what_cloudwatch_takes() {
        for (value, expected) in
            [("shop", "shop"), ("größe", "gr\\u{f6}\\u{df}e"), ("a\nb", "a\\u{a}b"), ("", "")]
        {
            assert_eq!(allowed(value), expected);
        }
        assert_eq!(allowed(&"x".repeat(2_000)).len(), MAX_VALUE);
        let cut = allowed(&"é".repeat(1_000));
        assert!(cut.len() <= MAX_VALUE && cut.ends_with("\\u{e9}"), "{cut}");
    }
}
