//! A recording of every major, replayed by the program: what it says of them stands beside them, to be read like code.
//! `UPDATE_EXPECT=1` writes it anew, `make recordings` the recordings too.

use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use pgquerylens_sandbox::{majors, newest};
use serde_json::Value;

use crate::program::{Ended, Running, document, pgquerylens};

const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../integration/recordings");
/// Polls in each recording: the first one, one with an exact window, and one after a reset.
const POLLS: usize = 3;
/// Of each list in a document as many elements are kept: more would say the same again.
const KEPT_ELEMENTS: usize = 2;

/// Replays the recording of a major and returns what is written about it.
pub(crate) fn replayed(major: u32, arguments: &[&str]) -> String {
    let ended = ended(major, arguments, |recorded| recorded);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "on {major}");
    ended.stdout
}

/// Replays the recording of a major as it becomes by the edit.
fn ended(major: u32, arguments: &[&str], edit: impl Fn(String) -> String) -> Ended {
    let unpacked = tempfile::tempdir().unwrap();
    let name = major.to_string();
    let folder = unpacked.path().join(&name);
    fs::create_dir(&folder).unwrap();
    for poll in 1..=POLLS {
        let name = format!("poll-{poll:03}.json");
        let packed = fs::read(kept(major, &format!("{name}.zst"))).unwrap();
        let recorded = String::from_utf8(zstd::decode_all(packed.as_slice()).unwrap()).unwrap();
        fs::write(folder.join(name), edit(recorded)).unwrap();
    }
    let mut command = pgquerylens(&[&["poll", "--replay", &name], arguments].concat());
    command.current_dir(unpacked.path());
    Running::start(command).ended()
}

fn kept(major: u32, name: &str) -> PathBuf {
    Path::new(RECORDINGS).join(major.to_string()).join(name)
}

#[test]
fn majors_that_are_recorded_are_those_that_are_supported() {
    let entries = fs::read_dir(RECORDINGS).unwrap().flatten();
    let mut recorded: Vec<u32> =
        entries.map(|entry| entry.file_name().to_string_lossy().parse().unwrap()).collect();
    recorded.sort_unstable();
    assert_eq!(recorded, majors());
}

#[test]
fn reports_on_every_major_are_as_kept() {
    for major in majors() {
        expect_file![kept(major, "report.txt")].assert_eq(&replayed(major, &[]));
    }
}

#[test]
fn documents_on_every_major_are_as_kept() {
    for major in majors() {
        let written = replayed(major, &["--format", "json"]);
        let documents: Vec<String> = written.lines().map(|line| laid_out(&fixed(document(line)))).collect();
        assert_eq!(documents.len(), POLLS, "on {major}");
        expect_file![kept(major, "documents.txt")].assert_eq(&documents.concat());
    }
}

/// Returns a recording as if the server had said that it is of another version.
fn as_version(recorded: &str, before: u64, after: u64) -> String {
    let edited = recorded.replace(&before.to_string(), &after.to_string());
    assert!(edited.matches(&after.to_string()).count() >= 2, "the login and the probe tell the version");
    edited
}

#[test]
fn a_major_that_is_newer_than_we_know_is_read_like_the_newest_and_is_degraded() {
    let known: Vec<Value> = replayed(newest(), &["--format", "json"]).lines().map(document).collect();
    let version = known[0]["server"]["version_num"].as_u64().unwrap();
    let (newer, major) = (u64::from(newest() + 1) * 10_000, newest() + 1);
    let replay =
        |arguments: &[&str]| ended(newest(), arguments, |recorded| as_version(&recorded, version, newer));
    assert_eq!(replay(&["--strict"]).code, Some(1));
    let ended = replay(&["--format", "json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for (known, newer) in known.iter().zip(ended.documents()) {
        assert_eq!(newer["status"], "degraded");
        let notice = newer["notices"][0]["message"].as_str().unwrap();
        assert!(notice.starts_with(&format!("PostgreSQL {major}.0 is newer than {}", newest())), "{notice}");
        assert_eq!(newer["statements"], known["statements"]);
        assert_eq!(views_that_differ(known, &newer), Vec::<String>::new());
    }
}

/// Returns the names of views that two documents tell otherwise. The settings have the version among them.
fn views_that_differ(left: &Value, right: &Value) -> Vec<String> {
    let (left, right) = (left["views"].as_array().unwrap(), right["views"].as_array().unwrap());
    assert_eq!(left.len(), right.len());
    let differing = left.iter().zip(right).filter(|(left, right)| left != right);
    differing.map(|(view, _)| view["view"].to_string()).filter(|name| !name.contains("pg_settings")).collect()
}

#[test]
fn a_major_that_is_older_than_the_oldest_is_refused() {
    let oldest = majors()[0];
    let known = document(replayed(oldest, &["--format", "json"]).lines().next().unwrap());
    let version = known["server"]["version_num"].as_u64().unwrap();
    let older = u64::from(oldest) * 10_000 - 1;
    let ended = ended(oldest, &["--format", "json"], |recorded| as_version(&recorded, version, older));
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(69), ""));
    let said = format!("versions from {oldest} on are read");
    assert!(ended.stderr.contains(&said), "{}", ended.stderr);
}

/// The document without what changes from run to run or from release to release.
fn fixed(mut document: Value) -> Value {
    for (part, field) in [("cost", "duration_ms"), ("pgquerylens_version", "")] {
        let value = if field.is_empty() { &mut document[part] } else { &mut document[part][field] };
        assert!(!value.is_null(), "{part} {field} is no longer there to be left out");
        *value = Value::Null;
    }
    document
}

/// Returns a document with its fields, and the first elements of its lists, on a line each.
fn laid_out(document: &Value) -> String {
    let mut text = String::from("{\n");
    for (name, value) in document.as_object().unwrap() {
        text.push_str(&format!("{name:?}: {},\n", field(name, value)));
    }
    text + "}\n"
}

/// What was done with each view is short and told of all of them.
fn field(name: &str, value: &Value) -> String {
    match value {
        Value::Array(all) if matches!(name, "views" | "collectors" | "notices") => list(all, all.len()),
        Value::Array(all) => list(all, KEPT_ELEMENTS),
        Value::Object(_) => cut(value).to_string(),
        other => other.to_string(),
    }
}

fn list(elements: &[Value], kept: usize) -> String {
    let lines = elements.iter().take(kept).map(|element| format!("\n  {}", cut(element)));
    format!("[{}]", lines.collect::<Vec<_>>().join(","))
}

/// Returns a value with the first elements of the lists of objects in it.
fn cut(value: &Value) -> Value {
    match value {
        Value::Array(all) if all.iter().any(Value::is_object) => {
            all.iter().take(KEPT_ELEMENTS).map(cut).collect()
        }
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), cut(value))).collect(),
        other => other.clone(),
    }
}
