//! A moment by the database's own clock. The length of a window comes from two of these and never from the
//! clock of the machine that polls.

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

/// Microseconds between the Unix epoch and PostgreSQL's, 2000-01-01.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;

impl Timestamp {
    /// Reads the binary form of `timestamptz`; `infinity` saturates.
    pub fn from_postgres(micros: i64) -> Timestamp {
        Timestamp(micros.saturating_add(POSTGRES_EPOCH_MICROS))
    }

    /// Returns the seconds from `earlier` to here; negative when the clock went backwards.
    pub fn seconds_since(self, earlier: Timestamp) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / 1e6
    }

    /// Returns the number of days from 1970-01-01 to a date of the proleptic Gregorian calendar, the other way round than
    /// [`civil_from_days`].
    pub(crate) fn days_of(year: i64, month: i64, day: i64) -> i64 {
        let year = year - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// Returns the RFC 3339 form with microseconds, in UTC.
    pub fn to_rfc3339(self) -> String {
        let (days, micros) = (self.0.div_euclid(86_400_000_000), self.0.rem_euclid(86_400_000_000));
        let (year, month, day) = civil_from_days(days);
        let seconds = micros / 1_000_000;
        format!(
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:06}Z",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
            micros % 1_000_000
        )
    }
}

/// The proleptic Gregorian date of a day number since 1970-01-01 (Howard Hinnant, "chrono-compatible
/// low-level date algorithms").
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_rfc3339() {
        assert_eq!(Timestamp::from_postgres(0).to_rfc3339(), "2000-01-01T00:00:00.000000Z");
        assert_eq!(Timestamp(1_709_210_096_000_001).to_rfc3339(), "2024-02-29T12:34:56.000001Z");
        assert_eq!(Timestamp(-1).to_rfc3339(), "1969-12-31T23:59:59.999999Z");
        assert_eq!(Timestamp::from_postgres(i64::MAX).0, i64::MAX);
    }

    #[test]
    fn days_are_counted_as_they_are_told() {
        for day in (-800_000..800_000).step_by(997) {
            let (year, month, of_month) = civil_from_days(day);
            assert_eq!(Timestamp::days_of(year, month, of_month), day);
        }
    }
}
