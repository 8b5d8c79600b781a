//! A view as data: what its columns are, which SQL reads it on which version, how often, and what a reader
//! must be allowed. Decoding, subtraction, reports, references and exporters all read this one table.

use crate::capabilities::AuroraFunction;
use crate::unit::Unit;

/// One thing that PostgreSQL shows and that we read with one statement.
#[derive(Debug, PartialEq, Eq)]
pub struct View {
    /// PostgreSQL's own name of the view or function behind it, unique among ours.
    pub name: &'static str,
    /// One sentence for the reference: what it tells.
    pub about: &'static str,
    /// Whether one reading covers the server or only the connected database.
    pub scope: Scope,
    /// How often it is worth its cost.
    pub cadence: Cadence,
    /// The version that `Column::since` and `Statement::since` count in.
    pub versioned_by: VersionedBy,
    /// Names of the label columns that identify a row; empty for a view of exactly one row.
    pub key: &'static [&'static str],
    /// The time column by which PostgreSQL says that a row's counters began anew, if it has one.
    pub reset_column: Option<&'static str>,
    /// Columns that the next subtraction needs although they are neither key nor counter.
    pub baseline_also: &'static [&'static str],
    /// Every column of every version, in the order in which we show them.
    pub columns: &'static [Column],
    /// What the session must be for the statement to make sense.
    pub requires: &'static [Requirement],
    /// What a role must be to read it whole, and what it gets otherwise.
    pub needs: Needs,
    /// How the reading is driven.
    pub reading: Reading,
    /// The statements, oldest first; the newest that the server has reached is run.
    pub statements: &'static [Statement],
    /// Those that take their place where Aurora has a function that tells more.
    pub aurora_statements: &'static [Statement],
}

/// Whether one reading covers the server or only the connected database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The same from whichever database it is read.
    Server,
    /// Shows the connected database only.
    Database,
}

/// How often a view is read: a class, not a number; the numbers are options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cadence {
    /// At every poll.
    EveryPoll,
    /// Every few minutes.
    Minutes,
    /// Every few hours.
    Hours,
}

/// Whose version decides which columns there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionedBy {
    /// The server's major version: 12 to 18.
    Server,
    /// The minor number of pg_stat_statements' `extversion`: 7 for 1.7, 12 for 1.12.
    Statements,
}

/// What must hold before a view's statement is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// Only on a server in recovery.
    Recovery,
    /// Only on a server that takes writes.
    Primary,
    /// pg_stat_statements is installed in the connected database.
    Statements,
    /// Amazon Aurora runs the server, and has this function.
    Aurora(AuroraFunction),
}

/// What a role needs to read a view whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Every role that may connect reads it whole.
    Nothing,
    /// pg_monitor.
    Monitor {
        /// What a role without it gets.
        without: &'static str,
    },
    /// Something that pg_monitor does not bring.
    Other {
        /// What.
        what: &'static str,
        /// What a role without it gets.
        without: &'static str,
    },
}

/// How a view's statement is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// One statement without parameters.
    Whole,
    /// Run in a follow-up batch, only if some session waits for a lock.
    WhereSomethingWaits,
    /// Run in a follow-up batch, only if the probe saw such a command in progress. The text is what
    /// `pg_stat_get_progress_info` is asked for.
    WhereInProgress(&'static str),
    /// `$1 oid[]`: relations, in batches, so that one lock timeout costs one batch. The text names the view
    /// whose `relid` or `indexrelid` column the batches come from.
    PerRelationOf(&'static str),
    /// Driven by code that knows more than a table can say (statements and their texts).
    Special,
}

/// A statement and the first version that it fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// First version, in the counting of `View::versioned_by`.
    pub since: u16,
    /// The text of the `.sql` file.
    pub sql: &'static str,
}

/// One column of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// PostgreSQL's own name, or, where two views are joined, that of its source.
    pub name: &'static str,
    /// What may be done with the value.
    pub kind: Kind,
    /// What one unit of it is.
    pub unit: Unit,
    /// First version that has it.
    pub since: u16,
    /// Last version that has it, if it was taken away again.
    pub until: Option<u16>,
    /// The setting without which PostgreSQL shows 0 although it means "not measured".
    pub measured_if: Option<MeasuredIf>,
    /// Whether Aurora alone has it.
    pub is_auroras: bool,
}

/// The setting without which a counter stays 0 and says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasuredIf {
    /// `track_io_timing`.
    TrackIoTiming,
    /// `track_wal_io_timing`.
    TrackWalIoTiming,
    /// `pg_stat_statements.track_planning`.
    TrackPlanning,
    /// `track_functions`.
    TrackFunctions,
}

/// What may be done with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Grows from a reset on; only differences of it are facts about an interval. `int8`.
    Counter,
    /// A counter that PostgreSQL keeps as `float8` (times in milliseconds).
    CounterFloat,
    /// A level that holds now. `int8`.
    Gauge,
    /// A level that PostgreSQL keeps as `float8`.
    GaugeFloat,
    /// Identifies or describes a row, as text.
    Label,
    /// Identifies or describes a row, as `int8`: oids, process ids, query ids.
    LabelInt,
    /// Yes or no.
    Flag,
    /// A moment, `timestamptz`.
    Time,
    /// A list of numbers, `int4[]`.
    IntList,
    /// A statement's text: may hold literals, never printed before it was normalised.
    Text,
}

impl Needs {
    /// What the views of commands in progress have in common.
    pub const PROGRESS: Needs = Needs::Monitor {
        without: "of other roles' commands only the process and the database; all other columns are NULL",
    };
}

impl Kind {
    /// Tells whether the column is subtracted between polls.
    pub const fn is_counter(self) -> bool {
        matches!(self, Kind::Counter | Kind::CounterFloat)
    }
}

impl Column {
    const fn new(name: &'static str, kind: Kind, unit: Unit) -> Column {
        Column { name, kind, unit, since: 0, until: None, measured_if: None, is_auroras: false }
    }

    /// Returns the column, there from this version on.
    pub const fn since(self, since: u16) -> Column {
        Column { since, ..self }
    }

    /// Returns the column, there up to and with this version.
    pub const fn until(self, last: u16) -> Column {
        Column { until: Some(last), ..self }
    }

    /// Returns the column, absent (not 0) while the setting is off.
    pub const fn measured_if(self, setting: MeasuredIf) -> Column {
        Column { measured_if: Some(setting), ..self }
    }

    /// Returns the column, there on Aurora alone.
    pub const fn on_aurora(self) -> Column {
        Column { is_auroras: true, ..self }
    }

    /// Tells whether this version has the column.
    pub fn is_in(&self, version: u16) -> bool {
        !self.is_auroras && self.is_on_aurora(version)
    }

    /// Tells whether this version has the column where Aurora runs the server.
    pub fn is_on_aurora(&self, version: u16) -> bool {
        self.since <= version && self.until.is_none_or(|last| version <= last)
    }

    /// Returns the name that says its unit at the end: `total_exec_time_ms`.
    pub fn name_with_unit(&self) -> String {
        let suffix = self.unit.suffix();
        let says_it = [suffix, "_in_msec", "_in_usec"].iter().any(|ending| self.name.ends_with(ending));
        if says_it { self.name.to_owned() } else { format!("{}{suffix}", self.name) }
    }
}

/// A whole-number counter.
pub const fn counter(name: &'static str, unit: Unit) -> Column {
    Column::new(name, Kind::Counter, unit)
}

/// A counter of milliseconds, kept as a float.
pub const fn counter_ms(name: &'static str) -> Column {
    Column::new(name, Kind::CounterFloat, Unit::Milliseconds)
}

/// A counter of microseconds, kept as a whole number.
pub const fn counter_us(name: &'static str) -> Column {
    counter(name, Unit::Microseconds)
}

/// A whole-number level.
pub const fn gauge(name: &'static str, unit: Unit) -> Column {
    Column::new(name, Kind::Gauge, unit)
}

/// A level kept as a float.
pub const fn gauge_float(name: &'static str, unit: Unit) -> Column {
    Column::new(name, Kind::GaugeFloat, unit)
}

/// A name or state.
pub const fn label(name: &'static str) -> Column {
    Column::new(name, Kind::Label, Unit::None)
}

/// An oid, process id or query id.
pub const fn label_int(name: &'static str) -> Column {
    Column::new(name, Kind::LabelInt, Unit::None)
}

/// Yes or no.
pub const fn flag(name: &'static str) -> Column {
    Column::new(name, Kind::Flag, Unit::None)
}

/// A moment.
pub const fn time(name: &'static str) -> Column {
    Column::new(name, Kind::Time, Unit::None)
}

/// A list of whole numbers.
pub const fn int_list(name: &'static str) -> Column {
    Column::new(name, Kind::IntList, Unit::None)
}

/// A statement's text, literals and all.
pub const fn text(name: &'static str) -> Column {
    Column::new(name, Kind::Text, Unit::None)
}

impl View {
    /// A server-wide view of one row, read at every poll by one statement: what most views start from.
    pub const BASE: View = View {
        name: "",
        about: "",
        scope: Scope::Server,
        cadence: Cadence::EveryPoll,
        versioned_by: VersionedBy::Server,
        key: &[],
        reset_column: None,
        baseline_also: &[],
        columns: &[],
        requires: &[],
        needs: Needs::Nothing,
        reading: Reading::Whole,
        statements: &[],
        aurora_statements: &[],
    };

    /// Returns the newest statement that this version has reached, or nothing if the view came later.
    pub fn statement_for(&self, version: u16) -> Option<&'static str> {
        newest(self.statements, version)
    }

    /// Returns the same of the statements that Aurora's functions allow.
    pub fn aurora_statement_for(&self, version: u16) -> Option<&'static str> {
        newest(self.aurora_statements, version)
    }

    /// Returns the place of a column in `columns`.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Returns the places of the key columns.
    pub fn key_indexes(&self) -> Vec<usize> {
        self.key.iter().filter_map(|name| self.column_index(name)).collect()
    }

    /// Tells whether a column is kept in a baseline: the key, the counters and what marks their beginning.
    pub fn is_in_baseline(&self, column: &Column) -> bool {
        column.kind.is_counter()
            || self.key.contains(&column.name)
            || self.baseline_also.contains(&column.name)
            || self.reset_column == Some(column.name)
    }

    /// Tells whether any column is subtracted between polls.
    pub fn has_counters(&self) -> bool {
        self.columns.iter().any(|column| column.kind.is_counter())
    }
}

fn newest(statements: &[Statement], version: u16) -> Option<&'static str> {
    statements.iter().rev().find(|statement| statement.since <= version).map(|found| found.sql)
}

/// The moment of reading, the last column of every view with counters: `statement_timestamp() as read_at`.
pub const READ_AT: Column = time("read_at");
