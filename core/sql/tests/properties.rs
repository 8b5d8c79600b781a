//! Properties of `analyse` over mutations of the seed corpus, on the stable toolchain; the fuzz target in `fuzz/`
//! checks the same without an end. `PROPTEST_CASES` sets how many mutations are tried.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::path::{Path, PathBuf};

use pg_query::protobuf::{ScanToken, Token};
use pgquerylens_sql::{NormalizedSql, RawSql, analyse, cut};
use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_assume, prop_oneof, proptest,
};
use proptest::sample::{Index, select};

/// What stands in the corpus's literals and comments, and nowhere else; parts, because a mutation may tear one.
const CANARIES: [&str; 3] = ["s3cr3t", "canary", "987654321"];

/// Literals and comments in every notation.
const LITERALS: [&str; 16] = [
    "'s3cr3t-canary'",
    "E's3cr3t\\'-canary'",
    "U&'s3cr3t-canary'",
    "u&'s3cr3t-canary' uescape '!'",
    "N's3cr3t-canary'",
    "B's3cr3t-canary'",
    "x's3cr3t-canary'",
    "$$s3cr3t-canary$$",
    "$t$ s3cr3t $$ canary $t$",
    "987654321",
    "-987654321",
    "987654321.987654321e5",
    "'a'\n's3cr3t-canary'",
    "/* s3cr3t /* canary */ */",
    "-- s3cr3t-canary\n",
    "'it''s s3cr3t ''canary'",
];

/// What upsets a scanner.
const FRAGMENTS: [&str; 40] = [
    "'",
    "\"",
    "$$",
    "$a$",
    "/*",
    "*/",
    "--",
    "\n",
    "\\",
    "\\'",
    "E'",
    "U&'",
    "U&\"",
    "(",
    ")",
    "[",
    "]",
    ";",
    ",",
    ".",
    "::",
    ":",
    "-",
    "- -",
    "$1",
    "$",
    "0x",
    "1e",
    "..",
    "in (",
    "values (",
    "array[",
    " uescape ",
    "select ",
    "savepoint ",
    "alter role x password ",
    "with x as (",
    "é",
    "\u{FFFD}",
    "\0",
];

#[derive(Clone, Debug)]
enum Mutation {
    Cut(Index),
    Delete(Index, usize),
    Insert(Index, &'static str),
    Repeat(Index, usize),
    Splice(Index, Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        any::<Index>().prop_map(Mutation::Cut),
        (any::<Index>(), 1_usize..12).prop_map(|(at, length)| Mutation::Delete(at, length)),
        (any::<Index>(), select(FRAGMENTS.to_vec())).prop_map(|(at, text)| Mutation::Insert(at, text)),
        (any::<Index>(), 1_usize..40).prop_map(|(at, length)| Mutation::Repeat(at, length)),
        (any::<Index>(), any::<Index>()).prop_map(|(at, seed)| Mutation::Splice(at, seed)),
    ]
}

fn mutate(mut text: Vec<u8>, mutations: &[Mutation], seeds: &[Vec<u8>]) -> Vec<u8> {
    for mutation in mutations {
        let place = |index: &Index| index.index(text.len() + 1);
        match mutation {
            Mutation::Cut(at) => text.truncate(place(at)),
            Mutation::Delete(at, length) => {
                let from = place(at);
                let to = (from + length).min(text.len());
                text.drain(from..to);
            }
            Mutation::Insert(at, fragment) => {
                let at = place(at);
                text.splice(at..at, fragment.bytes());
            }
            Mutation::Repeat(at, length) => {
                let from = place(at);
                let part = text[from..(from + length).min(text.len())].repeat(3);
                text.splice(from..from, part);
            }
            Mutation::Splice(at, seed) => {
                text.truncate(place(at));
                text.extend_from_slice(seed.get::<Vec<u8>>(seeds));
            }
        }
    }
    text
}

fn seeds() -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../integration/fuzz-corpus/sql");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 50, "the seed corpus is missing");
    files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// Checks what holds for any text at all, and returns the normalised text.
fn check_any(bytes: &[u8]) -> String {
    let analysis = analyse(&RawSql::from_bytes(bytes));
    let text = analysis.normalized.as_str().to_owned();
    assert!(!text.contains('\0'), "a NUL in {text:?}");
    if let Some(left) = literal_in(&text) {
        panic!("{left:?} is left in {text:?}");
    }
    let again = analyse(&RawSql::from(text.as_str()));
    assert_eq!(again.normalized, analysis.normalized, "normalising twice");
    assert_eq!(again.fingerprint, analysis.fingerprint, "fingerprint of the normalised text {text:?}");
    assert_eq!(again.kind, analysis.kind, "kind of the normalised text {text:?}");
    check_cut(&analysis.normalized);
    text
}

fn check_cut(normalized: &NormalizedSql) {
    let whole = normalized.as_str();
    for max_bytes in [0, 1, 7, 40, whole.len()] {
        let short = cut(normalized, max_bytes);
        assert!(short.as_str().len() <= max_bytes);
        assert!(short == *normalized || whole.starts_with(short.as_str().trim_end_matches('…')));
        let json = serde_json::to_string(&short).unwrap();
        let read_back: NormalizedSql = serde_json::from_str(&json).unwrap();
        assert_eq!(read_back, short);
    }
}

/// Returns the literal or comment that PostgreSQL's own scanner finds. It refuses texts such as an empty name or a
/// stray backslash, for which our own scanner must do.
fn literal_in(text: &str) -> Option<String> {
    let tokens = pg_scan(text)?;
    tokens.iter().find(|token| is_literal(token.token())).map(|token| format!("{token:?}"))
}

/// Asks PostgreSQL's scanner, `None` if it refuses. The binding must not be asked for a text without a token.
fn pg_scan(text: &str) -> Option<Vec<ScanToken>> {
    let scan = |text: &str| pg_query::scan_tokens(text).ok();
    let mut tokens = scan(&format!("{text}\n;"))?;
    tokens.pop();
    Some(tokens)
}

fn is_literal(token: Token) -> bool {
    matches!(
        token,
        Token::Sconst
            | Token::Usconst
            | Token::Bconst
            | Token::Xconst
            | Token::Fconst
            | Token::Iconst
            | Token::CComment
            | Token::SqlComment
    )
}

fn holds_canary(text: &str) -> bool {
    CANARIES.iter().any(|canary| text.contains(canary))
}

/// Returns whether all canaries lie in literals and comments, by PostgreSQL's scanner; `None` if it refuses.
fn hides_canaries(text: &str) -> Option<bool> {
    let tokens = pg_scan(text)?;
    let shown = |start: i32, end: i32| text.get(start as usize..end as usize).is_none_or(holds_canary);
    Some(!tokens.iter().any(|token| !is_literal(token.token()) && shown(token.start, token.end)))
}

/// Returns the places between two tokens, where an inserted literal is a literal.
fn gaps(text: &str) -> Vec<usize> {
    let tokens = pg_scan(text).unwrap_or_default();
    let ends =
        tokens.iter().filter(|token| token.token() != Token::SqlComment).map(|token| token.end as usize);
    std::iter::once(0).chain(ends).filter(|at| text.is_char_boundary(*at)).collect()
}

#[test]
fn seeds_hold_the_properties_and_hide_their_canaries() {
    for seed in seeds() {
        let text = check_any(&seed);
        assert!(!holds_canary(&text), "a canary is left in {text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_mutation_holds_the_properties(
        seed in any::<Index>(),
        mutations in proptest::collection::vec(mutation(), 1..6),
    ) {
        let seeds = seeds();
        let bytes = mutate(seed.get(&seeds).clone(), &mutations, &seeds);
        let text = check_any(&bytes);
        if let Ok(raw) = std::str::from_utf8(&bytes) && hides_canaries(raw) == Some(true) {
            prop_assert!(!holds_canary(&text), "a canary is left in {text:?} of {raw:?}");
        }
    }

    #[test]
    fn a_planted_literal_never_survives(
        seed in any::<Index>(),
        literal in select(LITERALS.to_vec()),
        gap in any::<Index>(),
        end in prop_oneof![Just(None), any::<Index>().prop_map(Some)],
    ) {
        let seeds = seeds();
        let mut text = String::from_utf8_lossy(seed.get::<Vec<u8>>(&seeds)).replace('\0', " ");
        // Where such a string ends depends on a setting of the session. We read it as PostgreSQL does by default if
        // the text parses then, as the beginning of a text in the other reading may.
        prop_assume!(end.is_none() || !text.contains("\\'"));
        // In these the canary is a name, hidden only as long as the statement is what it is.
        prop_assume!(!text.contains("\"s3cr3t"));
        let at = *gap.get(&gaps(&text));
        text.insert_str(at, &format!(" {literal} "));
        if let Some(end) = end {
            let end = (0..=end.index(text.len() + 1)).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            text.truncate(end);
        }
        let normalized = check_any(text.as_bytes());
        prop_assert!(!holds_canary(&normalized), "a canary is left in {normalized:?} of {text:?}");
    }

    #[test]
    fn white_space_and_comments_change_nothing(seed in any::<Index>(), gap in any::<Index>()) {
        let seeds = seeds();
        let text = String::from_utf8_lossy(seed.get::<Vec<u8>>(&seeds)).replace('\0', " ");
        let analysis = analyse(&RawSql::from(text.as_str()));
        if let Some(tokens) = pg_scan(&text).filter(|tokens| !tokens.is_empty()) {
            let at = gap.get(&tokens).start as usize;
            let is_apart = text[..at].ends_with([' ', '\n', '(', ',']) && !text[..at].ends_with("' ");
            let spaced = format!("\n {}/* x */\t{} -- end", &text[..at], &text[at..]);
            if is_apart {
                prop_assert_eq!(analyse(&RawSql::from(spaced.as_str())).normalized, analysis.normalized);
            }
        }
    }
}
