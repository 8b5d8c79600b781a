//! Reads libpq's `keyword = value` form into pairs. What the keywords mean is left to the parent module.

use std::iter::Peekable;
use std::str::Chars;

use super::mistake::Mistake;

/// Splits a connection string into its pairs, in order; of two with the same keyword the later one counts.
pub(super) fn parse(text: &str) -> Result<Vec<(String, String)>, Mistake> {
    let mut letters = text.chars().peekable();
    let mut pairs: Vec<(String, String)> = Vec::new();
    loop {
        skip_blanks(&mut letters);
        if letters.peek().is_none() {
            return Ok(pairs);
        }
        let keyword = take_keyword(&mut letters);
        skip_blanks(&mut letters);
        if letters.next_if_eq(&'=').is_none() {
            return Err(missing_equals(pairs.last()));
        }
        skip_blanks(&mut letters);
        let Some(value) = take_value(&mut letters) else {
            return Err(Mistake::new(
                format!("the value of {} begins with a quote that never ends", printable(&keyword)),
                "write keyword='value', with \\' and \\\\ for a quote and a backslash inside",
            ));
        };
        pairs.push((keyword, value));
    }
}

/// Names the pair before the stray word and not the word itself, which may be the second half of a password.
fn missing_equals(before: Option<&(String, String)>) -> Mistake {
    let place = match before {
        Some((keyword, _)) => format!("the word after the value of {} has no =", printable(keyword)),
        None => "the first word of the connection string has no =".to_owned(),
    };
    Mistake::new(place, "write keyword=value, and quote a value that holds blanks: keyword='two words'")
}

/// Shows a keyword only if it can be one.
pub(super) fn printable(keyword: &str) -> &str {
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if !keyword.is_empty() && keyword.chars().all(word) { keyword } else { "a keyword" }
}

fn skip_blanks(letters: &mut Peekable<Chars<'_>>) {
    while letters.next_if(char::is_ascii_whitespace).is_some() {}
}

fn take_keyword(letters: &mut Peekable<Chars<'_>>) -> String {
    let mut keyword = String::new();
    while let Some(letter) = letters.next_if(|letter| *letter != '=' && !letter.is_ascii_whitespace()) {
        keyword.push(letter);
    }
    keyword
}

fn take_value(letters: &mut Peekable<Chars<'_>>) -> Option<String> {
    let quoted = letters.next_if_eq(&'\'').is_some();
    let mut value = String::new();
    while let Some(letter) = letters.next_if(|letter| quoted || !letter.is_ascii_whitespace()) {
        match letter {
            '\\' => value.extend(letters.next()),
            '\'' if quoted => return Some(value),
            _ => value.push(letter),
        }
    }
    (!quoted).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let pairs = parse(text).unwrap();
        let pairs: Vec<_> = pairs.iter().map(|(keyword, value)| (keyword.as_str(), value.as_str())).collect();
        assert_eq!(pairs, expected, "{text}");
    }

    #[test]
    fn values_may_be_bare_quoted_or_escaped() {
        check("", &[]);
        check("  ", &[]);
        check("host=db port=5433", &[("host", "db"), ("port", "5433")]);
        check(" host = db\n\tport =5433 ", &[("host", "db"), ("port", "5433")]);
        check("password='a b'", &[("password", "a b")]);
        check(r"password='it\'s \\ here'", &[("password", r"it's \ here")]);
        check(r"password=a\ b\'c", &[("password", "a b'c")]);
        check("password='' user=u", &[("password", ""), ("user", "u")]);
        check("password= user=u", &[("password", "user=u")]);
        check("dbname='née=1'user=u", &[("dbname", "née=1"), ("user", "u")]);
        check(r"options=-c\ a=1\", &[("options", "-c a=1")]);
    }

    #[test]
    fn a_stray_word_is_not_repeated() {
        let mistake = parse("user=u password=two secretwords").unwrap_err();
        assert_eq!(mistake.what, "the word after the value of password has no =");
        assert_eq!(
            parse("user=u password='secret").unwrap_err().what,
            "the value of password begins with a quote that never ends"
        );
    }
}
