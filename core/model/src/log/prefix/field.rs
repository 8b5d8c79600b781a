//! One field of a prefix: what it tells, and how long its value may be where a line has it.

use super::super::Sqlstate;

/// How long a name in a prefix may be. PostgreSQL's own are of 63 bytes, hosts of 255.
const MAX_NAME_BYTES: usize = 256;

/// What a field tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    User,
    Database,
    /// `%a`, `%b`, `%i` and what else may be any words.
    Words,
    Host,
    HostAndPort,
    Number,
    NumberOrNothing,
    Date,
    Epoch,
    Sqlstate,
    Session,
    VirtualTransaction,
}

impl Field {
    /// Returns the field that a letter behind a `%` stands for.
    pub(super) fn of(letter: char) -> Option<Field> {
        Some(match letter {
            'u' => Field::User,
            'd' => Field::Database,
            'a' | 'b' | 'i' | 'L' => Field::Words,
            'h' => Field::Host,
            'r' => Field::HostAndPort,
            'p' | 'l' | 'x' | 'Q' => Field::Number,
            'P' => Field::NumberOrNothing,
            't' | 'm' | 's' => Field::Date,
            'n' => Field::Epoch,
            'e' => Field::Sqlstate,
            'c' => Field::Session,
            'v' => Field::VirtualTransaction,
            _ => return None,
        })
    }

    /// Tells whether a line can be known by it.
    pub(super) fn is_telling(self) -> bool {
        matches!(self, Field::Date | Field::Epoch | Field::Number | Field::Session)
    }

    /// Returns how long its value may be at the beginning of a text, the likeliest first; `next` is what follows it.
    pub(super) fn lengths(self, text: &str, next: Option<&str>) -> Vec<usize> {
        let is_digit = |letter: char| letter.is_ascii_digit();
        let is_hexadecimal = |letter: char| letter.is_ascii_hexdigit();
        match self {
            Field::Number => number(text).into_iter().collect(),
            Field::NumberOrNothing => number(text).into_iter().chain([0]).collect(),
            Field::Date => date(text).into_iter().collect(),
            Field::Epoch => pair(text, '.', is_digit).into_iter().collect(),
            Field::Session => pair(text, '.', is_hexadecimal).into_iter().collect(),
            Field::VirtualTransaction => pair(text, '/', is_digit).into_iter().chain([0]).collect(),
            Field::Sqlstate => text.get(..5).and_then(Sqlstate::of).map(|_| 5).into_iter().collect(),
            Field::HostAndPort => host_and_port(text).into_iter().chain([0]).collect(),
            Field::Host => (0..=run(text, is_of_host)).rev().chain(local(text)).collect(),
            Field::User | Field::Database | Field::Words => words(text, next),
        }
    }
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !belongs(letter)).unwrap_or(text.len()).min(MAX_NAME_BYTES)
}

fn number(text: &str) -> Option<usize> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let end = run(digits, |letter| letter.is_ascii_digit());
    (end > 0).then_some(text.len() - digits.len() + end)
}

/// Two runs of digits with a mark between them.
fn pair(text: &str, mark: char, is_digit: impl Fn(char) -> bool) -> Option<usize> {
    let first = run(text, &is_digit);
    let second = run(text[first..].strip_prefix(mark)?, &is_digit);
    (first > 0 && second > 0).then_some(first + mark.len_utf8() + second)
}

/// `2026-11-30 16:04:05 UTC`, with milliseconds or without; a zone may be a number.
fn date(text: &str) -> Option<usize> {
    const SHAPE: &str = "0000-00-00 00:00:00";
    let fits = |(shape, letter): (u8, u8)| match shape {
        b'0' => letter.is_ascii_digit(),
        mark => letter == mark,
    };
    let bytes = text.as_bytes();
    if bytes.len() < SHAPE.len() || !SHAPE.bytes().zip(bytes.iter().copied()).all(fits) {
        return None;
    }
    let mut at = SHAPE.len();
    if let Some(milliseconds) = text[at..].strip_prefix('.') {
        at += 1 + run(milliseconds, |letter| letter.is_ascii_digit());
    }
    let zone = text[at..].strip_prefix(' ')?;
    let zone = run(zone, |letter| letter.is_ascii_alphanumeric() || letter == '+' || letter == '-');
    (zone > 0).then_some(at + 1 + zone)
}

fn is_of_host(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || ".:-_%".contains(letter)
}

/// A session by the socket has no host.
fn local(text: &str) -> Option<usize> {
    text.starts_with("[local]").then_some("[local]".len())
}

fn host_and_port(text: &str) -> Option<usize> {
    let host = run(text, is_of_host);
    let port = text[host..].strip_prefix('(').map(|port| run(port, |letter| letter.is_ascii_digit()));
    let whole = port.filter(|port| text[host + 1 + port..].starts_with(')')).map(|port| host + port + 2);
    whole.filter(|_| host > 0).or_else(|| local(text))
}

/// Any words, up to where the next literal begins, where there is one.
fn words(text: &str, next: Option<&str>) -> Vec<usize> {
    let within = |at: &usize| *at <= MAX_NAME_BYTES;
    match next {
        Some(literal) => text.match_indices(literal).map(|(at, _)| at).take_while(within).collect(),
        None => text.char_indices().map(|(at, _)| at).chain([text.len()]).take_while(within).collect(),
    }
}
