//! Identifiers as SQL wants them. What we print to be run by others must name exactly what the server named.

use std::fmt::Write;

/// Keywords that PostgreSQL does not take as a name without quotes (its kwlist.h of 12 to 18: reserved, and those
/// that may name a function or type only).
const RESERVED: &str = " all analyse analyze and any array as asc asymmetric authorization binary both case cast check \
    collate collation column concurrently constraint create cross current_catalog current_date current_role \
    current_schema current_time current_timestamp current_user default deferrable desc distinct do else end except \
    false fetch for foreign freeze from full grant group having ilike in initially inner intersect into is isnull \
    join lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or order \
    outer overlaps placing primary references returning right select session_user similar some symmetric \
    system_user table tablesample then to trailing true union unique user using variadic verbose when where window \
    with ";

/// Returns the identifier, in quotes where it needs them; with control characters as escapes, so that it can be
/// shown on a terminal.
pub fn quoted(name: &str) -> String {
    if name.chars().any(char::is_control) {
        return escaped(name);
    }
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !RESERVED.contains(&format!(" {name} "));
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// `U&"…"`, the manual's "identifiers with Unicode escapes".
fn escaped(name: &str) -> String {
    let mut sql = "U&\"".to_owned();
    for c in name.chars() {
        match c {
            '"' => sql.push_str("\"\""),
            '\\' => sql.push_str("\\\\"),
            c if c.is_control() => {
                // Control characters lie below U+00A0: four digits are enough. Writing to a String cannot fail.
                let _written = write!(sql, "\\{:04x}", u32::from(c));
            }
            c => sql.push(c),
        }
    }
    sql.push('"');
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_needs_quotes() {
        for (name, sql) in [
            ("pgquerylens", "pgquerylens"),
            ("_a1", "_a1"),
            ("1a", "\"1a\""),
            ("Mixed", "\"Mixed\""),
            ("user", "\"user\""),
            ("with", "\"with\""),
            ("a\"b", "\"a\"\"b\""),
            ("monitor@example.com", "\"monitor@example.com\""),
            ("naïve", "\"naïve\""),
            ("a\nb\\", "U&\"a\\000ab\\\\\""),
            ("", "\"\""),
        ] {
            assert_eq!(quoted(name), sql);
        }
    }
}
