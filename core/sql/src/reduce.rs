//! The scanner's way to a text without literals: works on any text, parses nothing.
//! Everything that leaves this crate as normalised has gone through here, also what the parser normalised first.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::lexer::{MAX_PARAM, Token};
use crate::pieces::{CUT_MARK, Piece, Placeholder, Reading, pieces};
use crate::raw::MAX_SQL_BYTES;

/// Keywords after which a parenthesis stands apart; after any other word it is an argument list.
const APART_FROM_PAREN: &[&str] = &[
    "all",
    "and",
    "any",
    "array",
    "as",
    "begin",
    "between",
    "by",
    "case",
    "check",
    "distinct",
    "else",
    "except",
    "exists",
    "explain",
    "filter",
    "from",
    "group",
    "in",
    "intersect",
    "into",
    "is",
    "join",
    "key",
    "lateral",
    "like",
    "limit",
    "not",
    "on",
    "or",
    "over",
    "returning",
    "select",
    "set",
    "then",
    "union",
    "using",
    "values",
    "when",
    "where",
    "with",
];

/// Keywords after which a minus is a sign and not a subtraction.
const BEFORE_SIGN: &[&str] = &[
    "and",
    "between",
    "by",
    "case",
    "default",
    "distinct",
    "else",
    "from",
    "ilike",
    "in",
    "is",
    "like",
    "limit",
    "not",
    "offset",
    "on",
    "or",
    "returning",
    "select",
    "set",
    "then",
    "to",
    "values",
    "when",
    "where",
    "with",
];

/// Returns the canonical text: literals as `$n`, counted from 1 in the order of the text; no comments; white space
/// that depends on the tokens alone; lists of literals as one literal.
///
/// A text whose end is missing gets a mark there.
pub(crate) fn reduce(sql: &str, tokens: &[Token], reading: Reading, is_cut: bool) -> String {
    let mut reduced = without_signs(&pieces(sql, tokens, reading));
    replace_names(&mut reduced);
    let mut reduced = without_long_rows(&without_long_lists(&reduced));
    while reduced.last() == Some(&Piece::Mark(';')) {
        reduced.pop();
    }
    if is_cut && reduced.last() != Some(&Piece::Word(CUT_MARK)) {
        reduced.push(Piece::Word(CUT_MARK));
    }
    render(&reduced)
}

/// Makes `-` and a number one literal where the minus is a sign, as the parser does: `x = -1` is `x = 1`.
/// A cast binds tighter than the sign, so the minus of `-1::text` stays.
fn without_signs<'a>(pieces: &[Piece<'a>]) -> Vec<Piece<'a>> {
    let mut kept: Vec<Piece<'a>> = Vec::with_capacity(pieces.len());
    for (index, piece) in pieces.iter().enumerate() {
        let is_number = *piece == Piece::Placeholder(Placeholder::Number);
        let is_cast = matches!(pieces.get(index + 1), Some(Piece::Operator("::") | Piece::Mark('[')));
        if is_number && !is_cast && kept.last() == Some(&Piece::Operator("-")) {
            let is_sign = match kept.len().checked_sub(2).map(|before| kept[before]) {
                None | Some(Piece::Operator(_) | Piece::Mark('(' | ',' | '[' | ';')) => true,
                Some(before) => before.is_one_of(BEFORE_SIGN),
            };
            if is_sign {
                kept.pop();
            }
        }
        kept.push(*piece);
    }
    kept
}

/// Replaces names that are values: of savepoints and prepared statements, which clients make up on the way and
/// PostgreSQL itself replaces since version 17; and of passwords that somebody forgot to quote.
fn replace_names(pieces: &mut [Piece<'_>]) {
    let mut start = 0;
    while start < pieces.len() {
        let rest = &pieces[start..];
        let length = rest.iter().position(|piece| *piece == Piece::Mark(';')).unwrap_or(rest.len());
        let statement = &mut pieces[start..start + length];
        if let Some(index) = session_name(statement).or_else(|| bare_password(statement)) {
            statement[index] = Piece::Placeholder(Placeholder::Text);
        }
        start += length + 1;
    }
}

fn session_name(statement: &[Piece<'_>]) -> Option<usize> {
    let skip = |from: usize, words: &[&str]| match statement.get(from) {
        Some(piece) if piece.is_one_of(words) && statement.len() > from + 1 => from + 1,
        _ => from,
    };
    let first = statement.first()?;
    let index = if first.is_word("savepoint") {
        1
    } else if first.is_word("release") {
        skip(1, &["savepoint"])
    } else if first.is_word("deallocate") {
        skip(1, &["prepare"])
    } else if first.is_word("rollback") {
        let to = skip(1, &["work", "transaction"]);
        statement.get(to).filter(|piece| piece.is_word("to"))?;
        skip(to + 1, &["savepoint"])
    } else {
        return None;
    };
    let is_name = |piece: &&Piece<'_>| match piece {
        Piece::QuotedName(_) => true,
        Piece::Word(word) => *word != CUT_MARK && !word.eq_ignore_ascii_case("all"),
        _ => false,
    };
    statement.get(index).filter(is_name).map(|_| index)
}

fn bare_password(statement: &[Piece<'_>]) -> Option<usize> {
    let is_role = statement.first()?.is_one_of(&["create", "alter"])
        && statement.get(1)?.is_one_of(&["role", "user", "group"]);
    let password = statement.iter().position(|piece| piece.is_word("password")).filter(|_| is_role)?;
    let value = statement.get(password + 1)?;
    (!value.is_one_of(&["null", CUT_MARK]) && !value.is_placeholder()).then_some(password + 1)
}

/// Makes `IN ($1, $2, $3)` and `ARRAY[$1, $2]` a list of one, as the fingerprint and PostgreSQL 18 do.
fn without_long_lists<'a>(pieces: &[Piece<'a>]) -> Vec<Piece<'a>> {
    let mut kept: Vec<Piece<'a>> = Vec::with_capacity(pieces.len());
    let mut index = 0;
    while index < pieces.len() {
        let piece = pieces[index];
        kept.push(piece);
        index += 1;
        if piece.is_placeholder()
            && let Some(close) = list_close(&kept)
        {
            let end = list_end(pieces, index);
            if pieces.get(end) == Some(&Piece::Mark(close)) {
                index = end;
            }
        }
    }
    kept
}

/// Returns what closes the list whose first literal was just kept, `None` if no list began here.
fn list_close(kept: &[Piece<'_>]) -> Option<char> {
    match kept {
        [.., word, Piece::Mark('('), _] if word.is_word("in") => Some(')'),
        [.., word, Piece::Mark('['), _] if word.is_word("array") => Some(']'),
        _ => None,
    }
}

fn list_end(pieces: &[Piece<'_>], from: usize) -> usize {
    let mut end = from;
    while let [Piece::Mark(','), literal, ..] = &pieces[end..]
        && literal.is_placeholder()
    {
        end += 2;
    }
    end
}

/// Makes neighbouring rows of `VALUES` (and of `IN ((…), (…))`) one row if they differ in their literals alone.
fn without_long_rows<'a>(pieces: &[Piece<'a>]) -> Vec<Piece<'a>> {
    let row_ends = parenthesis_ends(pieces);
    let mut kept: Vec<Piece<'a>> = Vec::with_capacity(pieces.len());
    let mut index = 0;
    while index < pieces.len() {
        let is_list = matches!(&kept[..], [.., word] if word.is_word("values"))
            || matches!(&kept[..], [.., word, Piece::Mark('(')] if word.is_word("in"));
        if is_list && row_ends[index].is_some() {
            index = keep_distinct_rows(pieces, &row_ends, index, &mut kept);
        } else {
            kept.push(pieces[index]);
            index += 1;
        }
    }
    kept
}

/// Keeps the rows from `index` on, each unless it looks like the one before, and returns where they end.
/// A list in a row's subquery stays as it is: rows are compared, not searched.
fn keep_distinct_rows<'a>(
    pieces: &[Piece<'a>],
    row_ends: &[Option<usize>],
    mut index: usize,
    kept: &mut Vec<Piece<'a>>,
) -> usize {
    let mut last: &[Piece<'a>] = &[];
    while let Some(end) = row_ends.get(index).copied().flatten() {
        let row = &pieces[index..end];
        let is_repeated =
            row.len() == last.len() && row.iter().zip(last).all(|(left, right)| left.same_shape(right));
        if !is_repeated {
            if !last.is_empty() {
                kept.push(Piece::Mark(','));
            }
            kept.extend_from_slice(row);
            last = row;
        }
        index = end;
        let has_next =
            pieces.get(end) == Some(&Piece::Mark(',')) && row_ends.get(end + 1).is_some_and(Option::is_some);
        if !has_next {
            break;
        }
        index += 1;
    }
    index
}

/// Returns for each opening parenthesis the place behind the one that closes it.
fn parenthesis_ends(pieces: &[Piece<'_>]) -> Vec<Option<usize>> {
    let mut ends = vec![None; pieces.len()];
    let mut open = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Mark('(') => open.push(index),
            Piece::Mark(')') => {
                if let Some(start) = open.pop() {
                    ends[start] = Some(index + 1);
                }
            }
            _ => {}
        }
    }
    ends
}

/// Writes the pieces down. `$n` may be longer than what it stands for, so a text near [`MAX_SQL_BYTES`] is cut.
fn render(pieces: &[Piece<'_>]) -> String {
    let mut text = String::with_capacity(pieces.len() * 4);
    let mut numbers = Numbers::default();
    for (index, piece) in pieces.iter().enumerate() {
        let part = match piece {
            Piece::Word(part) | Piece::QuotedName(part) | Piece::Operator(part) => Cow::Borrowed(*part),
            Piece::Mark(mark) => Cow::Owned(mark.to_string()),
            Piece::Placeholder(placeholder) => Cow::Owned(format!("${}", numbers.number(*placeholder))),
        };
        let space = if is_apart(&pieces[..index], piece) { " " } else { "" };
        if text.len() + space.len() + part.len() > MAX_SQL_BYTES - CUT_MARK.len() - 1 {
            text.push_str(if text.is_empty() { "" } else { " " });
            text.push_str(CUT_MARK);
            break;
        }
        text.push_str(space);
        text.push_str(&part);
    }
    text
}

/// Counts placeholders from 1. Equal parameters keep equal numbers; a text with more literals than there are
/// parameters gives the last number to all the rest.
#[derive(Default)]
struct Numbers {
    params: HashMap<u32, u32>,
    count: u32,
}

impl Numbers {
    fn number(&mut self, placeholder: Placeholder) -> u32 {
        if let Placeholder::Param(param) = placeholder
            && let Some(number) = self.params.get(&param)
        {
            return *number;
        }
        self.count = MAX_PARAM.min(self.count + 1);
        if let Placeholder::Param(param) = placeholder {
            self.params.insert(param, self.count);
        }
        self.count
    }
}

/// Returns whether a space belongs before `next`. Only pairs that the lexer keeps apart anyway go without one.
fn is_apart(before: &[Piece<'_>], next: &Piece<'_>) -> bool {
    let Some(last) = before.last() else { return false };
    match (last, next) {
        (Piece::Mark('(' | '['), _) | (_, Piece::Mark(')' | ']' | ',' | ';')) => false,
        (Piece::Mark('.'), Piece::Word(_) | Piece::QuotedName(_) | Piece::Operator("*")) => false,
        (Piece::Word(_) | Piece::QuotedName(_) | Piece::Mark(')' | ']'), Piece::Mark('.')) => false,
        (Piece::Word(word), Piece::Mark('(')) => {
            APART_FROM_PAREN.iter().any(|k| word.eq_ignore_ascii_case(k))
        }
        (Piece::QuotedName(_), Piece::Mark('(')) => false,
        (Piece::Operator(_) | Piece::Mark(','), Piece::Mark('[')) => true,
        (_, Piece::Mark('[')) => false,
        (Piece::Operator("::"), Piece::Operator(_)) | (Piece::Operator(_), Piece::Operator("::")) => true,
        (Piece::Operator("::"), _) | (_, Piece::Operator("::")) => false,
        (Piece::Operator("-" | "+"), Piece::Placeholder(_)) => !is_sign(&before[..before.len() - 1]),
        _ => true,
    }
}

fn is_sign(before: &[Piece<'_>]) -> bool {
    match before.last() {
        None | Some(Piece::Operator(_) | Piece::Mark('(' | '[' | ',' | ';')) => true,
        Some(piece) => piece.is_one_of(BEFORE_SIGN),
    }
}
