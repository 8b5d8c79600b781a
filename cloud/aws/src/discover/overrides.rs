//! What tags of a server say of how it is polled: `pgquerylens:OPTION` overrides that option of a server. A tag that says
//! nothing we understand is told and does no harm.

use std::collections::BTreeMap;

use serde_json::Value;

/// What our tags begin with.
const PREFIX: &str = "pgquerylens:";
/// The largest number of anything that is counted.
const MAX_COUNT: u64 = 1_000_000;

/// What tags override.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Overrides {
    /// Whether it is polled at all.
    pub enabled: bool,
    /// Whom to log in as.
    pub user: Option<String>,
    /// Which database to connect to.
    pub database: Option<String>,
    /// Other options of a server, by their keys in a configuration, in the order of ours.
    pub options: Vec<(&'static str, Value)>,
}

impl Default for Overrides {
    fn default() -> Overrides {
        Overrides { enabled: true, user: None, database: None, options: Vec::new() }
    }
}

/// What a value can be.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Flag,
    Duration,
    Bytes,
    Count,
    /// Words with blanks between them: a tag's value can have no comma.
    Words,
}

const ENABLED: &str = "enabled";
const USER: &str = "user";
const DATABASE: &str = "database";
/// Another word for `every`.
const INTERVAL: &str = "interval";
const EVERY: &str = "every";

/// The keys of a server in a configuration that a tag can say. What is not here is no matter of a server's owner, as
/// where it is and how we log in, does not belong into a tag, as a password, or would be said twice by a cluster's tag, as
/// a name.
const OPTIONS: [(&str, Kind); 19] = [
    ("cluster", Kind::Text),
    (EVERY, Kind::Duration),
    ("databases", Kind::Words),
    ("all-databases", Kind::Flag),
    ("top", Kind::Count),
    ("deadline", Kind::Duration),
    ("connect-timeout", Kind::Duration),
    ("statement-timeout", Kind::Duration),
    ("lock-timeout", Kind::Duration),
    ("idle-in-transaction-timeout", Kind::Duration),
    ("work-mem", Kind::Bytes),
    ("minutes-pause", Kind::Duration),
    ("hours-pause", Kind::Duration),
    ("text-budget", Kind::Bytes),
    ("text-pause", Kind::Duration),
    ("exporters", Kind::Words),
    ("aws-metrics", Kind::Words),
    ("cloudwatch-pause", Kind::Duration),
    ("aws-logs", Kind::Flag),
];

/// Reads tags. What cannot be read is returned beside: the tag, and what to write instead.
pub(super) fn read(tags: &BTreeMap<String, String>) -> (Overrides, Vec<(String, String)>) {
    let mut overrides = Overrides::default();
    let mut amiss = Vec::new();
    let ours = tags.iter().filter_map(|(key, value)| Some((key.strip_prefix(PREFIX)?, value.trim())));
    for (key, text) in ours {
        if let Err(instead) = overrides.take(key, text) {
            amiss.push((format!("{PREFIX}{key}"), instead));
        }
    }
    let place = |key: &str| OPTIONS.iter().position(|(option, _)| *option == key);
    overrides.options.sort_by_key(|(key, _)| place(key));
    (overrides, amiss)
}

impl Overrides {
    fn take(&mut self, key: &str, text: &str) -> Result<(), String> {
        if text.is_empty() {
            return Err("it has no value: write one, or remove the tag".to_owned());
        }
        match key {
            ENABLED => self.enabled = flag(text)?,
            USER => self.user = Some(text.to_owned()),
            DATABASE => self.database = Some(text.to_owned()),
            _ => {
                let named = if key == INTERVAL { EVERY } else { key };
                let option = OPTIONS.iter().find(|(option, _)| *option == named);
                let (option, kind) = option.ok_or_else(|| unknown(key))?;
                if self.options.iter().any(|(said, _)| said == option) {
                    return Err(format!("{EVERY} and {INTERVAL} are one option: remove one of the tags"));
                }
                self.options.push((option, value(*kind, text)?));
            }
        }
        Ok(())
    }
}

fn unknown(key: &str) -> String {
    let known =
        [ENABLED, USER, DATABASE, INTERVAL].into_iter().chain(OPTIONS.iter().map(|(option, _)| *option));
    let known: Vec<&str> = known.collect();
    format!("{key} is no option that a tag can say: it is one of {}", known.join(", "))
}

/// Reads a value as a configuration would, so that a mistake is told where the tag is.
fn value(kind: Kind, text: &str) -> Result<Value, String> {
    match kind {
        Kind::Text => Ok(text.into()),
        Kind::Flag => flag(text).map(Value::from),
        Kind::Duration => {
            let is_time = humantime::parse_duration(text).is_ok_and(|time| !time.is_zero());
            let is_time = is_time && !text.bytes().all(|byte| byte.is_ascii_digit());
            is_time
                .then(|| text.into())
                .ok_or_else(|| "it is not a time: write 250ms, 30s, 5m or 1h".to_owned())
        }
        Kind::Bytes => is_size(text)
            .then(|| text.into())
            .ok_or_else(|| "it is not a size: write 512kB or 16MiB".to_owned()),
        Kind::Count => match text.parse::<u64>() {
            Ok(number @ 1..=MAX_COUNT) => Ok(number.into()),
            _ => Err(format!("it is not a number from 1 to {MAX_COUNT}")),
        },
        Kind::Words => Ok(text.split_whitespace().collect()),
    }
}

fn flag(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("it is neither yes nor no: write true or false".to_owned()),
    }
}

fn is_size(text: &str) -> bool {
    let unit = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let number = text[..text.len() - unit.len()].parse::<u64>();
    let units = ["kb", "kib", "mb", "mib", "gb", "gib", "tb", "tib"];
    number.is_ok_and(|number| number > 0) && units.contains(&unit.trim().to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(tags: &[(&str, &str)]) -> (Overrides, Vec<(String, String)>) {
        read(&tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn tags_become_options_in_the_order_of_ours() {
        let (overrides, amiss) = check(&[
            ("team", "shop"),
            ("pgquerylens:all-databases", "Yes"),
            ("pgquerylens:databases", "shop billing"),
            ("pgquerylens:interval", "15s"),
            ("pgquerylens:top", "20"),
            ("pgquerylens:user", "watcher"),
            ("pgquerylens:database", "shop"),
            ("pgquerylens:work-mem", "8 MiB"),
            ("pgquerylens:aws-metrics", "cloudwatch enhanced-monitoring"),
            ("pgquerylens:aws-logs", "on"),
        ]);
        assert_eq!(amiss, []);
        assert_eq!(
            (overrides.user.as_deref(), overrides.database.as_deref()),
            (Some("watcher"), Some("shop"))
        );
        assert!(overrides.enabled);
        assert_eq!(
            overrides.options,
            [
                ("every", json!("15s")),
                ("databases", json!(["shop", "billing"])),
                ("all-databases", json!(true)),
                ("top", json!(20)),
                ("work-mem", json!("8 MiB")),
                ("aws-metrics", json!(["cloudwatch", "enhanced-monitoring"])),
                ("aws-logs", json!(true)),
            ]
        );
        assert!(!check(&[("pgquerylens:enabled", "off")]).0.enabled);
    }

    #[test]
    fn what_cannot_be_read_is_told_and_overrides_nothing() {
        for (key, value, instead) in [
            ("enabled", "perhaps", "it is neither yes nor no: write true or false"),
            ("every", "30", "it is not a time: write 250ms, 30s, 5m or 1h"),
            ("every", "0s", "it is not a time: write 250ms, 30s, 5m or 1h"),
            ("deadline", "soon", "it is not a time: write 250ms, 30s, 5m or 1h"),
            ("work-mem", "8", "it is not a size: write 512kB or 16MiB"),
            ("text-budget", "0MiB", "it is not a size: write 512kB or 16MiB"),
            ("top", "0", "it is not a number from 1 to 1000000"),
            ("user", " ", "it has no value: write one, or remove the tag"),
        ] {
            let (overrides, amiss) = check(&[(&format!("pgquerylens:{key}"), value)]);
            assert_eq!(overrides, Overrides::default(), "{key}");
            assert_eq!(amiss, [(format!("pgquerylens:{key}"), instead.to_owned())]);
        }
        let (_, amiss) = check(&[("pgquerylens:password", "hush"), ("pgquerylens:intervall", "5s")]);
        let begins = [
            "intervall is no option that a tag can say: it is one of enabled, user,",
            "password is no option",
        ];
        assert!(
            amiss.iter().zip(begins).all(|((_, instead), begin)| instead.starts_with(begin)),
            "{amiss:?}"
        );
        assert!(!amiss[1].1.contains("hush"));
        let (_, twice) = check(&[("pgquerylens:every", "5s"), ("pgquerylens:interval", "6s")]);
        assert_eq!(twice[0].1, "every and interval are one option: remove one of the tags");
    }

    /// What a configuration can say of a server, a tag can say too, or it is on this list.
    #[test]
    fn every_option_of_a_server_is_said_by_tag_or_not_for_a_reason() {
        const NOT_BY_TAG: [&str; 9] = [
            "connection",
            "name",
            "password",
            "auth",
            "aws-region",
            "aws-role",
            "aws-external-id",
            "aws-instance",
            "labels",
        ];
        let schema = include_str!("../../../../docs/reference/configuration.schema.json");
        let schema: Value = serde_json::from_str(schema).unwrap();
        let keys = schema["$defs"]["server"]["properties"].as_object().unwrap().keys();
        let by_tag = |key: &str| OPTIONS.iter().any(|(option, _)| *option == key);
        let missing: Vec<_> =
            keys.clone().filter(|key| !by_tag(key) && !NOT_BY_TAG.contains(&key.as_str())).collect();
        assert!(missing.is_empty(), "neither by tag nor on the list: {missing:?}");
        let gone: Vec<_> =
            OPTIONS.iter().filter(|(option, _)| !keys.clone().any(|key| key == option)).collect();
        assert!(gone.is_empty(), "no option of a server: {gone:?}");
    }
}
