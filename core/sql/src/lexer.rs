//! Splits any text into PostgreSQL's tokens. It is total: every byte of every input belongs to a token, and what
//! PostgreSQL's own scanner refuses (a quote never closed, a stray byte) has a token kind of its own.
//! What the tokens mean is left to others.

/// The highest parameter number that PostgreSQL's protocol can bind; `$` with more is not a parameter.
pub(crate) const MAX_PARAM: u32 = 65_535;

/// The longest name of an operator. Longer runs of such characters are no SQL; they are cut into several, so that
/// a text of `+` alone is not read from each to the last.
const MAX_OPERATOR_BYTES: usize = 63;

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TokenKind {
    /// Blanks and line ends.
    Space,
    /// A comment of either kind, also one that is never closed.
    Comment,
    /// A quoted string in which a backslash is an ordinary character: `'…'` or `N'…'`.
    PlainString,
    /// Any other string: `E'…'`, `B'…'`, `X'…'`, `U&'…'`, `$tag$…$tag$`.
    OtherString,
    /// A number, with the letters glued to its end, which PostgreSQL refuses.
    Number,
    /// `$n`.
    Param,
    /// A keyword or an unquoted name.
    Word,
    /// `"…"` or `U&"…"`.
    QuotedName,
    /// An operator, also `::`, `:=`, `..` and a lone `:`.
    Operator,
    /// `(`
    OpenParen,
    /// `)`
    CloseParen,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// `,`
    Comma,
    /// `.`
    Dot,
    /// `;`
    Semicolon,
    /// A byte that begins no token.
    Other,
    /// Everything from a quote that is never closed to the end of the text.
    Unterminated,
}

/// A token: its kind and where it lies, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Token {
    /// Returns the token's text.
    pub(crate) fn text<'a>(&self, sql: &'a str) -> &'a str {
        sql.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// Returns all tokens of a text, without a gap between them.
pub(crate) fn lex(sql: &str) -> Vec<Token> {
    let lexer = Lexer { bytes: sql.as_bytes() };
    let mut tokens = Vec::with_capacity(sql.len() / 4);
    let mut at = 0;
    while at < lexer.bytes.len() {
        let (kind, end) = lexer.token(at);
        tokens.push(Token { kind, start: offset(at), end: offset(end) });
        at = end;
    }
    tokens
}

/// Returns the number of a parameter token, `None` for any other text.
pub(crate) fn param_number(text: &str) -> Option<u32> {
    text.strip_prefix('$')?.parse().ok().filter(|number| (1..=MAX_PARAM).contains(number))
}

/// A text is at most [`crate::MAX_SQL_BYTES`] long and grows by a small factor at most, so 32 bits hold any offset.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

struct Lexer<'a> {
    bytes: &'a [u8],
}

impl Lexer<'_> {
    /// Returns the kind and the end of the token that begins at `at`; the end is always behind `at`.
    fn token(&self, at: usize) -> (TokenKind, usize) {
        let next = self.peek(at + 1);
        match self.bytes[at] {
            byte if is_space(byte) => (TokenKind::Space, self.run(at, is_space)),
            b'-' if next == b'-' => (TokenKind::Comment, self.line_end(at)),
            b'/' if next == b'*' => (TokenKind::Comment, self.block_comment(at)),
            b'\'' => self.string(at, at, TokenKind::PlainString, false),
            b'"' => self.quoted_name(at),
            b'$' => self.dollar(at),
            b'0'..=b'9' => (TokenKind::Number, self.number(at)),
            b'.' if next.is_ascii_digit() => (TokenKind::Number, self.number(at)),
            b'.' if next == b'.' => (TokenKind::Operator, at + 2),
            b'.' => (TokenKind::Dot, at + 1),
            b':' if matches!(next, b':' | b'=') => (TokenKind::Operator, at + 2),
            b':' => (TokenKind::Operator, at + 1),
            b'(' => (TokenKind::OpenParen, at + 1),
            b')' => (TokenKind::CloseParen, at + 1),
            b'[' => (TokenKind::OpenBracket, at + 1),
            b']' => (TokenKind::CloseBracket, at + 1),
            b',' => (TokenKind::Comma, at + 1),
            b';' => (TokenKind::Semicolon, at + 1),
            byte if is_operator(byte) => (TokenKind::Operator, self.operator(at)),
            byte if is_name_start(byte) => self.word_or_prefixed_string(at),
            _ => (TokenKind::Other, at + 1),
        }
    }

    fn peek(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    fn run(&self, from: usize, belongs: fn(u8) -> bool) -> usize {
        let rest = &self.bytes[from.min(self.bytes.len())..];
        from + rest.iter().position(|byte| !belongs(*byte)).unwrap_or(rest.len())
    }

    fn line_end(&self, from: usize) -> usize {
        self.run(from, |byte| byte != b'\n' && byte != b'\r')
    }

    /// Block comments nest, as the standard wants it. One that is never closed ends with the text: a server that
    /// cuts texts cuts most often in the comment that a client library appends.
    fn block_comment(&self, start: usize) -> usize {
        let (mut at, mut depth) = (start + 2, 1_usize);
        while at < self.bytes.len() {
            match (self.bytes[at], self.peek(at + 1)) {
                (b'/', b'*') => (at, depth) = (at + 2, depth + 1),
                (b'*', b'/') if depth == 1 => return at + 2,
                (b'*', b'/') => (at, depth) = (at + 2, depth - 1),
                _ => at += 1,
            }
        }
        self.bytes.len()
    }

    /// Reads a string whose opening quote is at `quote`. Strings that only white space with a line end keeps apart
    /// are one string.
    fn string(&self, start: usize, quote: usize, kind: TokenKind, escapes: bool) -> (TokenKind, usize) {
        let mut at = quote + 1;
        while at < self.bytes.len() {
            match self.bytes[at] {
                b'\\' if escapes => at += 2,
                b'\'' if self.peek(at + 1) == b'\'' => at += 2,
                b'\'' => match self.continuation(at + 1) {
                    Some(next_quote) => at = next_quote + 1,
                    None => return self.with_uescape(start, kind, at + 1),
                },
                _ => at += 1,
            }
        }
        (TokenKind::Unterminated, self.bytes.len())
    }

    fn continuation(&self, from: usize) -> Option<usize> {
        let (mut at, mut new_line) = (from, false);
        loop {
            match self.peek(at) {
                b'\n' | b'\r' => (at, new_line) = (at + 1, true),
                byte if is_space(byte) => at += 1,
                b'-' if self.peek(at + 1) == b'-' => at = self.line_end(at),
                b'\'' if new_line => return Some(at),
                _ => return None,
            }
        }
    }

    /// Takes the `UESCAPE 'c'` that may follow `U&'…'` into the token.
    fn with_uescape(&self, start: usize, kind: TokenKind, end: usize) -> (TokenKind, usize) {
        if !matches!(self.bytes[start], b'u' | b'U') {
            return (kind, end);
        }
        let word = self.gap_end(end);
        let quote = self.gap_end(word + 7);
        let is_uescape =
            self.bytes.get(word..word + 7).is_some_and(|found| found.eq_ignore_ascii_case(b"uescape"));
        let is_single = self.peek(quote) == b'\'' && self.peek(quote + 2) == b'\'';
        let escape = self.peek(quote + 1);
        let is_escape = escape.is_ascii_punctuation() && !matches!(escape, b'\'' | b'"' | b'+');
        if is_uescape && is_single && is_escape { (kind, quote + 3) } else { (kind, end) }
    }

    /// Returns the end of the white space and comments that begin at `from`.
    fn gap_end(&self, from: usize) -> usize {
        let mut at = from;
        loop {
            at = match (self.peek(at), self.peek(at + 1)) {
                (byte, _) if is_space(byte) => at + 1,
                (b'-', b'-') => self.line_end(at),
                (b'/', b'*') => self.block_comment(at),
                _ => return at,
            };
        }
    }

    fn quoted_name(&self, start: usize) -> (TokenKind, usize) {
        let mut at = start + if self.bytes[start] == b'"' { 1 } else { 3 };
        while at < self.bytes.len() {
            match self.bytes[at] {
                b'"' if self.peek(at + 1) == b'"' => at += 2,
                b'"' => return (TokenKind::QuotedName, at + 1),
                _ => at += 1,
            }
        }
        (TokenKind::Unterminated, self.bytes.len())
    }

    /// A dollar begins a parameter, a dollar-quoted string, or nothing. A number that no parameter can have is
    /// taken for a literal.
    fn dollar(&self, start: usize) -> (TokenKind, usize) {
        let digits_end = self.run(start + 1, |byte| byte.is_ascii_digit());
        if digits_end > start + 1 {
            let text = std::str::from_utf8(&self.bytes[start..digits_end]).unwrap_or_default();
            let kind = if param_number(text).is_some() { TokenKind::Param } else { TokenKind::Number };
            return (kind, digits_end);
        }
        let tag_end = self.run(start + 1, |byte| is_name_start(byte) || byte.is_ascii_digit());
        if self.peek(tag_end) != b'$' {
            return (TokenKind::Other, start + 1);
        }
        match find(&self.bytes[tag_end + 1..], &self.bytes[start..=tag_end]) {
            Some(body) => (TokenKind::OtherString, tag_end + 1 + body + (tag_end + 1 - start)),
            None => (TokenKind::Unterminated, self.bytes.len()),
        }
    }

    /// Reads a number in any notation, and all letters and digits that follow it directly.
    fn number(&self, start: usize) -> usize {
        let mut at = self.run(start, is_name);
        if self.peek(at) == b'.' && self.peek(at + 1) != b'.' && !is_radix_prefix(self.peek(start + 1)) {
            at = self.run(at + 1, is_name);
        }
        let is_exponent = matches!(self.bytes[at - 1], b'e' | b'E') && !is_radix_prefix(self.peek(start + 1));
        if is_exponent && matches!(self.peek(at), b'+' | b'-') && self.peek(at + 1).is_ascii_digit() {
            at = self.run(at + 1, is_name);
        }
        at
    }

    /// An operator is as long as it can be, but it ends before a comment, and it may end in `+` or `-` only if it
    /// holds a character that SQL's own operators do not have (manual, 4.1.3).
    fn operator(&self, start: usize) -> usize {
        let limit = self.bytes.len().min(start + MAX_OPERATOR_BYTES);
        let (mut end, mut end_without_signs, mut is_special) = (start, start + 1, false);
        while end < limit && is_operator(self.bytes[end]) {
            match (self.bytes[end], self.peek(end + 1)) {
                (b'/', b'*') | (b'-', b'-') => break,
                (b'+' | b'-', _) => {}
                (byte, _) => {
                    end_without_signs = end + 1;
                    is_special |= b"~!@#^&|`?%".contains(&byte);
                }
            }
            end += 1;
        }
        if is_special { end } else { end_without_signs }
    }

    fn word_or_prefixed_string(&self, start: usize) -> (TokenKind, usize) {
        match (self.bytes[start], self.peek(start + 1), self.peek(start + 2)) {
            (b'e' | b'E', b'\'', _) => self.string(start, start + 1, TokenKind::OtherString, true),
            (b'b' | b'B' | b'x' | b'X', b'\'', _) => {
                self.string(start, start + 1, TokenKind::OtherString, false)
            }
            (b'n' | b'N', b'\'', _) => self.string(start, start + 1, TokenKind::PlainString, false),
            (b'u' | b'U', b'&', b'\'') => self.string(start, start + 2, TokenKind::OtherString, false),
            (b'u' | b'U', b'&', b'"') => self.quoted_name(start),
            _ => (TokenKind::Word, self.run(start, is_name)),
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn is_operator(byte: u8) -> bool {
    matches!(
        byte,
        b'~' | b'!'
            | b'@'
            | b'#'
            | b'^'
            | b'&'
            | b'|'
            | b'`'
            | b'?'
            | b'+'
            | b'-'
            | b'*'
            | b'/'
            | b'%'
            | b'<'
            | b'>'
            | b'='
    )
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_name(byte: u8) -> bool {
    is_name_start(byte) || byte.is_ascii_digit() || byte == b'$'
}

fn is_radix_prefix(byte: u8) -> bool {
    matches!(byte, b'x' | b'X' | b'o' | b'O' | b'b' | b'B')
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use pg_query::protobuf::Token as PgToken;

    use super::{TokenKind, lex};

    fn check(sql: &str, expected: &Expect) {
        let tokens = lex(sql);
        let mut end = 0;
        let mut shown = String::new();
        for token in &tokens {
            assert_eq!(token.start, end, "a gap in {sql:?}");
            end = token.end;
            if token.kind != TokenKind::Space {
                shown += &format!("{:?} {}\n", token.kind, token.text(sql));
            }
        }
        assert_eq!(end as usize, sql.len());
        expected.assert_eq(&shown);
    }

    #[test]
    fn strings_end_where_postgresql_ends_them() {
        check(
            r"'it''s' E'a\'b' $$a$b$$ $x$ $$ $x$ U&'d!' uescape '!' N'n' b'1' 'a' 'b'",
            &expect![[r#"
                PlainString 'it''s'
                OtherString E'a\'b'
                OtherString $$a$b$$
                OtherString $x$ $$ $x$
                OtherString U&'d!' uescape '!'
                PlainString N'n'
                OtherString b'1'
                PlainString 'a'
                PlainString 'b'
            "#]],
        );
        check(
            "'one'\n -- comment\n 'token' 'two'",
            &expect![[r#"
            PlainString 'one'
             -- comment
             'token'
            PlainString 'two'
        "#]],
        );
    }

    #[test]
    fn what_is_never_closed_goes_on_to_the_end() {
        check(
            "a 'b c",
            &expect![[r#"
            Word a
            Unterminated 'b c
        "#]],
        );
        check(
            "a \"b c",
            &expect![[r#"
            Word a
            Unterminated "b c
        "#]],
        );
        check(
            "a $x$ b $$",
            &expect![[r#"
            Word a
            Unterminated $x$ b $$
        "#]],
        );
        check(
            "a /* b /* c */",
            &expect![[r#"
            Word a
            Comment /* b /* c */
        "#]],
        );
        check(
            "E'a\\",
            &expect![[r#"
            Unterminated E'a\
        "#]],
        );
    }

    #[test]
    fn numbers_take_what_is_glued_to_them() {
        check(
            "1 1.5 .5 5. 1e5 1.5e-3 0x1F 1_000 1..2 123abc $1 $1a $0 $65536",
            &expect![[r#"
            Number 1
            Number 1.5
            Number .5
            Number 5.
            Number 1e5
            Number 1.5e-3
            Number 0x1F
            Number 1_000
            Number 1
            Operator ..
            Number 2
            Number 123abc
            Param $1
            Param $1
            Word a
            Number $0
            Number $65536
        "#]],
        );
    }

    #[test]
    fn operators_end_where_postgresql_ends_them() {
        check(
            "a<=-1 @-1 a--b\n+/*c*/*- ::: := .. a.b =>",
            &expect![[r#"
            Word a
            Operator <=
            Operator -
            Number 1
            Operator @-
            Number 1
            Word a
            Comment --b
            Operator +
            Comment /*c*/
            Operator *
            Operator -
            Operator ::
            Operator :
            Operator :=
            Operator ..
            Word a
            Dot .
            Word b
            Operator =>
        "#]],
        );
    }

    /// What PostgreSQL's scanner makes of a token, in our words.
    fn kind_of(token: PgToken) -> TokenKind {
        match token {
            PgToken::SqlComment | PgToken::CComment => TokenKind::Comment,
            PgToken::Sconst | PgToken::Usconst | PgToken::Bconst | PgToken::Xconst => TokenKind::OtherString,
            PgToken::Iconst | PgToken::Fconst => TokenKind::Number,
            PgToken::Param => TokenKind::Param,
            PgToken::Uident => TokenKind::QuotedName,
            PgToken::Ascii40 => TokenKind::OpenParen,
            PgToken::Ascii41 => TokenKind::CloseParen,
            PgToken::Ascii91 => TokenKind::OpenBracket,
            PgToken::Ascii93 => TokenKind::CloseBracket,
            PgToken::Ascii44 => TokenKind::Comma,
            PgToken::Ascii46 => TokenKind::Dot,
            PgToken::Ascii59 => TokenKind::Semicolon,
            PgToken::Ident => TokenKind::Word,
            _ => TokenKind::Operator,
        }
    }

    /// Returns our tokens with the distinctions that PostgreSQL's scanner does not make taken back.
    fn ours(sql: &str) -> Vec<(usize, usize, TokenKind)> {
        let said = lex(sql).into_iter().filter(|token| token.kind != TokenKind::Space);
        said.map(|token| {
            let kind = match token.kind {
                TokenKind::PlainString => TokenKind::OtherString,
                TokenKind::QuotedName if token.text(sql).starts_with('"') => TokenKind::Word,
                TokenKind::Other => TokenKind::Operator,
                kind => kind,
            };
            (token.start as usize, token.end as usize, kind)
        })
        .collect()
    }

    #[test]
    fn agrees_with_postgresql_on_what_it_accepts() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../integration/fuzz-corpus/sql");
        let mut compared = 0;
        for file in std::fs::read_dir(directory).unwrap() {
            let Ok(sql) = std::fs::read_to_string(file.unwrap().path()) else { continue };
            // `UESCAPE` and the `N` of a string are tokens of their own there.
            if sql.contains("uescape") || sql.contains(" N'") || sql.trim().is_empty() {
                continue;
            }
            let Ok(theirs) = pg_query::scan_tokens(&sql) else { continue };
            let theirs: Vec<(usize, usize, TokenKind)> = theirs
                .iter()
                .map(|token| {
                    let is_keyword = token.keyword_kind != 0;
                    let kind = if is_keyword { TokenKind::Word } else { kind_of(token.token()) };
                    (token.start as usize, token.end as usize, kind)
                })
                .collect();
            assert_eq!(ours(&sql), theirs, "{sql}");
            compared += 1;
        }
        assert!(compared > 80, "only {compared} texts were compared");
    }
}
