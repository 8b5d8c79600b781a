//! The reference of views and columns by version, made from the views' tables.

use std::fmt::Write;

use pgquerylens_model::version::SUPPORTED_MAJORS;
use pgquerylens_model::view::{
    Cadence, Column, Kind, MeasuredIf, Reading, Requirement, Scope, VersionedBy, View,
};
use pgquerylens_model::views::ALL;

use super::GENERATED;

/// Returns the reference of all views as Markdown.
pub fn reference() -> String {
    let mut page = format!("{GENERATED}{INTRODUCTION}");
    for view in ALL {
        page.push_str(&section(view));
    }
    page
}

const INTRODUCTION: &str = "\
# Views and columns

What pgquerylens reads, view by view, on PostgreSQL 12 to 18. Names are PostgreSQL's own; in the JSON document a
name ends with its unit, as given here. A column that a version does not have is absent there, and one that is
not measured because a setting is off is absent too: neither is ever 0.

`read_at` is given once per view there, not in every row.

Counters grow from a reset on and are subtracted between polls; gauges hold now; labels name or describe a row.

";

fn section(view: &View) -> String {
    let mut text = format!("## {}\n\n{}.\n\n", view.name, view.about);
    let mut fact = |name: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "- {name}: {value}");
    };
    fact("scope", scope(view.scope).to_owned());
    fact("read", read(view));
    fact("versions", versions(view, first_version(view), None));
    if !view.key.is_empty() {
        fact(
            "a row is known by",
            view.key.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        );
    }
    if let Some(column) = view.reset_column {
        fact("counters begin anew at", format!("`{column}`"));
    }
    for requirement in view.requires {
        fact("only", required(*requirement).to_owned());
    }
    text.push_str("\n| column | kind | unit | versions | measured if |\n|---|---|---|---|---|\n");
    for column in view.columns {
        text.push_str(&line(view, column));
    }
    text.push('\n');
    text
}

fn line(view: &View, column: &Column) -> String {
    let since = column.since.max(first_version(view));
    let (name, kind, unit) = (column.name_with_unit(), kind(column.kind), unit(column));
    let measured =
        column.measured_if.map(|setting| format!("`{}`", measured_if(setting))).unwrap_or_default();
    format!("| `{name}` | {kind} | {unit} | {} | {measured} |\n", versions(view, since, column.until))
}

pub(super) fn first_version(view: &View) -> u16 {
    view.statements.first().map_or(0, |statement| statement.since)
}

pub(super) fn versions(view: &View, since: u16, until: Option<u16>) -> String {
    match (view.versioned_by, until) {
        (VersionedBy::Server, _) => match until.unwrap_or(*SUPPORTED_MAJORS.end()) {
            last if last == since => format!("{since}"),
            last => format!("{since} to {last}"),
        },
        (VersionedBy::Statements, None) => format!("extension 1.{since} and later"),
        (VersionedBy::Statements, Some(last)) => format!("extension 1.{since} to 1.{last}"),
    }
}

fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Server => "the server",
        Scope::Database => "the connected database",
    }
}

fn read(view: &View) -> String {
    let cadence = match view.cadence {
        Cadence::EveryPoll => "at every poll",
        Cadence::Minutes => "every few minutes",
        Cadence::Hours => "every few hours",
    };
    match view.reading {
        Reading::Whole => cadence.to_owned(),
        Reading::Special if view.cadence == Cadence::EveryPoll => cadence.to_owned(),
        Reading::Special => "when it is called for".to_owned(),
        Reading::WhereSomethingWaits => format!("{cadence}, if some session waits for a lock"),
        Reading::WhereInProgress(command) => format!("{cadence}, if {command} is in progress"),
        Reading::PerRelationOf(source) => format!("{cadence}, in batches of the relations of `{source}`"),
    }
}

fn required(requirement: Requirement) -> &'static str {
    match requirement {
        Requirement::Recovery => "on a server in recovery",
        Requirement::Primary => "on a server that takes writes",
        Requirement::Aurora(_) => "on Amazon Aurora, where it has the function",
        Requirement::Statements => "where pg_stat_statements is created in the connected database",
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter | Kind::CounterFloat => "counter",
        Kind::Gauge | Kind::GaugeFloat => "gauge",
        Kind::Label | Kind::LabelInt => "label",
        Kind::Flag => "flag",
        Kind::Time => "time",
        Kind::IntList => "list of numbers",
        Kind::Text => "statement text, normalised",
    }
}

fn unit(column: &Column) -> &'static str {
    use pgquerylens_model::unit::Unit;
    match column.unit {
        Unit::Count => "count",
        Unit::Bytes => "bytes",
        Unit::Blocks => "blocks",
        Unit::Microseconds => "microseconds",
        Unit::Milliseconds => "milliseconds",
        Unit::Seconds => "seconds",
        Unit::Transactions => "transactions",
        Unit::None => "",
    }
}

fn measured_if(setting: MeasuredIf) -> &'static str {
    match setting {
        MeasuredIf::TrackIoTiming => "track_io_timing",
        MeasuredIf::TrackWalIoTiming => "track_wal_io_timing",
        MeasuredIf::TrackPlanning => "pg_stat_statements.track_planning",
        MeasuredIf::TrackFunctions => "track_functions",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use pgquerylens_model::views::bgwriter;

    #[test]
    fn a_view_is_a_section_with_a_line_per_column() {
        expect![[r#"
            ## pg_stat_bgwriter

            Buffers written in the background; before 17 also checkpoints and the backends' own writes.

            - scope: the server
            - read: at every poll
            - versions: 12 to 18
            - counters begin anew at: `stats_reset`

            | column | kind | unit | versions | measured if |
            |---|---|---|---|---|
            | `checkpoints_timed` | counter | count | 12 to 16 |  |
            | `checkpoints_req` | counter | count | 12 to 16 |  |
            | `checkpoint_write_time_ms` | counter | milliseconds | 12 to 16 |  |
            | `checkpoint_sync_time_ms` | counter | milliseconds | 12 to 16 |  |
            | `buffers_checkpoint` | counter | blocks | 12 to 16 |  |
            | `buffers_clean` | counter | blocks | 12 to 18 |  |
            | `maxwritten_clean` | counter | count | 12 to 18 |  |
            | `buffers_backend` | counter | blocks | 12 to 16 |  |
            | `buffers_backend_fsync` | counter | count | 12 to 16 |  |
            | `buffers_alloc` | counter | blocks | 12 to 18 |  |
            | `stats_reset` | time |  | 12 to 18 |  |
            | `read_at` | time |  | 12 to 18 |  |

        "#]]
        .assert_eq(&section(&bgwriter::VIEW));
    }

    #[test]
    fn every_view_and_column_is_in_the_reference() {
        let page = reference();
        for view in ALL {
            assert!(page.contains(&format!("\n## {}\n", view.name)));
            let missing = view
                .columns
                .iter()
                .find(|column| !page.contains(&format!("| `{}` |", column.name_with_unit())));
            assert_eq!(missing, None);
        }
    }
}
