//! What one poll leaves for the next: a reading, reduced to the columns that a subtraction needs.
//!
//! A baseline holds every row that the view showed. Filters act after the subtraction: a filter that changed
//! between two polls would otherwise turn old work into new.

use serde::{Deserialize, Serialize};

use crate::identity::{Identity, Visibility};
use crate::rows::{Rows, Series};
use crate::runs::Packed;
use crate::time::Timestamp;
use crate::view::View;
use crate::views;

/// One reading of one view.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The view.
    pub view: &'static View,
    /// The database it was read in, for views of database scope.
    pub database: Option<u32>,
    /// The database's clock just before the rows were read.
    pub taken_at: Timestamp,
    /// The server and its statistics.
    pub identity: Identity,
    /// What our role could see.
    pub visibility: Visibility,
    /// pg_stat_statements' own figures, for that view alone.
    pub statements: Option<StatementsInfo>,
    /// Every row the view showed, ordered by key.
    pub rows: Rows,
}

/// pg_stat_statements' own figures around one reading of its counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementsInfo {
    /// `pg_stat_statements_info.stats_reset`, extension 1.9 and later.
    pub stats_reset: Option<Timestamp>,
    /// `dealloc` before the counters were read, 1.9 and later.
    pub dealloc_before: Option<i64>,
    /// `dealloc` after they were read.
    pub dealloc_after: Option<i64>,
    /// `pg_stat_statements.max`, where it could be read.
    pub max_entries: Option<i64>,
}

/// A snapshot reduced to key, counters and what marks their beginning.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline(Snapshot);

impl Snapshot {
    /// Returns the snapshot with its rows ordered by key and rows of one key folded into one.
    ///
    /// An extension older than its server shows entries apart that it has no column to tell apart (`toplevel`
    /// before 1.9): their counters are added, and what cannot be added becomes NULL.
    pub fn in_key_order(self) -> Snapshot {
        let key = self.view.key_indexes();
        let rows =
            self.rows.sorted_by_key(&key).folded(&key, |index| self.view.columns[index].kind.is_counter());
        Snapshot { rows, ..self }
    }
}

impl Baseline {
    /// Reduces a snapshot.
    pub fn of(snapshot: &Snapshot) -> Baseline {
        let Snapshot { view, database, taken_at, identity, statements, .. } = *snapshot;
        let visibility = snapshot.visibility.clone();
        let rows = snapshot.rows.only_columns(|index| view.is_in_baseline(&view.columns[index]));
        Baseline(Snapshot { view, database, taken_at, identity, visibility, statements, rows })
    }

    /// Returns the reduced snapshot.
    pub fn snapshot(&self) -> &Snapshot {
        &self.0
    }

    /// Returns the form in which a baseline is kept, columns by name.
    pub fn into_stored(self) -> StoredBaseline {
        let Snapshot { view, database, taken_at, identity, visibility, statements, rows } = self.0;
        let row_count = rows.len();
        let named = view.columns.iter().zip(rows.into_series());
        let stored = |name: &str, series| StoredColumn { name: name.to_owned(), series };
        let columns = named.filter_map(|(column, series)| Some(stored(column.name, series?))).collect();
        let view = view.name.to_owned();
        StoredBaseline { view, database, taken_at, identity, visibility, statements, row_count, columns }
    }

    /// Reads the kept form; nothing if this version no longer has the view or the columns do not fit it.
    pub fn from_stored(stored: StoredBaseline) -> Option<Baseline> {
        let StoredBaseline { view, database, taken_at, identity, visibility, statements, row_count, columns } =
            stored;
        let view = views::by_name(&view)?;
        let mut series = vec![None; view.columns.len()];
        for StoredColumn { name, series: values } in columns {
            let Some(index) = view.column_index(&name) else { continue };
            let expected = Series::of(view.columns[index].kind);
            if values.len() != row_count
                || std::mem::discriminant(&values) != std::mem::discriminant(&expected)
            {
                return None;
            }
            series[index] = Some(values);
        }
        let rows = Rows::from_series(series, row_count).sorted_by_key(&view.key_indexes());
        Some(Baseline(Snapshot { view, database, taken_at, identity, visibility, statements, rows }))
    }
}

/// A baseline as the state keeps it: columns by name, so that a newer pgquerylens can read an older one's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredBaseline {
    view: String,
    database: Option<u32>,
    taken_at: Timestamp,
    identity: Identity,
    visibility: Visibility,
    statements: Option<StatementsInfo>,
    row_count: usize,
    columns: Vec<StoredColumn>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct StoredColumn {
    name: String,
    #[serde(with = "Packed")]
    series: Series,
}

impl StoredBaseline {
    /// Tells whether this is the baseline of the view of this name in that database.
    pub fn is_of(&self, view: &str, database: Option<u32>) -> bool {
        self.view == view && self.database == database
    }

    /// Tells whether it covers a single database.
    pub fn is_of_a_database(&self) -> bool {
        self.database.is_some()
    }

    /// Returns when it was taken.
    pub fn taken_at(&self) -> Timestamp {
        self.taken_at
    }
}
