//! What of a log is counted: entries from `WARNING` on, by severity, SQLSTATE and database, and plans. The sums grow for as
//! long as they are kept, so that a log that is read again after a process died says what it said before.

use serde::{Deserialize, Serialize};

use super::{Entry, Severity, Sqlstate};
use crate::time::Timestamp;

/// How many series there are; what comes after them is counted with the others of its severity.
pub const MAX_SERIES: usize = 100;
/// The longest name of a database: PostgreSQL's own limit.
const MAX_DATABASE_BYTES: usize = 63;

/// Sums since a moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// When they began at nothing.
    pub start: Timestamp,
    /// Entries that were read, of any severity.
    pub entries: u64,
    /// Plans that were found.
    pub plans: u64,
    series: Vec<(Series, u64)>,
    others: Vec<(Severity, u64)>,
}

/// What entries that are counted together have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Series {
    /// How grave they are.
    pub severity: Severity,
    /// Their code, where the prefix has it.
    pub sqlstate: Option<Sqlstate>,
    /// Their database.
    pub database: Option<String>,
}

impl Series {
    fn of(entry: &Entry<'_>) -> Series {
        // Before a login is through, a database is whatever somebody typed.
        let is_known = entry.severity != Severity::Fatal;
        let is_name = |name: &&str| name.len() <= MAX_DATABASE_BYTES && !name.contains(char::is_control);
        Series {
            severity: entry.severity,
            sqlstate: entry.sqlstate,
            database: entry.database.filter(|_| is_known).filter(is_name).map(str::to_owned),
        }
    }
}

impl Counts {
    /// Begins at a moment, with nothing.
    pub fn begun(start: Timestamp) -> Counts {
        Counts { start, entries: 0, plans: 0, series: Vec::new(), others: Vec::new() }
    }

    /// Counts an entry.
    pub fn add(&mut self, entry: &Entry<'_>) {
        self.entries += 1;
        if !Severity::COUNTED.contains(&entry.severity) {
            return;
        }
        let series = Series::of(entry);
        match self.series.binary_search_by(|(known, _)| known.cmp(&series)) {
            Ok(place) => self.series[place].1 += 1,
            Err(place) if self.series.len() < MAX_SERIES => self.series.insert(place, (series, 1)),
            Err(_) => match self.others.iter_mut().find(|(severity, _)| *severity == entry.severity) {
                Some((_, count)) => *count += 1,
                None => self.others.push((entry.severity, 1)),
            },
        }
    }

    /// Returns the series, and how many entries each has.
    pub fn series(&self) -> impl Iterator<Item = (&Series, u64)> {
        self.series.iter().map(|(series, count)| (series, *count))
    }

    /// Returns how many entries of a severity are in no series of their own.
    pub fn others(&self) -> impl Iterator<Item = (Severity, u64)> {
        self.others.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry<'l>(severity: Severity, sqlstate: &str, database: &'l str) -> Entry<'l> {
        Entry {
            time: None,
            user: None,
            database: Some(database),
            sqlstate: Sqlstate::of(sqlstate),
            severity,
            message: "",
        }
    }

    /// Adds entries; returns each series as severity, code, database and count.
    fn check(entries: &[Entry<'_>], expected: &[(&str, &str, Option<&str>, u64)]) {
        let mut counts = Counts::begun(Timestamp(0));
        entries.iter().for_each(|entry| counts.add(entry));
        let series: Vec<_> = counts
            .series()
            .map(|(series, count)| {
                let code = series.sqlstate.as_ref().map_or("", Sqlstate::as_str);
                (series.severity.name(), code, series.database.as_deref(), count)
            })
            .collect();
        assert_eq!(series, expected);
        assert_eq!(counts.entries, entries.len() as u64);
    }

    #[test]
    fn what_is_wrong_is_counted_by_code_and_database() {
        check(
            &[
                entry(Severity::Error, "23505", "shop"),
                entry(Severity::Log, "00000", "shop"),
                entry(Severity::Error, "23505", "shop"),
                entry(Severity::Error, "23505", "bank"),
                entry(Severity::Warning, "", "shop"),
            ],
            &[
                ("WARNING", "", Some("shop"), 1),
                ("ERROR", "23505", Some("bank"), 1),
                ("ERROR", "23505", Some("shop"), 2),
            ],
        );
    }

    #[test]
    fn what_somebody_typed_as_a_database_is_not_told() {
        let long = "x".repeat(MAX_DATABASE_BYTES + 1);
        check(
            &[
                entry(Severity::Fatal, "3D000", "my secret"),
                entry(Severity::Error, "42601", "a\u{7}b"),
                entry(Severity::Error, "42601", &long),
            ],
            &[("ERROR", "42601", None, 2), ("FATAL", "3D000", None, 1)],
        );
    }

    #[test]
    fn beyond_the_last_series_only_severities_are_told_apart() {
        let mut counts = Counts::begun(Timestamp(0));
        let names: Vec<String> = (0..MAX_SERIES + 5).map(|number| format!("d{number}")).collect();
        for _ in 0..2 {
            names.iter().for_each(|name| counts.add(&entry(Severity::Error, "42601", name)));
        }
        counts.add(&entry(Severity::Panic, "XX000", "new"));
        let in_series: u64 = counts.series().map(|(_, count)| count).sum();
        assert_eq!((counts.series().count(), in_series), (MAX_SERIES, 2 * MAX_SERIES as u64));
        assert_eq!(counts.others().collect::<Vec<_>>(), [(Severity::Error, 10), (Severity::Panic, 1)]);
    }
}
