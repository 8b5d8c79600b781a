//! The statements themselves, in the order of a poll, each with when it runs, what it needs and how it is guarded.

use pgquerylens_engine::limits::Limits;
use pgquerylens_engine::source::session::marked;
use pgquerylens_model::capabilities::{AuroraFunction, Provider};
use pgquerylens_model::check;
use pgquerylens_model::probe::{CONTROL, LOCK, PROBE};
use pgquerylens_model::view::{Cadence, Needs, Reading, Requirement, Scope, VersionedBy, View};
use pgquerylens_model::views;

use super::Server;

/// One statement that may run.
#[derive(Debug)]
pub(super) struct Statement {
    /// The view it reads.
    pub(super) view: &'static str,
    /// What it tells.
    pub(super) about: &'static str,
    /// Whether it is run once for the server or in each database that is read.
    pub(super) scope: &'static str,
    /// How often.
    pub(super) cadence: &'static str,
    /// What must be so for it to run at all.
    pub(super) conditions: Vec<String>,
    /// What the role needs.
    pub(super) needs: Needs,
    /// How it keeps out of the way of locks, where it opens relations.
    pub(super) guard: Option<String>,
    /// The text as it is sent.
    pub(super) sql: String,
}

/// Returns every statement for this server.
pub(super) fn statements(server: &Server) -> Vec<Statement> {
    let all = [&PROBE, &CONTROL, &LOCK].into_iter().chain(views::ALL.iter().copied()).chain(check::VIEWS);
    let is_auroras =
        |view: &View| view.requires.iter().any(|requirement| matches!(requirement, Requirement::Aurora(_)));
    let is_on_aurora = server.provider == Provider::Aurora;
    all.filter(|view| is_on_aurora || !is_auroras(view)).flat_map(|view| of_view(view, server)).collect()
}

/// The view's statement, and on Aurora the one that takes its place where there is a function for it.
fn of_view(view: &'static View, server: &Server) -> Vec<Statement> {
    let version = match view.versioned_by {
        VersionedBy::Server => server.major,
        VersionedBy::Statements => server.extension.minor,
    };
    let plain = view.statement_for(version).map(|sql| statement(view, sql, conditions(view)));
    let on_aurora = view.aurora_statement_for(version).filter(|_| server.provider == Provider::Aurora);
    let auroras = on_aurora.map(|sql| {
        let place =
            format!("in place of the one before, where there is {}()", AuroraFunction::Statements.name());
        statement(view, sql, [conditions(view), vec![place]].concat())
    });
    plain.into_iter().chain(auroras).collect()
}

fn statement(view: &'static View, sql: &'static str, conditions: Vec<String>) -> Statement {
    Statement {
        view: view.name,
        about: view.about,
        scope: scope(view),
        cadence: cadence(view),
        conditions,
        needs: view.needs,
        guard: guard(view, sql),
        sql: marked(sql),
    }
}

fn scope(view: &View) -> &'static str {
    match (view.scope, view.versioned_by) {
        (_, VersionedBy::Statements) => "server, from the database that has the extension",
        (Scope::Server, _) => "server",
        (Scope::Database, _) => "each database that is read",
    }
}

fn cadence(view: &View) -> &'static str {
    match view.cadence {
        _ if view.name == views::statements::INFO.name => "every poll, twice: before and after the counters",
        _ if view.name == views::statements::TEXTS.name => {
            "when too much execution time has no known text, at most once per --text-pause"
        }
        _ if view.name == CONTROL.name => "once per connection, and after a promotion",
        _ if view.name == LOCK.name => "once per connection, with --single-flight",
        _ if check::VIEWS.contains(&view) => "only by the subcommand check",
        Cadence::EveryPoll => "every poll",
        Cadence::Minutes => "every few minutes (--minutes-pause)",
        Cadence::Hours => "every few hours (--hours-pause)",
    }
}

fn conditions(view: &View) -> Vec<String> {
    let required = view.requires.iter().map(|requirement| match requirement {
        Requirement::Recovery => "only in recovery".to_owned(),
        Requirement::Primary => "only on a primary".to_owned(),
        Requirement::Aurora(function) => {
            format!("only where there is {}()", function.name())
        }
        Requirement::Statements => "only where pg_stat_statements is created".to_owned(),
    });
    let driven = match view.reading {
        Reading::WhereSomethingWaits => Some("only while a session waits for a lock".to_owned()),
        Reading::WhereInProgress(command) => Some(format!("only while {command} runs")),
        Reading::PerRelationOf(source) => {
            let batch = Limits::default().relations_per_batch;
            Some(format!("$1 is an array of up to {batch} oids from {source}"))
        }
        Reading::Whole | Reading::Special => None,
    };
    required.chain(driven).collect()
}

fn guard(view: &View, sql: &str) -> Option<String> {
    let opens_relations = matches!(view.reading, Reading::PerRelationOf(_));
    let waits = Limits::default().lock_timeout.as_millis();
    let looks_first = if sql.contains("AccessExclusiveLock") {
        "leaves out what has such a lock, held or awaited; "
    } else {
        ""
    };
    opens_relations
        .then(|| format!("{looks_first}lock_timeout ends a wait after {waits} ms and costs one batch"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgquerylens_model::version::{SUPPORTED_MAJORS, statements_version_of};

    pub(super) fn names(major: u16) -> Vec<&'static str> {
        let server =
            Server { major, provider: Provider::Rds, extension: statements_version_of(major).unwrap() };
        statements(&server).iter().map(|statement| statement.view).collect()
    }

    #[test]
    fn every_major_has_its_own() {
        let mut before = 0;
        for major in SUPPORTED_MAJORS {
            let names = names(major);
            assert!(names.len() >= before.max(30), "{major}: {names:?}");
            before = names.len();
        }
        assert!(!names(12).contains(&"pg_stat_slru") && names(13).contains(&"pg_stat_slru"));
        assert!(!names(15).contains(&"pg_stat_io") && names(16).contains(&"pg_stat_io"));
        assert!(!names(16).contains(&"pg_stat_checkpointer") && names(17).contains(&"pg_stat_checkpointer"));
    }

    #[test]
    fn what_aurora_alone_has_is_shown_for_aurora() {
        let of = |provider| {
            let server = Server { major: 16, provider, extension: statements_version_of(16).unwrap() };
            statements(&server).into_iter().filter(|statement| statement.sql.contains("aurora_"))
        };
        let shown: Vec<_> =
            of(Provider::Aurora).map(|statement| (statement.view, statement.conditions)).collect();
        let expected = [
            ("pg_stat_statements", "in place of the one before, where there is aurora_stat_statements()"),
            ("aurora_replica_status", "only where there is aurora_replica_status()"),
            ("aurora_stat_system_waits", "only where there is aurora_stat_system_waits()"),
        ];
        assert_eq!(
            shown.iter().map(|(view, _)| *view).filter(|view| *view != PROBE.name).collect::<Vec<_>>(),
            expected.map(|(view, _)| view)
        );
        for (view, condition) in expected {
            assert!(
                shown.iter().any(|(name, all)| *name == view && all.contains(&condition.to_owned())),
                "{shown:?}"
            );
        }
        assert!(of(Provider::Rds).all(|statement| statement.view == PROBE.name));
    }

    #[test]
    fn statements_are_sent_with_our_mark_and_read_only() {
        let server = Server {
            major: 18,
            provider: Provider::SelfManaged,
            extension: statements_version_of(18).unwrap(),
        };
        for statement in statements(&server) {
            let (first, rest) = statement.sql.split_once(' ').unwrap();
            assert!(matches!(first, "select" | "with"), "{}: {first:?}", statement.view);
            assert!(rest.starts_with("/* pgquerylens */ "), "{}", statement.view);
        }
    }

    #[test]
    fn what_opens_relations_is_guarded() {
        let server =
            Server { major: 18, provider: Provider::Azure, extension: statements_version_of(18).unwrap() };
        let guarded: Vec<&str> = statements(&server)
            .iter()
            .filter(|statement| statement.guard.is_some())
            .map(|s| s.view)
            .collect();
        assert_eq!(guarded, ["pg_total_relation_size", "pg_relation_size", "pg_sequence_last_value"]);
    }
}
