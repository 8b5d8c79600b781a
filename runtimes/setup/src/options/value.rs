//! Reads the values of options: lengths of time and sizes carry their unit, so that 30 is never mistaken for
//! milliseconds. Says what to write instead.

use std::time::Duration;

/// The shortest time that makes sense as a limit; 0 would be none at all.
const MIN_DURATION: Duration = Duration::from_millis(1);
/// The longest: PostgreSQL counts its timeouts in milliseconds of 31 bits, which is just under 25 days.
const MAX_DURATION: Duration = Duration::from_secs(24 * 24 * 3_600);
/// The largest size: PostgreSQL's own limit of work_mem, 2 TiB.
const MAX_BYTES: u64 = 2 << 40;
/// The largest number of anything that is counted.
const MAX_COUNT: u64 = 1_000_000;

/// PostgreSQL's units are powers of 1024 whatever they are called, and so are ours.
const BYTE_UNITS: [(&str, u64); 8] = [
    ("kb", 1 << 10),
    ("kib", 1 << 10),
    ("mb", 1 << 20),
    ("mib", 1 << 20),
    ("gb", 1 << 30),
    ("gib", 1 << 30),
    ("tb", 1 << 40),
    ("tib", 1 << 40),
];

/// Reads a length of time, such as 250ms, 30s or 1m 30s; otherwise says what is wrong and what to write.
pub fn duration(text: &str) -> Result<Duration, String> {
    if is_bare_number(text) {
        return Err(format!("a time needs its unit: write {text}s for seconds, {text}ms or {text}m"));
    }
    let duration = humantime::parse_duration(text)
        .map_err(|_| "it is not a time: write 250ms, 30s, 5m or 1h".to_owned())?;
    match duration {
        short if short < MIN_DURATION => Err("it is too short: write 1ms or more".to_owned()),
        long if long > MAX_DURATION => Err("it is too long: write 24days or less".to_owned()),
        duration => Ok(duration),
    }
}

/// Reads a size, such as 16MiB or 512kB.
pub fn bytes(text: &str) -> Result<u64, String> {
    if is_bare_number(text) {
        return Err(format!("a size needs its unit: write {text}MiB or {text}kB"));
    }
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().to_ascii_lowercase();
    let factor = BYTE_UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    let size = factor.and_then(|factor| number.parse::<u64>().ok()?.checked_mul(factor));
    match size {
        None => {
            Err("it is not a size: write 512kB, 16MiB or 1GiB (1 MB is 1 MiB, as in PostgreSQL)".to_owned())
        }
        Some(0) => Err("it is too small: write 64kB or more".to_owned()),
        Some(large) if large > MAX_BYTES => Err("it is too large: write 2TiB or less".to_owned()),
        Some(size) => Ok(size),
    }
}

/// Reads a whole number from 1 on.
pub fn count(text: &str) -> Result<usize, String> {
    match text.trim().parse::<u64>() {
        Ok(number @ 1..=MAX_COUNT) => usize::try_from(number).map_err(|_| "it is too large".to_owned()),
        _ => Err(format!("it is not a number from 1 to {MAX_COUNT}: write digits alone, such as 10")),
    }
}

/// Reads a yes or no of the environment; a flag on the command line has no value.
pub fn switch(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("it is neither yes nor no: write true or false".to_owned()),
    }
}

/// Reads one of a few words, and knows which was probably meant.
pub fn choice(text: &str, words: &[&'static str]) -> Result<&'static str, String> {
    let found = words.iter().find(|word| **word == text.trim().to_ascii_lowercase());
    found.copied().ok_or_else(|| match nearest(text, words) {
        Some(meant) => format!("did you mean {meant}? It is one of {}", words.join(", ")),
        None => format!("write one of {}", words.join(", ")),
    })
}

/// Returns the word that was probably meant: the nearest one, if less than half of it differs.
pub fn nearest<'w>(text: &str, words: &[&'w str]) -> Option<&'w str> {
    let far = |word: &str| typos(&text.trim().to_ascii_lowercase(), &word.to_ascii_lowercase());
    words.iter().copied().min_by_key(|word| far(word)).filter(|word| far(word) * 2 < word.len())
}

/// Counts the letters to insert, delete, replace or swap with their neighbour to turn one word into the other
/// (optimal string alignment).
fn typos(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for line in 1..=one.len() {
        let mut row = vec![line];
        for column in 1..=other.len() {
            let replaced = above[column - 1] + usize::from(one[line - 1] != other[column - 1]);
            let shifted = above[column].min(row[column - 1]) + 1;
            let is_swap = line > 1
                && column > 1
                && one[line - 1] == other[column - 2]
                && one[line - 2] == other[column - 1];
            let swapped = if is_swap { before[column - 2] + 1 } else { usize::MAX };
            row.push(replaced.min(shifted).min(swapped));
        }
        (before, above) = (above, row);
    }
    above[other.len()]
}

/// Returns a size as work_mem, which PostgreSQL takes from 64 kB to just under 2 TB.
pub fn work_mem_kib(bytes: u64) -> Result<u32, String> {
    const LEAST_KIB: u32 = 64;
    match u32::try_from(bytes / 1024) {
        Ok(kib) if (LEAST_KIB..=i32::MAX.unsigned_abs()).contains(&kib) => Ok(kib),
        _ => Err("PostgreSQL takes 64kB to 2097151MB".to_owned()),
    }
}

fn is_bare_number(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_digit() || letter == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_carry_their_unit() {
        for (text, milliseconds) in
            [("250ms", 250), ("30s", 30_000), ("1m 30s", 90_000), ("2h", 7_200_000), (" 5s ", 5_000)]
        {
            assert_eq!(duration(text.trim()), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["30", "0", "1.5", "", "s", "-5s", "blue", "0s", "25days", "99999999999999999999s"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert_eq!(
            duration("30"),
            Err("a time needs its unit: write 30s for seconds, 30ms or 30m".to_owned())
        );
    }

    #[test]
    fn sizes_carry_their_unit_and_mean_what_postgresql_means() {
        for (text, size) in [("64kB", 65_536), ("16MB", 16 << 20), ("16 MiB", 16 << 20), ("1gib", 1 << 30)] {
            assert_eq!(bytes(text), Ok(size), "{text}");
        }
        for text in ["16", "", "MiB", "-1MB", "1.5GB", "16 bananas", "0kB", "3TiB", "99999999999999999999TB"]
        {
            assert!(bytes(text).is_err(), "{text}");
        }
        assert_eq!(bytes("16"), Err("a size needs its unit: write 16MiB or 16kB".to_owned()));
    }

    #[test]
    fn counts_are_whole_and_positive() {
        assert_eq!(count("10"), Ok(10));
        for text in ["0", "-1", "ten", "1e3", "", "1000001"] {
            assert!(count(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_mistyped_word_has_a_suggestion() {
        let words = ["table", "json"];
        assert_eq!(choice("JSON", &words), Ok("json"));
        assert_eq!(choice("jsn", &words), Err("did you mean json? It is one of table, json".to_owned()));
        assert_eq!(choice("tabel", &words), Err("did you mean table? It is one of table, json".to_owned()));
        assert_eq!(choice("xml", &words), Err("write one of table, json".to_owned()));
    }
}
