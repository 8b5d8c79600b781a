//! What is looked for at AWS, from options: the same for the command and for a function.

use pgquerylens_aws::discover::{Login, Pattern, Search, TagRule};
use pgquerylens_aws::session::Account;

use crate::options::{Given, value};

/// The engines of RDS that are PostgreSQL.
const ENGINES: [&str; 2] = ["postgres", "aurora-postgresql"];

/// Returns what is looked for; mistakes are noted.
pub fn search(given: &mut Given<'_>) -> Search {
    Search {
        accounts: accounts(given),
        regions: given.texts("discover-region"),
        tags: tags(given),
        include: patterns(given, "discover-include"),
        exclude: patterns(given, "discover-exclude"),
        engines: engines(given),
        user: given.text("discover-user").unwrap_or_default(),
        database: given.text("discover-database").unwrap_or_default(),
        login: match given.choice("auth") {
            Some("password") => Login::Password,
            _ => Login::RdsIam,
        },
    }
}

/// Our own account is looked through in any case: what it has not, it costs nothing to look for.
fn accounts(given: &mut Given<'_>) -> Vec<Option<Account>> {
    let external_id = given.text("discover-external-id");
    let mut accounts = vec![None];
    let is_role = |arn: &str| arn.starts_with("arn:") && arn.contains(":role/") && !arn.contains(',');
    for roles in given.texts("discover-role") {
        if roles.split_whitespace().all(is_role) {
            accounts.push(Account::by(&roles, external_id.clone()));
        } else {
            let instead = "write the ARN of a role, arn:aws:iam::123456789012:role/NAME; before it, with a blank \
                           between, one that it is assumed by";
            given.mistake(format!("discover-role {roles}"), instead);
        }
    }
    accounts
}

fn tags(given: &mut Given<'_>) -> Vec<TagRule> {
    let mut rules = Vec::new();
    for text in given.texts("discover-tag") {
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (text.as_str(), None),
        };
        match value.map(str::parse::<Pattern>).transpose() {
            _ if key.is_empty() => given.mistake(format!("discover-tag {text}"), "write KEY or KEY=VALUE"),
            Ok(value) => rules.push(TagRule { key: key.to_owned(), value }),
            Err(bad) => given.mistake(format!("discover-tag {text}"), bad.to_string()),
        }
    }
    rules
}

fn engines(given: &mut Given<'_>) -> Vec<String> {
    let mut engines = Vec::new();
    for text in given.texts("discover-engine") {
        match value::choice(&text, &ENGINES) {
            Ok(engine) => engines.push(engine.to_owned()),
            Err(instead) => given.mistake(format!("discover-engine {text}"), instead),
        }
    }
    engines
}

fn patterns(given: &mut Given<'_>, name: &str) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    for text in given.texts(name) {
        match text.parse() {
            Ok(pattern) => patterns.push(pattern),
            Err(bad) => given.mistake(format!("{name} {text}"), format!("{bad}")),
        }
    }
    patterns
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::options::CommandLine;

    fn check(variables: &[(&str, &str)]) -> (Search, Vec<String>) {
        let variables: BTreeMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut given = Given::new("discover", CommandLine::default(), &variables);
        let search = search(&mut given);
        let mistakes = given.finish().err().into_iter().flat_map(|all| all.0);
        (search, mistakes.map(|mistake| mistake.to_string()).collect())
    }

    #[test]
    fn lists_of_variables_become_rules() {
        let role = "arn:aws:iam::123456789012:role/pgquerylens";
        let (search, mistakes) = check(&[
            ("PGQUERYLENS_DISCOVER_TAG", "pgquerylens, env=prod*"),
            ("PGQUERYLENS_DISCOVER_ROLE", role),
            ("PGQUERYLENS_DISCOVER_EXTERNAL_ID", "x"),
            ("PGQUERYLENS_DISCOVER_ENGINE", "postgres,aurora-postgresql"),
        ]);
        assert_eq!(mistakes, Vec::<String>::new());
        assert_eq!(search.accounts, [None, Account::by(role, Some("x".to_owned()))]);
        let tags: Vec<_> = search.tags.iter().map(|tag| (tag.key.as_str(), tag.value.is_some())).collect();
        assert_eq!(tags, [("pgquerylens", false), ("env", true)]);
        assert_eq!((search.user.as_str(), search.database.as_str()), ("pgquerylens", "postgres"));
        assert_eq!(
            (search.login, search.engines.as_slice()),
            (Login::RdsIam, &ENGINES.map(str::to_owned)[..])
        );
    }

    #[test]
    fn roles_with_a_blank_between_are_one_way() {
        let [hub, reader] = ["hub", "reader"].map(|name| format!("arn:aws:iam::123456789012:role/{name}"));
        let (search, mistakes) = check(&[("PGQUERYLENS_DISCOVER_ROLE", &format!("{hub} {reader}, {hub}"))]);
        assert_eq!(mistakes, Vec::<String>::new());
        let way = Account { through: vec![hub.clone()], role_arn: reader, external_id: None };
        assert_eq!(search.accounts, [None, Some(way), Account::by(&hub, None)]);
        let (_, mistakes) = check(&[("PGQUERYLENS_DISCOVER_ROLE", &format!("{hub} reader"))]);
        assert_eq!(mistakes.len(), 1);
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let (_, mistakes) = check(&[
            ("PGQUERYLENS_DISCOVER_TAG", "=x"),
            ("PGQUERYLENS_DISCOVER_ROLE", "pgquerylens"),
            ("PGQUERYLENS_DISCOVER_ENGINE", "mysql"),
            ("PGQUERYLENS_DISCOVER_EXCLUDE", "[a"),
        ]);
        assert_eq!(mistakes.len(), 4, "{mistakes:?}");
    }
}
