//! The names in a list of metrics: each has to be that of a metric that there is and that can be sent, or nothing would ever
//! come of it.

use std::collections::BTreeSet;

use pgquerylens_aws::metrics as aws;
use pgquerylens_export::emf::{self, Selection};
use pgquerylens_model::log;

use super::document::shown;
use crate::options::value::nearest;

/// The end of a name that stands for all that begin so.
const ANY: &str = ".*";

/// Returns what a list selects, or what is wrong with each of its names that selects nothing.
pub(super) fn selection(names: &[String]) -> Result<Selection, Vec<String>> {
    let wrong: Vec<String> = names.iter().filter_map(|name| wrong_with(name)).collect();
    match Selection::of(names) {
        Ok(selection) if wrong.is_empty() => Ok(selection),
        _ => Err(wrong),
    }
}

fn wrong_with(name: &str) -> Option<String> {
    let selected = match Selection::of(&[name.to_owned()]) {
        Ok(selected) => selected,
        Err((_, error)) => return Some(format!("{}: {}", shown(name), error.msg)),
    };
    let sendable = sendable();
    if sendable.iter().any(|metric| selected.names(metric)) {
        return None;
    }
    let name_shown = shown(name);
    if emf::of_statements().any(|metric| selected.names(metric)) {
        return Some(format!(
            "{name_shown} is told of single statements alone, which have no series in CloudWatch: leave it out"
        ));
    }
    let meant = meant(name, &sendable).map_or_else(String::new, |meant| format!("did you mean {meant}? "));
    Some(format!("no metric is called {name_shown}: {meant}docs/reference/metrics.md has all names"))
}

/// Everything that can be sent, whoever tells it.
fn sendable() -> BTreeSet<&'static str> {
    let of_aws = aws::all().map(|(metric, _)| &*metric.name);
    let of_logs = log::METRICS.iter().map(|(metric, _)| &*metric.name);
    emf::sendable().chain(of_aws).chain(of_logs).collect()
}

/// Returns the name that was probably meant: the shortest one that begins so, else the nearest, or of a name with an open end the nearest one that has such.
fn meant(name: &str, sendable: &BTreeSet<&'static str>) -> Option<String> {
    if !name.ends_with(ANY) {
        let words: Vec<&str> = sendable.iter().copied().collect();
        let is_cut = name.rsplit_once('.').is_some_and(|(_, last)| !last.is_empty());
        let longer = words.iter().filter(|metric| is_cut && metric.starts_with(name));
        if let Some(whole) = longer.min_by_key(|metric| metric.len()) {
            return Some((*whole).to_owned());
        }
        return nearest(name, &words).map(str::to_owned);
    }
    let beginnings =
        |metric: &&'static str| metric.match_indices('.').map(|(at, _)| &metric[..at]).collect::<Vec<_>>();
    let open: BTreeSet<String> =
        sendable.iter().flat_map(beginnings).map(|beginning| format!("{beginning}{ANY}")).collect();
    let words: Vec<&str> = open.iter().map(String::as_str).collect();
    nearest(name, &words).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_to_select_something() {
        let missing = |name: &str, meant: &str| {
            Some(format!("no metric is called {name}: {meant}docs/reference/metrics.md has all names"))
        };
        for (name, expected) in [
            ("postgresql.commits", None),
            ("postgresql.database.*", None),
            ("*", None),
            ("aws.rds.cpu_utilization", None),
            ("postgresql.log.*", None),
            ("postgresql.comits", missing("postgresql.comits", "did you mean postgresql.commits? ")),
            ("postgresql.databse.*", missing("postgresql.databse.*", "did you mean postgresql.database.*? ")),
            ("aws.rds.cpu", missing("aws.rds.cpu", "did you mean aws.rds.cpu_utilization? ")),
            ("cpu", missing("cpu", "")),
            ("*.commit", missing("*.commit", "")),
            ("[a", Some("[a: invalid range pattern".to_owned())),
        ] {
            assert_eq!(wrong_with(name), expected, "{name}");
        }
    }

    #[test]
    fn what_is_of_statements_alone_is_never_sent_and_said_to_be() {
        let names: BTreeSet<&str> = emf::of_statements().collect();
        assert!(names.contains("postgresql.statements.info"), "{names:?}");
        for name in names {
            let told = wrong_with(name).unwrap_or_default();
            assert!(told.ends_with("have no series in CloudWatch: leave it out"), "{name}: {told}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let names = ["postgresql.comits", "postgresql.commits", "[a", "nothing"].map(str::to_owned);
        assert_eq!(selection(&names).unwrap_err().len(), 3);
        assert!(selection(&names[1..2]).unwrap().names("postgresql.commits"));
    }
}
