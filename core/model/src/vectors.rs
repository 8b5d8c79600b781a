//! What statements do with the vectors of pgvector, and in which tables these are.

use serde::{Deserialize, Serialize};

/// What a statement does with vectors.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum VectorUse {
    /// It writes to a table that has some.
    Insert,
    /// It computes a distance.
    Search {
        /// Which one, as OpenTelemetry's postgresqlreceiver names it.
        distance: String,
    },
}

/// A table that has vectors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VectorTable {
    /// The database's oid.
    pub database: i64,
    /// The table's schema.
    pub schema: String,
    /// Its name.
    pub table: String,
}

impl VectorTable {
    /// Tells whether a statement in its database writes to it: `schema.table`, or `table` in whatever schema.
    fn is_called(&self, written: &str) -> bool {
        written == self.table
            || written.strip_prefix(self.schema.as_str()).and_then(|rest| rest.strip_prefix('.'))
                == Some(&self.table)
    }
}

/// Returns what a statement does with vectors, by what its text tells and the tables of its database: operators like
/// pgvector's mean something else where there are no vectors.
pub fn vector_use(
    tables: &[VectorTable],
    database: i64,
    distance: Option<&str>,
    written: Option<&str>,
) -> Option<VectorUse> {
    let mut here = tables.iter().filter(|table| table.database == database).peekable();
    here.peek()?;
    match (distance, written) {
        (Some(distance), _) => Some(VectorUse::Search { distance: distance.to_owned() }),
        (None, Some(written)) => here.any(|table| table.is_called(written)).then_some(VectorUse::Insert),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_statement_does_with_vectors_depends_on_the_tables_of_its_database() {
        let table = |database, schema: &str, table: &str| VectorTable {
            database,
            schema: schema.to_owned(),
            table: table.to_owned(),
        };
        let tables = [table(1, "shop", "docs"), table(1, "public", "notes"), table(2, "a.b", "c")];
        let search = || Some(VectorUse::Search { distance: "l2".to_owned() });
        for (database, distance, written, expected) in [
            (1, Some("l2"), None, search()),
            (3, Some("l2"), None, None),
            (1, None, Some("docs"), Some(VectorUse::Insert)),
            (1, None, Some("shop.docs"), Some(VectorUse::Insert)),
            (1, None, Some("public.docs"), None),
            (1, None, Some("orders"), None),
            (2, None, Some("docs"), None),
            (2, None, Some("a.b.c"), Some(VectorUse::Insert)),
            (1, None, None, None),
        ] {
            assert_eq!(
                vector_use(&tables, database, distance, written),
                expected,
                "{distance:?} {written:?}"
            );
        }
    }
}
