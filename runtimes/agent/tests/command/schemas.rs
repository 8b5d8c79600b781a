//! The schemas that are published, read by somebody else's validator: documents of every major fit, and so does a
//! configuration; what `config check` refuses does not.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use pgquerylens_sandbox::{decoders, majors};
use serde_json::{Value, json};

use crate::majors::replayed;
use crate::program::run;

const REFERENCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference");

/// What the validator says of each of some values.
fn validated<'v>(schema: &str, values: impl Iterator<Item = &'v Value>) -> Vec<String> {
    let lines: String = values.map(|value| format!("{value}\n")).collect();
    let mut python = Command::new(decoders::python().unwrap())
        .arg(decoders::script("schema.py"))
        .arg(Path::new(REFERENCES).join(schema))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn documents_of_every_major_fit_the_published_schema() {
    let said: Vec<String> =
        majors().into_iter().map(|major| replayed(major, &["--format", "json"])).collect();
    let documents: Vec<Value> =
        said.iter().flat_map(|said| said.lines()).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(documents.len(), majors().len() * 3);
    assert!(validated("document.schema.json", documents.iter()).iter().all(|said| said == "fits"));
    let mut wrong = documents[0].clone();
    wrong["status"] = json!(5);
    assert_ne!(validated("document.schema.json", [&wrong].into_iter()), ["fits"]);
}

#[test]
fn a_configuration_fits_the_published_schema_where_check_takes_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pgquerylens.json");
    let good = json!({
        "state": "file:/var/lib/pgquerylens",
        "defaults": {"every": "30s", "labels": {"env": "prod"}},
        "servers": [{"connection": "host=db.example.com user=monitor", "password": {"env": "PASSWORD"}}],
        "exporters": [
            {"kind": "otlp", "endpoint": "https://otel.example.com", "headers": {"api-key": {"file": "/run/key"}}},
            {"kind": "jsonl", "path": "-"},
            {"kind": "emf", "namespace": "databases", "metrics": ["postgresql.*"]}
        ]
    });
    let changed = |pointer: &str, value: Value| {
        let mut wrong = good.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        wrong
    };
    for (configuration, is_good) in [
        (good.clone(), true),
        (changed("/defaults", json!({"evry": "30s"})), false),
        (changed("/defaults/every", json!(30)), false),
        (changed("/exporters/0/kind", json!("oltp")), false),
        (changed("/exporters/2", json!({"kind": "emf", "endpoint": "http://x"})), false),
        (changed("/servers/0", json!({"name": "x"})), false),
    ] {
        std::fs::write(&file, configuration.to_string()).unwrap();
        let checked = run(&["config", "check", &file.display().to_string()]);
        assert_eq!(checked.code == Some(0), is_good, "{configuration}: {checked:?}");
        let said = validated("configuration.schema.json", [&configuration].into_iter());
        assert_eq!(said == ["fits"], is_good, "{configuration}: {said:?}");
    }
}
