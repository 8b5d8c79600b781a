//! The statements on paper: a `.sql` file with comments, or a document for programs.

use std::fmt::Write;

use pgquerylens_engine::limits::{APPLICATION_NAME, Limits};
use pgquerylens_model::capabilities::PROVIDER_DATABASES;
use pgquerylens_model::view::Needs;
use serde_json::{Value, json};

use super::Server;
use super::provider::{grantor, preloading};
use super::statements::{Statement, statements};

/// What the driver sends around the statements, in the order of a poll. `session.rs` of the engine sends them.
const AROUND: [(&str, &str); 8] = [
    ("select pg_catalog.pg_is_in_recovery()", "at login, only with target_session_attrs"),
    ("begin read only", "before pg_stat_statements; behind a transaction pooler before everything"),
    (
        "select pg_catalog.set_config('search_path', pg_catalog.quote_ident($1), true)",
        "for one transaction: $1 is the schema of pg_stat_statements",
    ),
    ("commit", "after it"),
    (
        "select pg_catalog.set_config('search_path', 'pg_catalog', true), …",
        "behind a transaction pooler: the settings above, for one transaction",
    ),
    ("savepoint unit", "behind a transaction pooler: around each view"),
    ("rollback to savepoint unit", "behind a transaction pooler"),
    ("commit", "behind a transaction pooler"),
];

/// Returns the `.sql` file.
pub(super) fn sql(server: &Server) -> String {
    let mut page = head(server);
    for statement in statements(server) {
        let _written = write!(page, "\n{}", block(&statement));
    }
    page
}

fn head(server: &Server) -> String {
    let Server { major, provider, extension } = server;
    let mut lines = vec![
        format!("Every statement that pgquerylens {} may run on", env!("CARGO_PKG_VERSION")),
        format!("PostgreSQL {major} with pg_stat_statements {extension}, {}.", provider.name()),
        String::new(),
        "It needs no more than a role that may log in and is a member of pg_monitor:".to_owned(),
        "    create role pgquerylens login password '…';".to_owned(),
        "    grant pg_monitor to pgquerylens;".to_owned(),
        "    create extension if not exists pg_stat_statements;".to_owned(),
        format!("as {}.", grantor(*provider)),
        format!("Preloading pg_stat_statements: {}.", preloading(*provider)),
        String::new(),
        format!("Session settings (application_name {APPLICATION_NAME}), with the default limits:"),
    ];
    let settings = Limits::default().session_settings();
    lines.extend(settings.iter().map(|(name, value)| format!("    {name} = {value}")));
    lines.push("One connection at a time. Every statement is a transaction of its own, but for:".to_owned());
    lines.extend(AROUND.iter().flat_map(|(text, when)| [format!("    {text}"), format!("        {when}")]));
    lines.push("Databases of providers are never visited:".to_owned());
    lines.push(format!("    {}", PROVIDER_DATABASES.join(", ")));
    lines.iter().map(|line| format!("-- {line}").trim_end().to_owned() + "\n").collect()
}

fn block(statement: &Statement) -> String {
    let mut lines = vec![
        format!("{}: {}", statement.view, statement.about),
        format!("when:  {}", when(statement)),
        format!("where: {}", statement.scope),
    ];
    lines.extend(match statement.needs {
        Needs::Nothing => vec!["needs: nothing beyond the login".to_owned()],
        Needs::Monitor { without } => {
            vec!["needs: pg_monitor".to_owned(), format!("       without it: {without}")]
        }
        Needs::Other { what, without } => {
            vec![format!("needs: {what}"), format!("       without it: {without}")]
        }
    });
    lines.extend(statement.guard.iter().map(|guard| format!("locks: {guard}")));
    let comments: String = lines.iter().map(|line| format!("-- {line}\n")).collect();
    format!("{comments}{};\n", statement.sql)
}

fn when(statement: &Statement) -> String {
    let conditions = statement.conditions.iter().map(|condition| format!("; {condition}"));
    format!("{}{}", statement.cadence, conditions.collect::<String>())
}

/// Returns the document, on one line.
pub(super) fn json(server: &Server) -> String {
    let statements: Vec<Value> = statements(server).iter().map(entry).collect();
    let settings: Vec<Value> = Limits::default()
        .session_settings()
        .iter()
        .map(|(name, value)| json!({"name": name, "setting": value}))
        .collect();
    let document = json!({
        "schema": "pgquerylens.sql/1",
        "pgquerylens_version": env!("CARGO_PKG_VERSION"),
        "major": server.major,
        "provider": server.provider.name(),
        "pg_stat_statements_version": server.extension.to_string(),
        "session_settings": settings,
        "around": AROUND.iter().map(|(sql, when)| json!({"sql": sql, "when": when})).collect::<Vec<_>>(),
        "statements": statements,
    });
    format!("{document}\n")
}

fn entry(statement: &Statement) -> Value {
    let (needs, without) = match statement.needs {
        Needs::Nothing => (None, None),
        Needs::Monitor { without } => (Some("pg_monitor"), Some(without)),
        Needs::Other { what, without } => (Some(what), Some(without)),
    };
    json!({
        "view": statement.view,
        "about": statement.about,
        "scope": statement.scope,
        "cadence": statement.cadence,
        "conditions": statement.conditions,
        "needs": needs,
        "without": without,
        "guard": statement.guard,
        "sql": statement.sql,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgquerylens_model::capabilities::Provider;
    use pgquerylens_model::version::{SUPPORTED_MAJORS, statements_version_of};

    fn server(major: u16, provider: Provider) -> Server {
        Server { major, provider, extension: statements_version_of(major).unwrap() }
    }

    #[test]
    fn outside_comments_there_is_nothing_but_our_statements() {
        for major in SUPPORTED_MAJORS {
            let server = server(major, Provider::SelfManaged);
            let page = sql(&server);
            let ends = page.lines().filter(|line| line.ends_with(';') && !line.starts_with("--")).count();
            assert_eq!(ends, statements(&server).len(), "{major}");
        }
    }

    /// What the engine sends around our statements stands in its code; this page must not tell another story.
    #[test]
    fn what_is_sent_around_is_what_the_engine_has() {
        let engine = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/engine/src");
        let code = ["source/session.rs", "dial/mod.rs"]
            .map(|name| std::fs::read_to_string(engine.join(name)).unwrap());
        for (text, _) in AROUND {
            let text =
                text.split("'search_path', 'pg_catalog'").next().unwrap().trim_start_matches("select ");
            assert!(code.iter().any(|code| code.contains(text)), "{text}");
        }
    }

    #[test]
    fn providers_are_spoken_to_in_their_words() {
        assert!(sql(&server(16, Provider::Rds)).contains("rds_superuser"));
        assert!(sql(&server(16, Provider::Azure)).contains("azure_pg_admin"));
    }

    #[test]
    fn the_document_has_what_the_page_has() {
        let server = server(18, Provider::SelfManaged);
        let document: Value = serde_json::from_str(&json(&server)).unwrap();
        assert_eq!(document["statements"].as_array().unwrap().len(), statements(&server).len());
        assert_eq!(document["pg_stat_statements_version"], "1.12");
    }

    #[test]
    fn a_statement_says_when_where_and_with_what_rights() {
        let server = server(18, Provider::SelfManaged);
        let all = statements(&server);
        let archiver = all.iter().find(|statement| statement.view == "pg_blocking_pids").unwrap();
        let comments: String = block(archiver).lines().take(5).map(|line| format!("{line}\n")).collect();
        expect_test::expect![[r#"
            -- pg_blocking_pids: Sessions that wait for a lock, what they wait for and who blocks them
            -- when:  every poll; only while a session waits for a lock
            -- where: server
            -- needs: pg_monitor
            --        without it: sessions of other roles are not seen to wait
        "#]]
        .assert_eq(&comments);
    }
}
