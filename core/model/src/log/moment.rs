//! The moments that a prefix tells (`%t`, `%m`, `%n`), where they can be placed: zones are abbreviations of which only those
//! of UTC mean one thing.

use crate::time::Timestamp;

/// Names of the zone in which a log can be placed; on RDS no other is possible.
const UTC: [&str; 3] = ["UTC", "GMT", "Z"];

/// Reads `2026-11-30 16:04:05 UTC`, with or without milliseconds.
pub(super) fn of_date(text: &str) -> Option<Timestamp> {
    let (moment, zone) = text.rsplit_once(' ')?;
    if !UTC.contains(&zone) {
        return None;
    }
    let number = |from: usize, to: usize| moment.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let milliseconds = if moment.len() > 20 { number(20, 23)? } else { 0 };
    let is_date = (1..=12).contains(&month) && (1..=31).contains(&day);
    let seconds = ((Timestamp::days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    is_date.then_some(Timestamp(seconds * 1_000_000 + milliseconds * 1_000))
}

/// Reads seconds since 1970 with milliseconds.
pub(super) fn of_epoch(text: &str) -> Option<Timestamp> {
    let (seconds, milliseconds) = text.split_once('.')?;
    let seconds: i64 = seconds.parse().ok()?;
    let milliseconds: i64 = milliseconds.parse().ok()?;
    Some(Timestamp(seconds.checked_mul(1_000_000)?.checked_add(milliseconds.checked_mul(1_000)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_what_it_says_where_its_zone_is_clear() {
        let shown = |read: Option<Timestamp>| read.map(Timestamp::to_rfc3339);
        for (text, expected) in [
            ("2026-11-30 16:04:05 UTC", Some("2026-11-30T16:04:05.000000Z")),
            ("2024-02-29 00:00:00.987 GMT", Some("2024-02-29T00:00:00.987000Z")),
            ("2026-11-30 16:04:05 CET", None),
            ("2026-13-30 16:04:05 UTC", None),
            ("2026-11-30", None),
        ] {
            assert_eq!(shown(of_date(text)).as_deref(), expected, "{text}");
        }
        assert_eq!(shown(of_epoch("1764000000.250")).as_deref(), Some("2025-11-24T16:00:00.250000Z"));
        assert_eq!(of_epoch("99999999999999999999.1"), None);
    }
}
