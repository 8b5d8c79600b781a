//! Which minutes of which metric were delivered. CloudWatch tells a minute late, and of each metric later than of another:
//! minutes that were asked for are asked for again for a while, and what comes then for the first time is told.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// For how many minutes a value may be late.
const LATE: i64 = 10;
/// How many minutes back the longest look goes, after a pause: as many as a set has bits, and no week.
const LONGEST: i64 = u64::BITS as i64;
const MINUTE: Duration = Duration::from_secs(60);

/// The longest pause between looks after which nothing is missing.
pub const LONGEST_PAUSE: Duration = Duration::from_secs((LONGEST - LATE) as u64 * MINUTE.as_secs());

/// What was delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Delivered {
    /// The minute up to which was asked, itself not.
    end: i64,
    /// By metric a bit for each minute before the end, the last of them the lowest.
    minutes: BTreeMap<String, u64>,
}

impl Delivered {
    /// Reads what was kept; what cannot be read is begun anew.
    pub(super) fn kept(text: Option<&str>) -> Delivered {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// Returns what is kept.
    pub(super) fn keep(&self) -> String {
        serde_json::to_string(self).expect("plain data is JSON")
    }

    /// Returns the minutes to ask for when all before this one are over; nothing before the pause is. A clock that went
    /// far back begins anew, since nothing would be due for as long.
    pub(super) fn due(&mut self, end: i64, pause: Duration) -> Option<Range<i64>> {
        if self.end - end > LATE {
            *self = Delivered::default();
        }
        let pause = pause.as_secs().div_ceil(MINUTE.as_secs()).max(1);
        let passed = end - self.end;
        if self.end != 0 && passed < i64::try_from(pause).unwrap_or(LONGEST) {
            return None;
        }
        for minutes in self.minutes.values_mut() {
            *minutes = u32::try_from(passed).ok().and_then(|passed| minutes.checked_shl(passed)).unwrap_or(0);
        }
        self.minutes.retain(|_, minutes| *minutes != 0);
        let from = if self.end == 0 { end - LATE } else { (self.end - LATE).max(end - LONGEST) };
        self.end = end;
        Some(from..end)
    }

    /// Notes a minute of a metric; tells whether it is there for the first time.
    pub(super) fn note(&mut self, metric: &str, minute: i64) -> bool {
        let back = self.end - 1 - minute;
        let Some(bit) = u32::try_from(back).ok().and_then(|back| 1_u64.checked_shl(back)) else {
            return false;
        };
        let minutes = self.minutes.entry(metric.to_owned()).or_default();
        let is_new = *minutes & bit == 0;
        *minutes |= bit;
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 29_000_000;

    #[test]
    fn minutes_are_asked_for_until_they_are_too_late() {
        let mut delivered = Delivered::default();
        for (end, pause, expected) in [
            (NOW, 5, Some(NOW - 10..NOW)),
            (NOW, 1, None),
            (NOW + 4, 5, None),
            (NOW + 5, 5, Some(NOW - 10..NOW + 5)),
            (NOW + 6, 1, Some(NOW - 5..NOW + 6)),
            (NOW + 5, 1, None),
            (NOW + 1_000, 5, Some(NOW + 1_000 - 64..NOW + 1_000)),
            (NOW, 5, Some(NOW - 10..NOW)),
        ] {
            assert_eq!(delivered.due(end, Duration::from_secs(pause * 60)), expected, "{end}");
        }
        let mut delivered = Delivered::default();
        delivered.due(NOW, MINUTE);
        assert_eq!(delivered.due(NOW + 1, Duration::from_secs(61)), None, "a pause is of whole minutes");
    }

    #[test]
    fn a_minute_is_new_once_however_late_it_comes() {
        let mut delivered = Delivered::default();
        delivered.due(NOW, MINUTE);
        assert!(delivered.note("a", NOW - 1) && delivered.note("a", NOW - 3) && delivered.note("b", NOW - 1));
        let mut delivered = Delivered::kept(Some(&delivered.keep()));
        delivered.due(NOW + 2, MINUTE);
        let new = [NOW - 3, NOW - 2, NOW - 1, NOW, NOW + 1].map(|minute| delivered.note("a", minute));
        assert_eq!(new, [false, true, false, true, true]);
        assert!(!delivered.note("a", NOW + 2) && !delivered.note("a", NOW - 63), "nobody asked for those");
    }

    #[test]
    fn metrics_that_went_silent_are_forgotten() {
        let mut delivered = Delivered::default();
        delivered.due(NOW, MINUTE);
        delivered.note("a", NOW - 1);
        delivered.due(NOW + 63, MINUTE);
        assert_eq!(delivered.minutes.len(), 1);
        delivered.due(NOW + 64, MINUTE);
        assert_eq!(delivered, Delivered { end: NOW + 64, minutes: BTreeMap::new() });
        assert_eq!(Delivered::kept(Some("garbage")), Delivered::default());
    }
}
