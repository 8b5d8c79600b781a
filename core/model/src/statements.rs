//! What a statement is known by, and the figures of one statement in one window that are not plain differences.

use serde::{Deserialize, Serialize};

use crate::baseline::{Baseline, Snapshot};
use crate::interval::{Moments, between};
use crate::rows::Rows;
use crate::view::MeasuredIf;
use crate::views::statements::VIEW;
use crate::window::Window;

/// What pg_stat_statements tells entries apart by. The query id alone is no identity: two databases or roles may
/// share one, and it changes between majors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StatementKey {
    /// Oid of the database.
    pub dbid: i64,
    /// Oid of the role.
    pub userid: i64,
    /// The query id.
    pub queryid: i64,
    /// Whether the statement was sent by a client and not by a function; unknown before 1.9.
    pub toplevel: Option<bool>,
}

impl StatementKey {
    /// Reads the key of a row; nothing for a row whose query id is hidden from our role.
    pub fn of(rows: &Rows, row: usize) -> Option<StatementKey> {
        let int = |name| rows.int(VIEW.column_index(name)?, row);
        Some(StatementKey {
            dbid: int("dbid")?,
            userid: int("userid")?,
            queryid: int("queryid")?,
            toplevel: rows.flag(VIEW.column_index("toplevel")?, row),
        })
    }
}

/// Returns mean and population standard deviation of a statement's execution time inside the window.
pub fn exec_moments(
    baseline: Option<&Baseline>,
    snapshot: &Snapshot,
    window: &Window,
    row: usize,
) -> Option<Moments> {
    let moments = |rows: &Rows, row: usize| {
        Some(Moments {
            count: rows.int(VIEW.column_index("calls")?, row)?,
            total: rows.float(VIEW.column_index("total_exec_time")?, row)?,
            stddev: rows.float(VIEW.column_index("stddev_exec_time")?, row)?,
        })
    };
    let after = moments(&snapshot.rows, *window.deltas.row_indexes.get(row)?)?;
    match window.deltas.baseline_indexes.get(row)? {
        None => (after.count > 0).then_some(after),
        Some(old) => between(moments(&baseline?.snapshot().rows, *old)?, after),
    }
}

/// Takes rows without a query id out: they belong to roles that ours may not see, and have no identity. Returns the
/// rest and how many there were.
pub fn without_hidden(rows: Rows) -> (Rows, usize) {
    let Some(queryid) = VIEW.column_index("queryid") else { return (rows, 0) };
    let seen: Vec<usize> = (0..rows.len()).filter(|row| rows.int(queryid, *row).is_some()).collect();
    let hidden = rows.len() - seen.len();
    if hidden == 0 { (rows, 0) } else { (rows.reordered(&seen), hidden) }
}

/// Names of the columns that a switch of the server leaves unmeasured.
pub fn columns_measured_if(setting: MeasuredIf) -> Vec<&'static str> {
    VIEW.columns
        .iter()
        .filter(|column| column.measured_if == Some(setting))
        .map(|column| column.name)
        .collect()
}
