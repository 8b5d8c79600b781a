//! How long each major is maintained (postgresql.org/support/versioning). "Now" is the database's own clock.

use crate::time::Timestamp;

/// The last day of each major's maintenance and its midnight in seconds since 1970.
const ENDS: [(u16, &str, i64); 7] = [
    (12, "2024-11-21", 1_732_147_200),
    (13, "2025-11-13", 1_762_992_000),
    (14, "2026-11-12", 1_794_441_600),
    (15, "2027-11-11", 1_825_891_200),
    (16, "2028-11-09", 1_857_340_800),
    (17, "2029-11-08", 1_888_790_400),
    (18, "2030-11-14", 1_920_844_800),
];

/// Returns the day on which the major's maintenance ended, if it has.
pub(super) fn ended(major: u16, now: Timestamp) -> Option<&'static str> {
    let (_, day, midnight) = ENDS.into_iter().find(|(of, ..)| *of == major)?;
    (now > Timestamp((midnight + 86_400) * 1_000_000)).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_seconds_agree() {
        for (major, day, midnight) in ENDS {
            assert_eq!(
                Timestamp(midnight * 1_000_000).to_rfc3339(),
                format!("{day}T00:00:00.000000Z"),
                "{major}"
            );
        }
        assert!(crate::version::SUPPORTED_MAJORS.eq(ENDS.into_iter().map(|(major, ..)| major)));
    }

    #[test]
    fn the_last_day_still_counts() {
        let noon = Timestamp((1_794_441_600 + 43_200) * 1_000_000);
        assert_eq!(ended(14, noon), None);
        assert_eq!(ended(13, noon), Some("2025-11-13"));
        assert_eq!(ended(99, noon), None);
    }
}
