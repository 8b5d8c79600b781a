//! Numbers for people: three digits and a unit, never wider than eight characters.

/// Returns a count: `999`, `1.2k`, `12.3M`.
pub(crate) fn count(value: f64) -> String {
    scaled(value, 1_000.0, &["", "k", "M", "G", "T", "P"])
}

/// Returns bytes in powers of 1,024: `512 B`, `1.2 KiB`, `12.3 GiB`; `0` for none.
pub(crate) fn bytes(value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else {
        scaled(value, 1_024.0, &[" B", " KiB", " MiB", " GiB", " TiB", " PiB"])
    }
}

/// Returns milliseconds in the unit that reads best: `0.04 ms`, `12.3 ms`, `1.23 s`, `12.3 min`; `0` for none.
pub(crate) fn milliseconds(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        value if value < 0.005 => "<10 µs".to_owned(),
        value if value < 999.5 => format!("{} ms", three_digits(value)),
        value if value < 120_000.0 => format!("{} s", three_digits(value / 1e3)),
        value if value < 7_200_000.0 => format!("{} min", three_digits(value / 60e3)),
        value if value < 172_800_000.0 => format!("{} h", three_digits(value / 3_600e3)),
        value => format!("{} d", count(value / 86_400e3)),
    }
}

/// Returns a share of 1 in whole percent, with what rounding would hide: `62%`, `<1%`.
pub(crate) fn share(value: f64) -> String {
    if value > 0.0 && value < 0.005 { "<1%".to_owned() } else { format!("{:.0}%", value * 100.0) }
}

/// Returns a hit ratio: `99.4%`; only what was never missed is `100%`.
pub(crate) fn ratio(value: f64) -> String {
    match value {
        1.0 => "100%".to_owned(),
        value => format!("{:.1}%", (value * 1_000.0).floor() / 10.0),
    }
}

/// Returns a span of time in the two largest units: `850 ms`, `2.3 s`, `2 min 3 s`, `3 d 4 h`, `2 h`.
pub(crate) fn span(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    let pair = |unit: u64, name: &str, smaller: u64, small_name: &str| match whole % unit / smaller {
        0 => format!("{} {name}", whole / unit),
        small => format!("{} {name} {small} {small_name}", whole / unit),
    };
    match whole {
        0 if seconds < 0.95 => format!("{:.0} ms", seconds.max(0.0) * 1e3),
        0..10 if seconds.fract() != 0.0 => format!("{seconds:.1} s"),
        0..60 => format!("{whole} s"),
        60..3_600 => pair(60, "min", 1, "s"),
        3_600..86_400 => pair(3_600, "h", 60, "min"),
        _ => pair(86_400, "d", 3_600, "h"),
    }
}

/// Returns a whole number with its digits in groups: `4,321`.
pub(crate) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns `1 session`, `2 sessions`.
pub(crate) fn plural(number: usize, one: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {one}{ending}", grouped(number as u64))
}

fn scaled(value: f64, step: f64, units: &[&str]) -> String {
    let mut value = value;
    let mut units = units.iter().peekable();
    while let Some(unit) = units.next() {
        // 999.6 would be shown as 1000: it is 1.00 of the next unit.
        if value.abs() < 999.5 || units.peek().is_none() {
            let whole = unit.trim().is_empty() || *unit == " B";
            let is_round = whole && value.fract() == 0.0;
            let digits = if is_round { format!("{value:.0}") } else { three_digits(value) };
            return format!("{digits}{unit}");
        }
        value /= step;
    }
    String::new()
}

fn three_digits(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size < 9.995 => format!("{value:.2}"),
        size if size < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        let shown = [0.0, 7.0, 0.25, 999.0, 999.6, 1_234.0, 12_345.0, 999_999.0, 5e9].map(count);
        assert_eq!(shown, ["0", "7", "0.25", "999", "1.00k", "1.23k", "12.3k", "1.00M", "5.00G"]);
    }

    #[test]
    fn sizes() {
        let shown = [0.0, 512.0, 1_023.0, 8_192.0, 1_048_576.0 * 12.3, 3e12].map(bytes);
        assert_eq!(shown, ["0", "512 B", "1.00 KiB", "8.00 KiB", "12.3 MiB", "2.73 TiB"]);
    }

    #[test]
    fn durations() {
        let shown = [0.0, 0.001, 0.04, 12.34, 999.4, 999.6, 119_000.0, 740_000.0, 1e7, 1e9].map(milliseconds);
        assert_eq!(
            shown,
            [
                "0", "<10 µs", "0.04 ms", "12.3 ms", "999 ms", "1.00 s", "119 s", "12.3 min", "2.78 h",
                "11.6 d"
            ]
        );
    }

    #[test]
    fn shares_and_ratios() {
        assert_eq!([0.0, 0.001, 0.624, 1.0].map(share), ["0%", "<1%", "62%", "100%"]);
        assert_eq!([0.0, 0.9999, 1.0].map(ratio), ["0.0%", "99.9%", "100%"]);
    }

    #[test]
    fn spans() {
        let shown = [-1.0, 0.25, 0.96, 2.0, 2.34, 14.9, 120.0, 123.0, 11_040.0, 273_600.0].map(span);
        let expected =
            ["0 ms", "250 ms", "1.0 s", "2 s", "2.3 s", "14 s", "2 min", "2 min 3 s", "3 h 4 min", "3 d 4 h"];
        assert_eq!(shown, expected);
    }

    #[test]
    fn groups_and_plurals() {
        assert_eq!([7, 999, 4_321, 1_234_567].map(grouped), ["7", "999", "4,321", "1,234,567"]);
        assert_eq!([plural(1, "session"), plural(2_000, "session")], ["1 session", "2,000 sessions"]);
    }
}
