//! What a server is called below a state's URL: a segment of a path that no other name has, and that nothing of ours has.

/// Names that objects and files have beside the servers' places.
const TAKEN: [&str; 9] =
    ["baseline", "control", "control.new", "dictionary", "lease", "lock", "outbox", "owner", "plans"];

/// Returns the name as a segment of a path; different names have different segments.
pub fn segment_of(name: &str) -> String {
    let is_taken = TAKEN.contains(&name);
    let plain = |index: usize, byte: u8| match byte {
        _ if index == 0 && is_taken => false,
        b'.' => index > 0,
        _ => byte.is_ascii_alphanumeric() || b"_-".contains(&byte),
    };
    let bytes = name.bytes().enumerate();
    bytes
        .map(
            |(index, byte)| {
                if plain(index, byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect()
}

/// Returns the name whose segment is this, or nothing if no name's is.
pub fn server_of(segment: &str) -> Option<String> {
    unescaped(segment).filter(|name| !name.is_empty() && segment_of(name) == segment)
}

/// Returns what a text with %XX in it stands for.
pub fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (code, plain) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(code, 16).ok()?);
        bytes.extend(plain.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_segment_of_its_own() {
        for (name, segment) in [
            ("db1", "db1"),
            ("db1:5432/shop", "db1%3A5432%2Fshop"),
            ("..", "%2E."),
            ("control", "%63ontrol"),
            ("baseline", "%62aseline"),
            ("lock", "%6Cock"),
            ("a%3A", "a%253A"),
            ("ü", "%C3%BC"),
        ] {
            assert_eq!(segment_of(name), segment);
            assert_eq!(server_of(segment).as_deref(), Some(name));
        }
        for of_nobody in ["", "lost+found", "a%", "a%3", "%61", "%3a", "%+1", "%FF", ".hidden", "outbox"] {
            assert_eq!(server_of(of_nobody), None, "{of_nobody}");
        }
    }
}
