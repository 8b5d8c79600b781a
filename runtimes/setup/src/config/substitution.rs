//! Variables of the environment inside of the values of a file: `${NAME}`, `${NAME:-default}`, and `$$` for a dollar
//! sign. A dollar sign that is neither is a mistake: whoever wrote it meant one of them.

use std::collections::BTreeMap;

/// How deep defaults can hold variables with defaults.
const MAX_SUBSTITUTION_DEPTH: usize = 8;
/// The most bytes of a value with all variables put in.
const MAX_VALUE_BYTES: usize = 64 << 10;

/// Returns the text with its variables put in, or what to write instead. No value of a variable is part of that.
pub(super) fn substitute(text: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let value = expand(text, variables, 0)?;
    match value.len() <= MAX_VALUE_BYTES {
        true => Ok(value),
        false => Err(format!("with its variables it has more than {} KiB", MAX_VALUE_BYTES >> 10)),
    }
}

fn expand(text: &str, variables: &BTreeMap<String, String>, depth: usize) -> Result<String, String> {
    if depth > MAX_SUBSTITUTION_DEPTH {
        return Err(format!(
            "variables stand in defaults of each other more than {MAX_SUBSTITUTION_DEPTH} deep"
        ));
    }
    let mut value = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        value.push_str(before);
        rest = match after.chars().next() {
            Some('$') => {
                value.push('$');
                &after[1..]
            }
            Some('{') => {
                let (inside, behind) =
                    closed(&after[1..]).ok_or("a ${ has no }; write $$ for a dollar sign")?;
                value.push_str(&variable(inside, variables, depth)?);
                behind
            }
            _ => return Err("write ${NAME} for a variable and $$ for a dollar sign".to_owned()),
        };
        if value.len() > MAX_VALUE_BYTES {
            break;
        }
    }
    Ok(value + rest)
}

/// Returns what stands before the closing brace, and what behind it. Braces of variables inside have their own.
fn closed(text: &str) -> Option<(&str, &str)> {
    let mut open = 1;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' if text[..at].ends_with('$') => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some((&text[..at], &text[at + 1..]));
        }
    }
    None
}

/// Returns the value of a variable, or its default where it is not set or empty, as in a shell.
fn variable(inside: &str, variables: &BTreeMap<String, String>, depth: usize) -> Result<String, String> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    if !is_name(name) {
        return Err("a variable has letters, digits and _: write ${NAME} or ${NAME:-default}".to_owned());
    }
    match (variables.get(name).filter(|value| !value.is_empty()), default) {
        (Some(value), _) => Ok(value.clone()),
        (None, Some(default)) => expand(default, variables, depth + 1),
        (None, None) => Err(format!("the variable {name} is not set: set it, or write ${{{name}:-default}}")),
    }
}

/// Tells whether a text can be the name of a variable.
pub(super) fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let variables = [("HOST", "db1"), ("EMPTY", ""), ("TRICK", "${HOST}$")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(substitute(text, &variables), expected, "{text}");
    }

    #[test]
    fn variables_are_put_in() {
        check("no dollar", Ok("no dollar"));
        check("${HOST}", Ok("db1"));
        check("a ${HOST}:${PORT:-5432} z", Ok("a db1:5432 z"));
        check("${EMPTY:-default}", Ok("default"));
        check("${NONE:-}", Ok(""));
        check("${NONE:-${EMPTY:-${HOST}}}/x", Ok("db1/x"));
        check("pa$$word $${HOST}", Ok("pa$word ${HOST}"));
    }

    #[test]
    fn values_of_variables_are_not_read_again() {
        check("${TRICK}", Ok("${HOST}$"));
    }

    #[test]
    fn what_is_not_meant_is_a_mistake() {
        check("${NONE}", Err("the variable NONE is not set: set it, or write ${NONE:-default}"));
        check("${EMPTY}", Err("the variable EMPTY is not set: set it, or write ${EMPTY:-default}"));
        let dollar = Err("write ${NAME} for a variable and $$ for a dollar sign");
        check("$HOST", dollar);
        check("pa$", dollar);
        check("${HOST", Err("a ${ has no }; write $$ for a dollar sign"));
        let name = Err("a variable has letters, digits and _: write ${NAME} or ${NAME:-default}");
        check("${}", name);
        check("${1A}", name);
        check("${HOST:?no}", name);
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let deep = "${N:-".repeat(10) + &"}".repeat(10);
        check(&deep, Err("variables stand in defaults of each other more than 8 deep"));
        check(&"${HOST}".repeat(30_000), Err("with its variables it has more than 64 KiB"));
    }
}
