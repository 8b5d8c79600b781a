//! Whatever stands in a file, it is read or told, without a panic and soon.

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_oneof, proptest};

use super::super::configuration::{ExporterConfig, ServerConfig};
use super::super::document::{Format, parse};
use super::{Around, Configuration, FLEET, load};

/// What upsets parsers of one or another format.
const PIECES: [&str; 32] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    ",",
    "-",
    "- ",
    "?",
    "&a ",
    "*a",
    "#",
    "|\n",
    ">",
    "!t ",
    "%",
    "@",
    "'",
    "\"",
    "\\u",
    "\n",
    "\t",
    "  ",
    "${",
    "}}",
    "$$",
    "\0",
    "\u{feff}",
    "é",
    "[[servers]]\n",
    "null",
];

#[derive(Clone, Debug)]
enum Change {
    Insert(usize, &'static str),
    Remove(usize, usize),
    Repeat(usize, usize),
    Cut(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<usize>;
    prop_oneof![
        (at(), proptest::sample::select(&PIECES[..])).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (at(), 1..40_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (at(), 1..40_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        at().prop_map(Change::Cut),
        Just(Change::Insert(0, "{")),
    ]
}

/// Applies a change to a text, at places that its length allows.
fn changed(text: &str, change: &Change) -> String {
    let place = |at: usize| text.floor_char_boundary(at % (text.len() + 1));
    let behind = |at: usize, length: usize| text.floor_char_boundary((place(at) + length).min(text.len()));
    match *change {
        Change::Insert(at, piece) => format!("{}{piece}{}", &text[..place(at)], &text[place(at)..]),
        Change::Remove(at, length) => format!("{}{}", &text[..place(at)], &text[behind(at, length)..]),
        Change::Repeat(at, length) => format!("{}{}", &text[..behind(at, length)], &text[place(at)..]),
        Change::Cut(at) => text[..place(at)].to_owned(),
    }
}

/// What runs has at least one server and one exporter, and sends to exporters that there are.
fn is_whole(configuration: &Configuration) -> bool {
    let names: Vec<&str> = configuration.exporters.iter().map(ExporterConfig::name).collect();
    let sends = |server: &ServerConfig| {
        !server.exporters.is_empty() && server.exporters.iter().all(|name| names.contains(&name.as_str()))
    };
    !configuration.servers.is_empty() && configuration.servers.iter().all(sends)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_file_is_read_or_told(changes in proptest::collection::vec(change(), 1..8)) {
        let text = changes.iter().fold(FLEET.to_owned(), |text, change| changed(&text, change));
        for name in ["x.yaml", "x.toml", "x.json"] {
            match load(name, &text, Around::default()) {
                Err(told) => prop_assert!(!told.is_empty()),
                Ok(configuration) => prop_assert!(is_whole(&configuration), "{text}"),
            }
        }
    }

    #[test]
    fn places_are_inside_of_the_text(text in "[ -~\\n\\té]{0,200}") {
        for format in [Format::Yaml, Format::Toml, Format::Json] {
            let (_, mistakes) = parse(format, &text);
            for mistake in mistakes {
                let line = mistake.at.map_or(0, |at| at.line);
                prop_assert!((1..=text.lines().count() + 1).contains(&line), "{format:?} {mistake:?}");
            }
        }
    }
}

#[test]
fn deep_and_long_files_are_told_soon() {
    for text in [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        "a: ".to_owned() + &"x".repeat(1 << 20),
        "servers:\n".to_owned() + &"- {}\n".repeat(100_000),
        "[a".to_owned() + &".a".repeat(100_000) + "]",
        "a = ".to_owned() + &"[".repeat(100_000),
        "# \n".repeat(100_000),
    ] {
        for name in ["x.yaml", "x.toml", "x.json"] {
            assert!(load(name, &text, Around::default()).is_err());
        }
    }
}
