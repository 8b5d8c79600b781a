//! Measures, over a directory of `.sql` files such as PostgreSQL's `src/test/regress/sql`, how often a statement
//! keeps its fingerprint when it is normalised or commented, and that no literal is left.
//! Prints a table and the statements that do not agree; changes nothing.

use std::error::Error;
use std::path::{Path, PathBuf};

use pg_query::protobuf::Token;
use pgquerylens_sql::{Analysis, FingerprintSource, RawSql, analyse};

/// How many statements are listed per kind of mismatch.
const MAX_LISTED: usize = 40;

#[derive(Default)]
struct Tally {
    statements: usize,
    by_scanner: usize,
    unparsable: usize,
    same_as_parser: usize,
    differs_from_parser: Vec<String>,
    parses_once_normalised: Vec<String>,
    differs_when_normalised: Vec<String>,
    differs_with_comments: Vec<String>,
    differs_in_text: Vec<String>,
    literals_left: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Some(directory) = std::env::args().nth(1) else {
        return Err("usage: regression_agreement DIRECTORY".into());
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    let mut tally = Tally::default();
    for file in &files {
        for statement in statements(file)? {
            tally.count(&statement);
        }
    }
    tally.print(files.len());
    Ok(())
}

/// Splits a file written for psql: lines that begin with a backslash are not SQL.
fn statements(file: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let text = String::from_utf8_lossy(&std::fs::read(file)?).replace('\0', "");
    let sql: String =
        text.lines().filter(|line| !line.starts_with('\\')).flat_map(|line| [line, "\n"]).collect();
    let split: Vec<String> = match pg_query::split_with_scanner(&sql) {
        Ok(parts) => parts.into_iter().map(str::to_owned).collect(),
        Err(_) => sql.split(";\n").map(str::to_owned).collect(),
    };
    Ok(split.into_iter().filter(|statement| !statement.trim().is_empty()).collect())
}

impl Tally {
    fn count(&mut self, statement: &str) {
        let original = analyse(&RawSql::from(statement));
        if original.normalized.as_str().is_empty() {
            return; // Comments alone, of which the binding cannot make tokens either.
        }
        self.statements += 1;
        let again = analyse(&RawSql::from(original.normalized.as_str()));
        let commented = analyse(&RawSql::from(with_comments(statement).as_str()));
        let mut list = |is_wrong: bool, which: fn(&mut Tally) -> &mut Vec<String>| {
            if is_wrong {
                which(self).push(statement.to_owned());
            }
        };
        list(again.fingerprint != original.fingerprint, |tally| &mut tally.differs_when_normalised);
        list(commented.fingerprint != original.fingerprint, |tally| &mut tally.differs_with_comments);
        list(
            again.normalized != original.normalized || commented.normalized != original.normalized,
            |tally| &mut tally.differs_in_text,
        );
        list(holds_literal(original.normalized.as_str()), |tally| &mut tally.literals_left);
        self.compare_with_parser(statement, &original);
    }

    fn compare_with_parser(&mut self, statement: &str, original: &Analysis) {
        let parser = pg_query::fingerprint(statement, 0, 0).map(|fingerprint| fingerprint.value).ok();
        match (original.fingerprint.source, parser) {
            (FingerprintSource::Scanner, None) => {
                self.by_scanner += 1;
                self.unparsable += 1;
            }
            (FingerprintSource::Scanner, Some(_)) => {
                self.by_scanner += 1;
                if original.kind.is_dml() {
                    self.differs_from_parser.push(format!("(scanner) {statement}"));
                }
            }
            (FingerprintSource::Parser, Some(value)) if value == original.fingerprint.value => {
                self.same_as_parser += 1;
            }
            (FingerprintSource::Parser, Some(_)) => self.differs_from_parser.push(statement.to_owned()),
            (FingerprintSource::Parser, None) => self.parses_once_normalised.push(statement.to_owned()),
        }
    }

    fn print(&self, file_count: usize) {
        let agreeing = |mismatches: &[String]| {
            let count = self.statements - mismatches.len();
            format!("{count} ({:.3} %)", 100.0 * count as f64 / self.statements.max(1) as f64)
        };
        let rows = [
            ("files", file_count.to_string()),
            ("statements", self.statements.to_string()),
            ("fingerprint(original) = fingerprint(normalised)", agreeing(&self.differs_when_normalised)),
            ("fingerprint(original) = fingerprint(with comments)", agreeing(&self.differs_with_comments)),
            ("text(original) = text(normalised) = text(with comments)", agreeing(&self.differs_in_text)),
            ("scanner fingerprints", self.by_scanner.to_string()),
            ("  of these do not parse", self.unparsable.to_string()),
            ("parser fingerprints equal to pg_query's of the original", self.same_as_parser.to_string()),
            ("parser's fingerprint not kept", self.differs_from_parser.len().to_string()),
            ("parse only once normalised", self.parses_once_normalised.len().to_string()),
            ("texts with a literal left", self.literals_left.len().to_string()),
        ];
        for (name, value) in rows {
            println!("{name:<58} {value}");
        }
        print_list("changed by normalising", &self.differs_when_normalised);
        print_list("changed by comments", &self.differs_with_comments);
        print_list("text not stable", &self.differs_in_text);
        print_list("parser's fingerprint not kept", &self.differs_from_parser);
        print_list("parses only once normalised", &self.parses_once_normalised);
        print_list("literal left", &self.literals_left);
    }
}

fn print_list(title: &str, statements: &[String]) {
    for statement in statements.iter().take(MAX_LISTED) {
        let one_line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        println!("{title}: {}", one_line.chars().take(300).collect::<String>());
    }
}

/// Puts a comment in front, behind, and after the first token.
fn with_comments(statement: &str) -> String {
    let first_end = pg_query::scan_tokens(statement)
        .ok()
        .and_then(|tokens| tokens.first().map(|token| token.end))
        .and_then(|end| usize::try_from(end).ok())
        .filter(|end| statement.is_char_boundary(*end))
        .unwrap_or(0);
    let (first, rest) = statement.split_at(first_end);
    format!("/* action:'it''s' /* nested */ */ {first} /* 42 */{rest} -- trailing 42\n")
}

/// Asks PostgreSQL's own scanner, so that our lexer is not its own judge.
fn holds_literal(normalized: &str) -> bool {
    // An empty name is the one thing that we let pass and the scanner refuses.
    let Ok(tokens) = pg_query::scan_tokens(&normalized.replace("\"\"", "\"_\"")) else { return true };
    tokens.iter().any(|token| {
        matches!(
            token.token(),
            Token::Sconst
                | Token::Usconst
                | Token::Bconst
                | Token::Xconst
                | Token::Fconst
                | Token::Iconst
                | Token::CComment
                | Token::SqlComment
        )
    })
}
