//! Whose value a point is: the server's, a database's, a table's, an index's. Layouts write it as resources or as
//! attributes of the points.

/// The owner of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// The server.
    Server,
    /// A database.
    Database(String),
    /// What lies in a schema of a database: functions, sequences.
    Schema {
        /// The database.
        database: String,
        /// The schema.
        schema: String,
    },
    /// A table.
    Table {
        /// The database.
        database: String,
        /// The schema.
        schema: String,
        /// The table.
        table: String,
    },
    /// An index.
    Index {
        /// The database.
        database: String,
        /// The schema.
        schema: String,
        /// The table.
        table: String,
        /// The index.
        index: String,
    },
}
