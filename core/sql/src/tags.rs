//! The tags that client libraries write into comments: sqlcommenter's `/*key='value'*/` with percent encoding, and
//! marginalia's `/*key:value*/`. They are kept apart from the text.
//!
//! A tag's value is what the application wrote, so it may be a literal; only keys of [`ALLOWED_TAGS`] are read.

use crate::lexer::{Token, TokenKind};

/// The keys that are read; a value under any other key never leaves the text.
pub const ALLOWED_TAGS: [&str; 17] = [
    "action",
    "app",
    "app_name",
    "application",
    "controller",
    "controller_namespace",
    "db_driver",
    "framework",
    "job",
    "job_name",
    "line",
    "route",
    "service",
    "service_name",
    "source_location",
    "traceparent",
    "version",
];

/// The most tags that are read from one text: each key once.
pub const MAX_TAGS: usize = ALLOWED_TAGS.len();

/// The longest value; longer ones are no tag but data. A `traceparent` has 55 bytes, source locations about 100.
pub const MAX_TAG_BYTES: usize = 256;

/// The longest comment that is searched for tags: all allowed tags with values of usual length.
const MAX_COMMENT_BYTES: usize = 4 * 1024;

/// The most comments that are searched, from the end, where the libraries put them, and as many from the start.
const MAX_COMMENTS: usize = 4;

/// Returns the allowed tags in a text's comments, in the order of the text, the first of each key.
pub(crate) fn tags(sql: &str, tokens: &[Token]) -> Vec<(String, String)> {
    let comments = || tokens.iter().filter(|token| token.kind == TokenKind::Comment);
    let count = comments().count();
    let is_near_an_end = |index: usize| index < MAX_COMMENTS || index + MAX_COMMENTS >= count;
    let mut tags: Vec<(String, String)> = Vec::new();
    for (_, comment) in comments().enumerate().filter(|(index, _)| is_near_an_end(*index)) {
        for pair in body(comment.text(sql)).map(pairs).into_iter().flatten() {
            let Some((key, value)) = pair.and_then(allowed) else { continue };
            if tags.len() < MAX_TAGS && !tags.iter().any(|(known, _)| *known == key) {
                tags.push((key, value));
            }
        }
    }
    tags
}

/// Returns what stands in a closed block comment; line comments and pg_hint_plan's `/*+ … */` hold no tags.
fn body(comment: &str) -> Option<&str> {
    let body = comment.strip_prefix("/*")?.strip_suffix("*/")?;
    (!body.starts_with('+') && body.len() <= MAX_COMMENT_BYTES).then_some(body.trim())
}

/// Returns the pairs between the commas; `None` for what is no pair.
fn pairs(body: &str) -> impl Iterator<Item = Option<(&str, String)>> {
    body.split(',').map(|part| {
        let part = part.trim();
        if let Some((key, value)) = part.split_once('=') {
            let quoted = value.trim().strip_prefix('\'')?.strip_suffix('\'')?;
            return Some((key.trim(), percent_decoded(quoted)?));
        }
        let (key, value) = part.split_once(':')?;
        Some((key.trim(), value.trim().to_owned()))
    })
}

fn allowed((key, value): (&str, String)) -> Option<(String, String)> {
    let key = key.to_ascii_lowercase();
    let is_plain = !value.is_empty() && value.len() <= MAX_TAG_BYTES && !value.chars().any(char::is_control);
    (ALLOWED_TAGS.contains(&key.as_str()) && is_plain).then_some((key, value))
}

/// Decodes `%41`; sqlcommenter also puts a backslash before a quote.
fn percent_decoded(value: &str) -> Option<String> {
    let bytes = value.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'%' => {
                let digits = value.get(at + 1..at + 3)?;
                decoded.push(u8::from_str_radix(digits, 16).ok()?);
                at += 3;
            }
            b'\\' if bytes.get(at + 1) == Some(&b'\'') => at += 1,
            _ => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::analysis::analyse;
    use crate::raw::RawSql;

    fn check(sql: &str, expected: &Expect) {
        let tags = analyse(&RawSql::from(sql)).tags;
        expected.assert_eq(&tags.iter().map(|(key, value)| format!("{key}={value}\n")).collect::<String>());
    }

    #[test]
    fn sqlcommenter_is_decoded() {
        check(
            "select 1 /*action='%2Fshow',application='my%20app',email='a%40b.c',route='it\\'s'*/",
            &expect![[r#"
                action=/show
                application=my app
                route=it's
            "#]],
        );
    }

    #[test]
    fn marginalia_is_read() {
        check(
            "/*application:Shop,controller:orders,password:x*/ select 1",
            &expect![[r#"
            application=Shop
            controller=orders
        "#]],
        );
    }

    #[test]
    fn what_is_no_tag_is_left_alone() {
        check("select 1 -- action='x'", &expect![""]);
        check("/*+ action:x */ select '/*action:x*/'", &expect![""]);
        check("select 1 /* action='%zz',job='',app='a\nb',route=x, action */", &expect![""]);
        check("select 1 /*action='cut", &expect![""]);
        check(
            "select 1 /*action:first*/ /*action:second*/",
            &expect![[r#"
            action=first
        "#]],
        );
    }
}
