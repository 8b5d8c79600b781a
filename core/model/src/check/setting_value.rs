//! Values of settings as `current_setting` shows them, with PostgreSQL's units, as plain numbers.

/// Reads a length of time: `10s`, `250ms`, `1min`, `0`.
pub(super) fn milliseconds(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let factor = match unit {
        "ms" | "" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// Reads a size: `1kB`, `4MB`, `1000B`.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let factor = match unit {
        "B" | "" => 1,
        "kB" => 1 << 10,
        "MB" => 1 << 20,
        "GB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(factor)
}

fn split(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, text[end..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_postgresql_prints() {
        assert_eq!(
            ["10s", "250ms", "2min", "0", "1d"].map(milliseconds),
            [10_000, 250, 120_000, 0, 86_400_000].map(Some)
        );
        assert_eq!(["1kB", "4MB", "1000B", "100"].map(bytes), [1_024, 4 << 20, 1_000, 100].map(Some));
        assert_eq!(["", "kB", "-1", "1x", "99999999999999999999kB"].map(bytes), [None; 5]);
    }
}
