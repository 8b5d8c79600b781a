//! Texts made to hurt: deep, long, unfinished. Each must be done in bounded time on a small stack.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may unwrap: the panic is the report")]

use std::time::{Duration, Instant};

use pgquerylens_sql::{MAX_PARSED_DEPTH, MAX_PARSED_TOKENS, RawSql, analyse};

/// Rust's default for a thread; the runtimes' threads have no less.
const STACK_BYTES: usize = 2 * 1024 * 1024;

/// What a text of 10 MB may take twice, not optimised and beside other builds; what is quadratic takes minutes.
const LIMIT: Duration = Duration::from_secs(20);

fn check(name: &str, text: String) {
    let name = name.to_owned();
    let run = move || {
        let start = Instant::now();
        let analysis = analyse(&RawSql::from(text.as_str()));
        assert!(!analysis.normalized.as_str().contains("canary"), "{name}: a canary is left");
        let again = analyse(&RawSql::from(analysis.normalized.as_str()));
        assert!(
            again.normalized == analysis.normalized,
            "{name}, {} bytes: normalising twice: {}",
            text.len(),
            difference(again.normalized.as_str(), analysis.normalized.as_str())
        );
        assert_eq!(again.fingerprint, analysis.fingerprint, "{name}: fingerprint");
        println!(
            "{name:<28} {:>7} bytes {:>8} µs {}",
            text.len(),
            start.elapsed().as_micros(),
            again.fingerprint
        );
        assert!(start.elapsed() < LIMIT, "{name} took {:?}", start.elapsed());
    };
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run).unwrap().join().unwrap();
}

/// Returns the texts from a little before the place where they begin to differ.
fn difference(left: &str, right: &str) -> String {
    let place = left.bytes().zip(right.bytes()).position(|(left, right)| left != right).unwrap_or_default();
    let part = |text: &str| text.chars().skip(place.saturating_sub(20)).take(60).collect::<String>();
    format!("at {place} {:?} and {:?}", part(left), part(right))
}

#[test]
fn nesting_of_every_sort_and_depth() {
    for count in [50, 190, 1_000, 100_000] {
        let nested = |open: &str, middle: &str, close: &str| {
            format!("select {}{middle}{} from t where x = 'canary'", open.repeat(count), close.repeat(count))
        };
        check("parentheses", nested("(", "1", ")"));
        check("parentheses never closed", nested("(", "1", ""));
        check("parentheses never opened", nested("", "1", ")"));
        check("brackets", nested("a[", "1", "]"));
        check("array", nested("array[", "1", "]"));
        check("functions", nested("f(", "1", ")"));
        check("case", nested("case when ", "a", " then 1 end"));
        check("case else", nested("case a when 1 then 2 else ", "a", " end"));
        check("subselects", nested("(select ", "1", ")"));
        check("subselects in from", nested("1 from (select ", "1", ") x"));
        check("subselects in where", nested("1 where exists (select ", "1", ")"));
        check("rows", nested("row(1, ", "1", ")"));
        check("values", nested("values (", "1", ")"));
        check("in", nested("a in (", "1", ")"));
        check("comments", nested("/*", "1", "*/"));
        check("with", nested("with x as (", "select 1", ") select 1"));
    }
}

#[test]
fn chains_of_every_sort_and_length() {
    for count in [50, 1_400, 100_000] {
        let chain =
            |link: &str| format!("select a{} from t where x = 'canary'", format!(" {link}").repeat(count));
        check("plus", chain("+1"));
        check("concatenation", chain("|| 'canary'"));
        check("and", chain("and b"));
        check("or", chain("or b = 1"));
        check("and or", chain("and b or c"));
        check("comparison", chain("= b"));
        check("power", chain("^ 2"));
        check("casts", chain("::int"));
        check("fields", chain(".b"));
        check("subscripts", chain("[1]"));
        check("collate", chain("collate c"));
        check("at time zone", chain("at time zone 'x'"));
        check("is null", chain("is null"));
        check("targets", chain(", 1"));
        check("union all", chain("union all select 1"));
        check("union", chain("union (select 1)"));
        check("joins", format!("select * from t {}", "join u on true ".repeat(count)));
        check(
            "joins without parentheses",
            format!("select * from t {}{}", "join u ".repeat(count), "on true ".repeat(count)),
        );
        check("not", format!("select {} a", "not ".repeat(count)));
        check("minus", format!("select {} a", "- ".repeat(count)));
        check("tilde", format!("select {} 1", "~ ".repeat(count)));
        check("any", format!("select a = {} b", "any ".repeat(count)));
        check("statements", "select 'canary';".repeat(count));
        check("in list", format!("select a in (1{})", ", 'canary'".repeat(count)));
        check("values", format!("insert into t values (1){}", ", ('canary')".repeat(count)));
        check("uneven values", format!("insert into t values (1){}", ", (-1), (f('canary'))".repeat(count)));
        check("explain", format!("{} select 1", "explain ".repeat(count)));
        check("default columns", format!("create table t (a int{})", ", b int default -1".repeat(count)));
        check("group by", format!("select a{0} from t group by a{0}", ", b + 1".repeat(count)));
        check("params", format!("select a{}", ", $1, $2".repeat(count)));
    }
}

/// `pg_query` gives up on a tree that is too deep for the rest of the stack. Within our limits it never comes to that,
/// or one text would have two fingerprints.
#[test]
fn every_thread_comes_to_the_same_result() {
    let chains = [
        "+ 1",
        "|| b",
        "and b",
        "or b",
        "^ 2",
        "- 1",
        "::int",
        "[1]",
        ".b",
        "collate c",
        "at time zone 'x'",
        "union all select 1",
        "intersect (select a)",
        "is null is true",
    ];
    for link in chains {
        compare_stacks(&format!("select a {}", fill(link)));
    }
    for prefix in ["not", "-", "~", "- ~", "not -"] {
        compare_stacks(&format!("select {} a", fill(prefix)));
    }
    compare_stacks(&format!("select from t {}", fill("join u on true")));
    compare_stacks(&format!("select from t {} {}", "join u ".repeat(740), "on true ".repeat(740)));
    let nested = [
        "(select ",
        "array[",
        "f(",
        "row(1, ",
        "case when a then ",
        "(select from t where a = any (",
        "a[",
        "(((",
    ];
    for open in nested {
        let depth = MAX_PARSED_DEPTH / open.matches(['(', '[']).count().max(1) - 1;
        let close: String = open
            .chars()
            .rev()
            .filter_map(|c| match c {
                '(' => Some(')'),
                '[' => Some(']'),
                _ => None,
            })
            .collect();
        let close = if open.starts_with("case") { " end".to_owned() } else { close };
        compare_stacks(&format!("select {}1{}", open.repeat(depth), close.repeat(depth)));
    }
}

/// Repeats a link until there are as many tokens as are parsed.
fn fill(link: &str) -> String {
    let token_count = pg_query::scan_tokens(link).unwrap().len();
    format!("{link} ").repeat((MAX_PARSED_TOKENS - 10) / token_count)
}

fn compare_stacks(text: &str) {
    let on_stack = |bytes: usize| {
        let raw = RawSql::from(text);
        std::thread::Builder::new().stack_size(bytes).spawn(move || analyse(&raw)).unwrap().join().unwrap()
    };
    let (small, large) = (on_stack(STACK_BYTES * 3 / 4), on_stack(STACK_BYTES * 16));
    let start: String = text.chars().take(40).collect();
    assert!(small == large, "{start}: {} and {}", small.fingerprint, large.fingerprint);
    println!("{start:<40} {}", small.fingerprint);
}

#[test]
fn ten_megabytes_of_anything() {
    const SIZE: usize = 10 * 1024 * 1024;
    let filled = |unit: &str| unit.repeat(SIZE / unit.len());
    for unit in [
        "x",
        "1",
        "1 ",
        "'",
        "''",
        "' ",
        "\"",
        "$",
        "$a$",
        "$a",
        "$1",
        "/*",
        "*/",
        "--",
        "-- \n",
        "(",
        ")",
        "((,",
        ";",
        "\\",
        "\\'",
        "E'\\",
        "U&'",
        "u&'' ",
        "é",
        "\u{FFFD}",
        "\0",
        " ",
        "\n",
        "'\n",
        "''\n",
        "''\n--\n",
        "in (",
        "in (1, ",
        "values (",
        "values (1), (1),",
        "in ((1),(1),",
        ".",
        "..",
        "- ",
        "-1",
        "+",
        "/",
        "*",
        "1e",
        "1.",
        "a.",
        "::",
        "a,",
        "array[",
        "select ",
        "select 1;",
        "savepoint a;",
        "alter role password ",
        "/*a='b',*/",
        "/*action:b*/ ",
        "with a as (",
    ] {
        check(unit, format!("select 'canary', {}", filled(unit)));
    }
}
