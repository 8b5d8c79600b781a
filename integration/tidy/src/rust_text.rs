//! Rust sources as text: what is code, what is a comment or a literal, what is compiled for tests alone.
//! It knows as much of the grammar as the rules need, and no more.

/// Returns the text with comments and the inside of literals blanked out; lines and columns stay where they were.
pub fn code_of(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => end_of_line(bytes, at),
            b'/' if bytes[at..].starts_with(b"/*") => end_of_comment(bytes, at),
            b'"' => end_of_string(bytes, at + 1),
            b'r' if !is_word_before(bytes, at) && raw_quotes(bytes, at).is_some() => end_of_raw(bytes, at),
            b'\'' => end_of_character(bytes, at).unwrap_or(at + 1),
            _ => at + 1,
        };
        if end > at + 1 {
            code[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        }
        at = end;
    }
    String::from_utf8_lossy(&code).into_owned()
}

fn end_of_line(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| at + length)
}

fn end_of_comment(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut at) = (0, at);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if bytes[at..].starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
        } else {
            at += 1;
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// Returns how many `#` a raw string at this place has.
fn raw_quotes(bytes: &[u8], at: usize) -> Option<usize> {
    let hashes = bytes[at + 1..].iter().take_while(|byte| **byte == b'#').count();
    (bytes.get(at + 1 + hashes) == Some(&b'"')).then_some(hashes)
}

fn end_of_raw(bytes: &[u8], at: usize) -> usize {
    let hashes = raw_quotes(bytes, at).unwrap_or(0);
    let closing = [b"\"".as_slice(), &vec![b'#'; hashes]].concat();
    let inside = at + hashes + 2;
    let found = bytes[inside..].windows(closing.len()).position(|window| window == closing);
    found.map_or(bytes.len(), |length| inside + length + closing.len())
}

/// A lifetime has no closing quote.
fn end_of_character(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at + 1) == Some(&b'\\') {
        let closing = bytes[at + 3..].iter().position(|byte| *byte == b'\'')?;
        return Some(at + closing + 4);
    }
    let rest = std::str::from_utf8(&bytes[at + 1..bytes.len().min(at + 6)])
        .or_else(|error| std::str::from_utf8(&bytes[at + 1..at + 1 + error.valid_up_to()]));
    let character = rest.ok()?.chars().next()?;
    let closing = at + 1 + character.len_utf8();
    (bytes.get(closing) == Some(&b'\'')).then_some(closing + 1)
}

/// A raw string may have a prefix of its own, as in `br"…"` and `cr"…"`; that one is no word.
fn is_word_before(bytes: &[u8], at: usize) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match &bytes[..at] {
        [.., before, b'b' | b'c'] => is_word(*before),
        [b'b' | b'c'] => false,
        [.., before] => is_word(*before),
        [] => false,
    }
}

/// Returns the code without the items that are compiled for tests alone.
pub fn without_tests(code: &str) -> String {
    const ATTRIBUTE: &str = "#[cfg(test)]";
    let mut rest = code.to_owned();
    while let Some(start) = rest.find(ATTRIBUTE) {
        let end = end_of_item(&rest, start + ATTRIBUTE.len());
        let blank: String = rest[start..end].chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
        rest.replace_range(start..end, &blank);
    }
    rest
}

/// Returns where an item ends: at its semicolon, or at the brace that closes its first one.
fn end_of_item(code: &str, start: usize) -> usize {
    let mut depth = 0;
    for (at, character) in code[start..].char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth <= 1 => return start + at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return start + at + 1,
            _ => {}
        }
    }
    code.len()
}

/// Returns the names of modules that are compiled for tests alone and have files of their own.
pub fn test_modules(code: &str) -> Vec<String> {
    let items = code.split("#[cfg(test)]").skip(1);
    items
        .filter_map(|item| {
            let head = item.split_once(';')?.0;
            let name = head.rsplit_once("mod ")?.1.trim();
            (!head.contains('{')).then(|| name.to_owned())
        })
        .collect()
}

/// Returns the lines, counted from 1, on which a word or path stands by itself.
pub fn lines_with<'c>(code: &'c str, word: &'c str) -> impl Iterator<Item = usize> + 'c {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let stands_alone = move |line: &str, at: usize| {
        let before = line[..at].chars().next_back().filter(|_| word.starts_with(is_word));
        let after = line[at + word.len()..].chars().next().filter(|_| word.ends_with(is_word));
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    };
    let has = move |line: &str| line.match_indices(word).any(|(at, _)| stands_alone(line, at));
    code.lines().enumerate().filter(move |(_, line)| has(line)).map(|(index, _)| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, code: &str) {
        assert_eq!(code_of(text), code);
    }

    #[test]
    fn comments_and_literals_are_no_code() {
        check("a // b\nc", "a     \nc");
        check("a /* b /* c */ d */ e", "a                   e");
        check(r#"f("x\"y", 'z', '\'', '"')"#, "f(      ,    ,     ,    )");
        check("r#\"a\"b\"# c", "         c");
        check("br\"a\" c", "b     c");
        check("for x in y<'a> { 'b: loop {} }", "for x in y<'a> { 'b: loop {} }");
        check("'é' c", "     c");
    }

    #[test]
    fn test_items_are_cut_out() {
        assert_eq!(without_tests("a\n#[cfg(test)]\nmod tests {\n{ b }\n}\nc").replace([' ', '\n'], ""), "ac");
        assert_eq!(without_tests("#[cfg(test)]\nmod tests;\nc").trim(), "c");
        assert_eq!(test_modules("#[cfg(test)]\nmod a;\n#[cfg(test)]\npub(crate) mod b { }\nmod c;"), ["a"]);
    }

    #[test]
    fn words_stand_alone() {
        let lines = |word| lines_with("unsafe_code\nunsafe {\nx.unsafe", word).collect::<Vec<_>>();
        assert_eq!(lines("unsafe"), [2, 3]);
        assert_eq!(lines("x."), [3]);
    }
}
