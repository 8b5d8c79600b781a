//! What a check found, for a program: one JSON document with stable names.

use pgquerylens_model::advice::Mend;
use pgquerylens_model::check::{Aspect, CheckReport, Level};
use serde_json::{Value, json};

/// Name and version of the document's form. A change that a reader could notice, other than a further field, makes a
/// new one.
const SCHEMA: &str = "pgquerylens.check/1";

/// Returns the document. `provider` and `server_version` are `null` if the server could not be asked; `sql` and
/// `command` are `null` where words have to do.
pub(crate) fn check_document(report: &CheckReport) -> Value {
    json!({
        "schema": SCHEMA,
        "pgquerylens_version": env!("CARGO_PKG_VERSION"),
        "target": report.target,
        "provider": report.provider.map(|provider| provider.name()),
        "server_version": report.version.map(|version| version.to_string()),
        "level": report.level().name(),
        "error_count": report.count(Level::Error),
        "warning_count": report.count(Level::Warning),
        "aspects": report.aspects.iter().map(aspect).collect::<Vec<_>>(),
    })
}

fn aspect(aspect: &Aspect) -> Value {
    json!({
        "id": aspect.id,
        "title": aspect.title,
        "level": aspect.level.name(),
        "found": aspect.found,
        "mend": aspect.mend.as_ref().map(mend),
    })
}

fn mend(mend: &Mend) -> Value {
    json!({
        "steps": mend.steps,
        "sql": mend.sql,
        "command": mend.command,
        "needs_restart": mend.needs_restart,
    })
}

#[cfg(test)]
mod tests {
    use pgquerylens_model::check::unreached;

    use super::*;

    #[test]
    fn names_are_stable() {
        let report = CheckReport {
            target: "db:5432/shop".to_owned(),
            provider: None,
            version: None,
            aspects: vec![unreached(
                "connect to db:5432/shop: connection refused".to_owned(),
                "start it".to_owned(),
            )],
        };
        let mut document = check_document(&report);
        document.as_object_mut().unwrap().shift_remove("pgquerylens_version");
        expect_test::expect![[r#"
            {
              "schema": "pgquerylens.check/1",
              "target": "db:5432/shop",
              "provider": null,
              "server_version": null,
              "level": "error",
              "error_count": 1,
              "warning_count": 0,
              "aspects": [
                {
                  "id": "connection",
                  "title": "connection",
                  "level": "error",
                  "found": "connect to db:5432/shop: connection refused",
                  "mend": {
                    "steps": "start it",
                    "sql": null,
                    "command": null,
                    "needs_restart": false
                  }
                }
              ]
            }"#]]
        .assert_eq(&format!("{document:#}"));
    }
}
