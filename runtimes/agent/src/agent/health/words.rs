//! Spans of time, moments and sizes as people read them.

use pgquerylens_model::time::Timestamp;

/// Returns a span of time in at most two units: `850 ms`, `12.5 s`, `3 min 5 s`, `2 d 4 h`.
pub(super) fn span(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    let pair = |unit: u64, name: &str, smaller: u64, small_name: &str| {
        let (large, small) = (whole / unit, whole % unit / smaller);
        if small == 0 { format!("{large} {name}") } else { format!("{large} {name} {small} {small_name}") }
    };
    match seconds {
        ..1.0 => format!("{:.0} ms", seconds.max(0.0) * 1e3),
        ..10.0 if seconds.fract() != 0.0 => format!("{seconds:.1} s"),
        _ if whole < 60 => format!("{whole} s"),
        _ if whole < 3_600 => pair(60, "min", 1, "s"),
        _ if whole < 86_400 => pair(3_600, "h", 60, "min"),
        _ => pair(86_400, "d", 3_600, "h"),
    }
}

/// Returns how long ago a moment was.
pub(super) fn ago(then: Timestamp, now: Timestamp) -> String {
    format!("{} ago", whole_span(now.seconds_since(then)))
}

/// Returns how far away a moment is; one that has passed is now.
pub(super) fn ahead(then: Timestamp, now: Timestamp) -> String {
    match then.seconds_since(now) {
        left if left < 1.0 => "now".to_owned(),
        left => format!("in {}", whole_span(left)),
    }
}

fn whole_span(seconds: f64) -> String {
    span(seconds.max(0.0).round().max(1.0))
}

/// Returns a moment to the second, in UTC: `2026-07-01T12:00:00Z`.
pub(super) fn moment(at: Timestamp) -> String {
    let text = at.to_rfc3339();
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}

/// Returns a size in the unit that fits: `512 B`, `1.5 MiB`.
pub(super) fn size(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1_024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1_024.0;
    let mut unit = 0;
    while value >= 1_024.0 && unit + 1 < units.len() {
        value /= 1_024.0;
        unit += 1;
    }
    format!("{value:.1} {}", units[unit])
}

/// Returns a count with its thousands apart: `1 234 567`, the spaces narrow and unbreakable.
pub(super) fn count(count: u64) -> String {
    let digits = count.to_string();
    let first = digits.len() % 3;
    let mut text = digits[..first].to_owned();
    for (index, digit) in digits[first..].chars().enumerate() {
        if index % 3 == 0 && !text.is_empty() {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_at_most_two_units() {
        for (seconds, text) in [
            (-1.0, "0 ms"),
            (0.0421, "42 ms"),
            (1.0, "1 s"),
            (2.25, "2.2 s"),
            (59.4, "59 s"),
            (60.0, "1 min"),
            (211.0, "3 min 31 s"),
            (3_660.0, "1 h 1 min"),
            (90_000.0, "1 d 1 h"),
        ] {
            assert_eq!(span(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn moments_are_told_from_now() {
        let at = |second: i64| Timestamp(second * 1_000_000);
        assert_eq!(ago(at(0), at(75)), "1 min 15 s ago");
        assert_eq!(ago(at(9), at(8)), "1 s ago", "a clock that went back");
        assert_eq!(ahead(at(75), at(0)), "in 1 min 15 s");
        assert_eq!(ahead(at(0), at(75)), "now");
        assert_eq!(moment(at(0)), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn sizes_and_counts_are_short() {
        assert_eq!([0, 1_023, 1_024, 1_572_864].map(size), ["0 B", "1023 B", "1.0 KiB", "1.5 MiB"]);
        assert_eq!(size(u64::MAX), "16777216.0 TiB");
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(count),
            ["0", "999", "1\u{202f}000", "1\u{202f}234\u{202f}567"]
        );
    }
}
