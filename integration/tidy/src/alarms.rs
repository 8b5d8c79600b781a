//! The alarms of what deploys a function stand on words of its log: words that it does not write would never be heard.

use crate::checkout::{File, Violation};

/// Where the words are looked for, each file with what stands before words and behind them.
const LISTENERS: [(&str, &str, &str); 2] = [
    ("terraform/modules/aws-lambda/failures.tf", "$.message = \\\"", "\\\""),
    ("cdk/src/failures.ts", "const OF_A_", "];"),
];
/// Where the function's own words are.
const SPEAKER: &str = "runtimes/aws-lambda/src/";

/// Finds words that are listened for and never said, and files that listen for nothing.
pub fn violations(files: &[File]) -> Vec<Violation> {
    let said: Vec<&str> =
        files.iter().filter(|file| file.path.starts_with(SPEAKER)).map(|file| file.text.as_str()).collect();
    let listeners = LISTENERS.iter().map(|(path, before, behind)| {
        let text = files.iter().find(|file| file.path == *path).map_or("", |file| file.text.as_str());
        (*path, words(text, before, behind))
    });
    let wrong = |(path, words): (&str, Vec<&str>)| match words.is_empty() {
        true => vec![Violation::of(path, "listens for no word of the function's log")],
        false => {
            let is_said = |word: &str| said.iter().any(|text| text.contains(&format!("\"{word}\"")));
            let unsaid = words.into_iter().filter(|word| !is_said(word));
            unsaid
                .map(|word| Violation::of(path, &format!("listens for \"{word}\", which no function says")))
                .collect()
        }
    };
    listeners.flat_map(wrong).collect()
}

/// Returns the words between two marks; of a list those in quotes.
fn words<'t>(text: &'t str, before: &str, behind: &str) -> Vec<&'t str> {
    let found = text.split(before).skip(1).filter_map(|rest| rest.split(behind).next());
    found
        .flat_map(|list| match list.contains('\'') {
            true => list.split('\'').skip(1).step_by(2).collect(),
            false => vec![list],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(terraform: &str, construct: &str, expected: &[&str]) {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let files = [
            file("terraform/modules/aws-lambda/failures.tf", terraform),
            file("cdk/src/failures.ts", construct),
            file("runtimes/aws-lambda/src/outcome.rs", "warn!(server, \"poll failed\");"),
        ];
        let found: Vec<String> = violations(&files).into_iter().map(|violation| violation.0).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_word_that_nobody_says_is_found() {
        let (terraform, construct) =
            ("($.message = \\\"poll failed\\\")", "const OF_A_POLL = ['poll failed'];");
        check(terraform, construct, &[]);
        check(
            "($.message = \\\"poll filed\\\")",
            "const OF_A_POLL = ['poll failed', 'not said'];",
            &[
                "terraform/modules/aws-lambda/failures.tf: listens for \"poll filed\", which no function says",
                "cdk/src/failures.ts: listens for \"not said\", which no function says",
            ],
        );
        check(terraform, "", &["cdk/src/failures.ts: listens for no word of the function's log"]);
    }
}
