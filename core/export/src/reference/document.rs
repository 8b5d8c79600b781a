//! The reference of the JSON document: every field with a sentence, and an example.
//!
//! A test holds the table against the example: a field that one of them lacks fails it.

use std::fmt::Write;

use super::GENERATED;
use crate::document::{SCHEMA, document};
use crate::example;

/// Returns the document's reference as Markdown.
pub fn reference() -> String {
    let mut page = format!("{GENERATED}# The JSON document\n\n`{SCHEMA}`{INTRODUCTION}");
    for (path, about) in FIELDS {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "| `{path}` | {about} |");
    }
    let example = document(&example::report());
    let _ = write!(page, "\n## Example\n\n```json\n{example:#}\n```\n");
    page
}

const INTRODUCTION: &str = ": one document per poll, printed by `pgquerylens poll --format json`.

- Names are PostgreSQL's own and end with their unit: `_ms`, `_bytes`, `_seconds`. Columns are in
  [views.md](views.md). Counts and blocks (of `server.block_size_bytes`) have no ending.
- Ids of 64 bits (`queryid`, `query_id`, `system_identifier`) are strings; JSON readers would round them.
- Times are RFC 3339 in UTC, by the database's clock.
- A column that the server's version does not have, or does not measure, is absent. `null` is SQL's NULL, or a
  field that could not be read or has nothing to say.
- Texts are normalised: they hold no literal.
- Databases and roles of the cloud provider, and our own session, are left out of `views`.
- [document.schema.json](document.schema.json) is the same as a JSON Schema.
- New fields may come at any time; a change that could break a reader raises the number in `schema`.

## Fields

| field | meaning |
|---|---|
";

/// Every field that is not a column of a view.
pub(super) const FIELDS: &[(&str, &str)] = &[
    ("schema", "Name and version of this form."),
    ("pgquerylens_version", "Version of the pgquerylens that made it."),
    ("target", "`host:port/database` as it was named; never a secret."),
    (
        "status",
        "`ok`; `degraded`: something that this server could offer was not read; `failed`: nothing was.",
    ),
    ("read_at", "When the poll began."),
    ("server", "Which server; `null` if it was not reached."),
    ("server.version", "Version in words."),
    ("server.version_num", "`server_version_num`."),
    ("server.provider", "Who runs it: `self-managed`, `rds`, `aurora`, `cloud-sql`, `alloydb`, `azure`."),
    (
        "server.system_identifier",
        "Of the cluster, shared by its physical replicas; `null` where it is denied.",
    ),
    ("server.timeline", "Grows with every promotion."),
    ("server.in_recovery", "Whether it is a standby."),
    ("server.postmaster_start", "When it was started."),
    ("server.database", "The connected database."),
    ("server.role", "The role that read."),
    ("server.block_size_bytes", "By which blocks become bytes."),
    ("server.pg_stat_statements_version", "Of the extension; `null` if it is not created in the database."),
    (
        "window",
        "What the poll's differences cover: the statements', or the databases' where there are none. Every \
view has its own.",
    ),
    (
        "window_id",
        "The baseline that the windows start from. Of two documents with one id the later, which ends later, \
replaces the earlier.",
    ),
    ("window.from", "The earlier reading; `null` at a first one."),
    ("window.to", "The later reading."),
    ("window.interval_seconds", "The length; `null` if there is no earlier reading or the clock went back."),
    (
        "window.quality",
        "`exact`; `lower_bound`: at least this much happened; `gap`: there are no differences.",
    ),
    ("window.reasons[]", "Why it is not exact, as sentences."),
    ("coverage", "How much of the databases' active time the statements explain; `null` without a window."),
    ("coverage.statements_ms_per_second", "Execution and planning time of top-level statements per second."),
    ("coverage.active_ms_per_second", "Active time of all databases per second; `null` before 14."),
    ("coverage.share", "The first over the second. Above 1 where statements began before the window."),
    ("statements", "`null` without pg_stat_statements. `top`, `other` and `own` add up to `total`."),
    (
        "statements.basis",
        "`interval`: figures of the window; `since_reset`: totals, at a first poll or over a gap.",
    ),
    (
        "statements.from",
        "From when on the figures count: the earlier reading, or the last reset if it is known.",
    ),
    ("statements.to", "Until when they count."),
    ("statements.entries", "Entries of pg_stat_statements that our role may see."),
    ("statements.max_entries", "`pg_stat_statements.max`."),
    ("statements.hidden_entries", "Entries that our role may not see."),
    ("statements.stats_reset", "Last reset of all entries; `null` before extension 1.9."),
    ("statements.dealloc", "Evictions since then; `null` before extension 1.9."),
    (
        "statements.top[]",
        "Named statements by descending time, with the differences of every counter column.",
    ),
    ("statements.top[].datname", "Database."),
    ("statements.top[].rolname", "Role; `null` before roles were read."),
    ("statements.top[].dbid", "Oid of the database."),
    ("statements.top[].userid", "Oid of the role."),
    ("statements.top[].queryid", "Query id, a string."),
    (
        "statements.top[].toplevel",
        "Whether a client sent it, and not a function; absent before extension 1.9.",
    ),
    ("statements.top[].fingerprint", "Equal for equal statements on every server and major."),
    ("statements.top[].statement_type", "`SELECT`, `UPDATE`, `CREATE TABLE` …"),
    ("statements.top[].tables[]", "Tables that the text names."),
    ("statements.top[].query", "Normalised text, cut where it is long; `null` until texts were read."),
    (
        "statements.top[].ranked_by[]",
        "In which orders it is among the first: `time`, `io`, `wal`, `temp`, `calls`.",
    ),
    ("statements.top[].mean_exec_time_ms", "Mean execution time inside the window."),
    ("statements.top[].stddev_exec_time_ms", "Population standard deviation inside the window."),
    (
        "statements.top[].entry",
        "Levels that hold since the entry began: extremes, deviations, its beginning.",
    ),
    ("statements.other", "Sums of the statements that are not named."),
    ("statements.other.statement_count", "How many they are."),
    (
        "statements.own",
        "Sums of pgquerylens' own statements; `null` until their texts are known, when they are \
among the others.",
    ),
    ("statements.total", "Sums of all."),
    ("views[]", "Every other view that was read at this poll."),
    ("views[].view", "Its name, as in [views.md](views.md)."),
    ("views[].database", "The database, for views that show only one; else `null`."),
    ("views[].read_at", "When it was read."),
    (
        "views[].window",
        "The window of its counters, with the fields of `window`; absent for a view without counters.",
    ),
    ("views[].rows[]", "One object per row: its columns, counters as totals."),
    (
        "views[].rows[].delta",
        "Differences of the counters; absent if nothing changed or there is no comparison.",
    ),
    ("collectors[]", "What happened to each view."),
    ("collectors[].view", "The view, or `connection` for a database that could not be reached."),
    ("collectors[].database", "The database, for views that show only one."),
    (
        "collectors[].outcome",
        "`read`, `not_offered` (nothing is missing), `not_due`, `resting` (it failed too often), `failed`.",
    ),
    ("collectors[].row_count", "Rows read."),
    ("collectors[].reason", "Why it is not offered, or failed."),
    ("collectors[].duration_ms", "From the answer before to this one: the server's work and the wire."),
    ("notices[]", "What the reader should know."),
    ("notices[].degrades", "Whether something is missing because of it."),
    ("notices[].message", "What is so."),
    ("notices[].mend", "SQL or a setting that mends it."),
    ("cost", "What the poll cost the server."),
    ("cost.connections", "Connections opened."),
    ("cost.statements", "Statements sent, transaction control included."),
    ("cost.round_trips", "Times we waited for an answer after login."),
    ("cost.received_bytes", "Bytes that the server sent."),
    ("cost.sent_bytes", "Bytes that it was sent."),
    ("cost.duration_ms", "From the first statement to the last answer."),
    ("cost.own_exec_time_ms", "Execution time of our own statements in the window, once they are known."),
    ("cost.own_temp_blks_written", "Temporary blocks that they wrote."),
    ("walk", "How far the walk through all databases has come; `null` if none was asked for."),
    ("walk.read", "Databases read at this poll."),
    ("walk.total", "Databases that are read in turn."),
    ("walk.next", "Where it goes on; `null` when the round is complete."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use pgquerylens_model::report::WalkProgress;
    use pgquerylens_model::views;
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// Collects the paths of all fields but the columns of views.
    fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                for (name, value) in object {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    paths(value, &path, found);
                }
            }
            Value::Array(values) => {
                let path = format!("{path}[]");
                values.iter().for_each(|value| paths(value, &path, found));
                found.insert(path);
                return;
            }
            _ => {}
        }
        if !path.is_empty() {
            found.insert(path.to_owned());
        }
    }

    fn is_column(path: &str) -> bool {
        let repeated = ["views[].window.", "views[].rows[].delta.", "statements.top[].entry."];
        let name = path.rsplit(['.', ']']).next().unwrap_or_default();
        let known =
            views::ALL.iter().flat_map(|view| view.columns).any(|column| column.name_with_unit() == name);
        let in_rows = ["views[].rows[]", "statements."].iter().any(|part| path.starts_with(part));
        repeated.iter().any(|part| path.starts_with(part)) || (in_rows && known && !is_listed(path))
    }

    fn is_listed(path: &str) -> bool {
        FIELDS.iter().any(|(listed, _)| *listed == path)
    }

    #[test]
    fn every_field_has_a_sentence_and_every_sentence_a_field() {
        let mut report = example::report();
        report.walk = Some(WalkProgress { read: 1, total: 2, next: None });
        let mut found = BTreeSet::new();
        paths(&document(&report), "", &mut found);
        let found: BTreeSet<&str> =
            found.iter().map(String::as_str).filter(|path| !is_column(path)).collect();
        let listed: BTreeSet<&str> = FIELDS.iter().map(|(path, _)| *path).collect();
        assert_eq!(found, listed);
    }

    #[test]
    fn the_example_is_part_of_the_page() {
        assert!(reference().contains("\"queryid\": \"-8123456789012345678\""));
    }
}
