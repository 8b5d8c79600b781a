//! Units of the columns, as PostgreSQL's manual gives them. We never convert; we only say.

/// What one unit of a column's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A plain number: of calls, rows, files, processes.
    Count,
    /// Bytes.
    Bytes,
    /// Blocks of `block_size` bytes, 8 KiB unless compiled otherwise.
    Blocks,
    /// Microseconds.
    Microseconds,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Transactions of age, as `age()` counts them.
    Transactions,
    /// Nothing that can be measured: names, states, texts, times of day.
    None,
}

impl Unit {
    /// Returns the ending that a name of this unit carries in our documents (`_ms`, `_bytes`), empty for
    /// units that PostgreSQL's own names already say.
    pub const fn suffix(self) -> &'static str {
        match self {
            Unit::Microseconds => "_us",
            Unit::Milliseconds => "_ms",
            Unit::Bytes => "_bytes",
            Unit::Seconds => "_seconds",
            Unit::Count | Unit::Blocks | Unit::Transactions | Unit::None => "",
        }
    }
}
