//! Every view that is read, one file each with its `.sql` beside it. The number in `checkpointer.17.sql` is
//! the first version it fits: the server's major, or the minor of pg_stat_statements for `statements.*`.

use crate::view::View;

pub mod activity;
pub mod archiver;
pub mod aurora_replica_status;
pub mod aurora_system_waits;
pub mod available_extensions;
pub mod bgwriter;
pub mod blocking;
pub mod checkpointer;
pub mod database;
pub mod database_sizes;
pub mod databases;
pub mod extensions;
pub mod functions;
pub mod index_duplicates;
pub mod index_sizes;
pub mod indexes;
pub mod io;
pub mod lock_relations;
pub mod locks;
pub mod prepared_xacts;
pub mod progress_analyze;
pub mod progress_basebackup;
pub mod progress_cluster;
pub mod progress_copy;
pub mod progress_create_index;
pub mod progress_vacuum;
pub mod recovery;
pub mod recovery_prefetch;
pub mod replication;
pub mod replication_slots;
pub mod roles;
pub mod sequence_values;
pub mod sequences;
pub mod settings;
pub mod slru;
pub mod statements;
pub mod subscription;
pub mod subscription_stats;
pub mod table_sizes;
pub mod tables;
pub mod vector_tables;
pub mod wal;
pub mod wal_receiver;

/// All views, in the order in which they are read and shown.
pub const ALL: &[&View] = &[
    &statements::INFO,
    &statements::VIEW,
    &statements::TEXTS,
    &activity::VIEW,
    &blocking::VIEW,
    &database::VIEW,
    &bgwriter::VIEW,
    &checkpointer::VIEW,
    &wal::VIEW,
    &archiver::VIEW,
    &io::VIEW,
    &slru::VIEW,
    &replication::VIEW,
    &replication_slots::VIEW,
    &aurora_replica_status::VIEW,
    &aurora_system_waits::VIEW,
    &wal_receiver::VIEW,
    &recovery::VIEW,
    &recovery_prefetch::VIEW,
    &subscription::VIEW,
    &subscription_stats::VIEW,
    &progress_vacuum::VIEW,
    &progress_analyze::VIEW,
    &progress_create_index::VIEW,
    &progress_cluster::VIEW,
    &progress_copy::VIEW,
    &progress_basebackup::VIEW,
    &locks::VIEW,
    &lock_relations::VIEW,
    &prepared_xacts::VIEW,
    &tables::VIEW,
    &table_sizes::VIEW,
    &indexes::VIEW,
    &index_sizes::VIEW,
    &index_duplicates::VIEW,
    &vector_tables::VIEW,
    &functions::VIEW,
    &sequences::VIEW,
    &sequence_values::VIEW,
    &databases::VIEW,
    &database_sizes::VIEW,
    &settings::VIEW,
    &roles::VIEW,
    &extensions::VIEW,
    &available_extensions::VIEW,
];

/// Returns the view of that name.
pub fn by_name(name: &str) -> Option<&'static View> {
    ALL.iter().copied().find(|view| view.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::view::{Column, Kind, READ_AT, Reading, Statement, VersionedBy};

    /// The versions a view's columns and statements count in.
    fn versions(view: &View) -> std::ops::RangeInclusive<u16> {
        match view.versioned_by {
            VersionedBy::Server => 12..=18,
            VersionedBy::Statements => 7..=12,
        }
    }

    fn without_comments(sql: &str) -> String {
        sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect::<Vec<_>>().join("\n")
    }

    fn words(sql: &str) -> BTreeSet<&str> {
        sql.split(|character: char| !character.is_ascii_alphanumeric() && character != '_').collect()
    }

    fn statements() -> impl Iterator<Item = (&'static View, &'static Statement, String)> {
        ALL.iter().flat_map(|view| {
            let all = view.statements.iter().chain(view.aurora_statements);
            all.map(|statement| (*view, statement, without_comments(statement.sql)))
        })
    }

    #[test]
    fn names_are_unique_within_their_table() {
        let names: BTreeSet<_> = ALL.iter().map(|view| view.name).collect();
        assert_eq!(names.len(), ALL.len());
        for view in ALL {
            let columns: BTreeSet<_> = view.columns.iter().map(|column| column.name).collect();
            assert_eq!(columns.len(), view.columns.len(), "{}", view.name);
        }
    }

    #[test]
    fn keys_identify_and_are_no_figures() {
        for view in ALL {
            for key in view.key {
                let column = view.column_index(key).map(|index| &view.columns[index]);
                let kind = column.map(|column| column.kind);
                assert!(
                    matches!(kind, Some(Kind::Label | Kind::LabelInt | Kind::Flag | Kind::Time)),
                    "{}.{key} is {kind:?}",
                    view.name
                );
            }
        }
    }

    #[test]
    fn reset_columns_are_moments() {
        for view in ALL {
            let Some(name) = view.reset_column else { continue };
            let kind = view.column_index(name).map(|index| view.columns[index].kind);
            assert_eq!(kind, Some(Kind::Time), "{}.{name}", view.name);
        }
    }

    #[test]
    fn versions_are_in_order() {
        for view in ALL {
            for statements in [view.statements, view.aurora_statements] {
                assert!(statements.windows(2).all(|pair| pair[0].since < pair[1].since), "{}", view.name);
            }
            for column in view.columns {
                assert!(
                    column.until.is_none_or(|until| column.since <= until),
                    "{}.{}",
                    view.name,
                    column.name
                );
            }
        }
    }

    #[test]
    fn counters_come_with_the_moment_of_their_reading() {
        for view in ALL.iter().filter(|view| view.has_counters() && view.reading != Reading::Special) {
            assert_eq!(view.columns.last().map(|last| last.name), Some(READ_AT.name), "{}", view.name);
        }
    }

    #[test]
    fn statements_name_every_column_of_their_version() {
        for view in ALL {
            for version in versions(view) {
                let plain = view.statement_for(version).map(|sql| (sql, false));
                let auroras = view.aurora_statement_for(version).map(|sql| (sql, true));
                for (sql, is_auroras) in plain.into_iter().chain(auroras) {
                    let sql = without_comments(sql);
                    let words = words(&sql);
                    let is_there = |column: &&Column| match is_auroras {
                        true => column.is_on_aurora(version),
                        false => column.is_in(version),
                    };
                    for column in view.columns.iter().filter(is_there) {
                        assert!(
                            words.contains(column.name),
                            "{}.{} in version {version}",
                            view.name,
                            column.name
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_statement_fits_every_version_up_to_the_next() {
        for view in ALL {
            for version in versions(view).skip(1) {
                let (Some(sql), Some(before)) =
                    (view.statement_for(version), view.statement_for(version - 1))
                else {
                    continue;
                };
                let changes =
                    view.columns.iter().any(|column| column.is_in(version) != column.is_in(version - 1));
                assert!(
                    !changes || sql != before,
                    "{} gains or loses columns in version {version}",
                    view.name
                );
            }
        }
    }

    #[test]
    fn only_batches_of_relations_have_a_parameter() {
        for (view, _, sql) in statements() {
            let batches = matches!(view.reading, Reading::PerRelationOf(_));
            assert_eq!(sql.contains("$1::pg_catalog.oid[]"), batches, "{}", view.name);
            assert!(!sql.contains(';'), "{}", view.name);
        }
    }

    #[test]
    fn batches_come_from_a_view_that_names_relations() {
        for view in ALL {
            let Reading::PerRelationOf(source) = view.reading else { continue };
            let column = view.key[0];
            assert!(["relid", "indexrelid"].contains(&column), "{}", view.name);
            assert!(
                by_name(source).is_some_and(|source| source.column_index(column).is_some()),
                "{}",
                view.name
            );
        }
    }

    #[test]
    fn nothing_is_found_by_search_path() {
        for (view, _, sql) in statements().filter(|(view, ..)| view.versioned_by == VersionedBy::Server) {
            let sql = sql.replace("distinct from", "").replace("epoch from", "");
            let tokens: Vec<_> = sql.split_whitespace().collect();
            for source in
                tokens.windows(2).filter(|pair| ["from", "join"].contains(&pair[0])).map(|pair| pair[1])
            {
                let named_here = ["(", "lateral", "described", "lock"].contains(&source);
                assert!(named_here || source.starts_with("pg_catalog."), "{} reads {source}", view.name);
            }
            for after in sql.split("::").skip(1) {
                assert!(after.starts_with("pg_catalog."), "{} casts to {after:.20}", view.name);
            }
        }
    }

    #[test]
    fn secrets_are_not_read() {
        for (view, _, sql) in statements() {
            let unquoted: String = sql.split('\'').step_by(2).collect();
            for forbidden in ["conninfo", "subconninfo", "rolpassword", "rolconfig", "umoptions", "gid"] {
                assert!(!words(&unquoted).contains(forbidden), "{} reads {forbidden}", view.name);
            }
        }
    }

    #[test]
    fn every_sql_file_belongs_to_a_view() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/views");
        let used: BTreeSet<_> = statements().map(|(_, statement, _)| statement.sql).collect();
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "sql")) {
            assert!(used.contains(fs::read_to_string(&file).unwrap().as_str()), "{}", file.display());
        }
    }
}
