//! Units of UCUM in CloudWatch's words.

/// Returns the unit that CloudWatch shows; what it has no word for has none.
pub(super) fn of(ucum: &str) -> &'static str {
    match ucum {
        "s" => "Seconds",
        "ms" => "Milliseconds",
        "us" => "Microseconds",
        "By" => "Bytes",
        "By/s" => "Bytes/Second",
        "%" => "Percent",
        _ if ucum.starts_with('{') && ucum.ends_with("}/s") => "Count/Second",
        _ if ucum.starts_with('{') && ucum.ends_with('}') => "Count",
        _ => "None",
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn units_are_said_in_cloudwatchs_words() {
        for (ucum, expected) in [
            ("s", "Seconds"),
            ("ms", "Milliseconds"),
            ("By", "Bytes"),
            ("%", "Percent"),
            ("{lock}", "Count"),
            ("{block}", "Count"),
            ("{operation}/s", "Count/Second"),
            ("1", "None"),
            ("d", "None"),
        ] {
            assert_eq!(super::of(ucum), expected, "{ucum}");
        }
    }
}
