//! Which statements a report names, and what is known of them.

use std::collections::BTreeSet;

use pgquerylens_model::baseline::Snapshot;
use pgquerylens_model::capabilities::{PROVIDER_DATABASES, PROVIDER_ROLES};
use pgquerylens_model::report::{NamedStatement, RunningMetrics, ViewMetrics};
use pgquerylens_model::running::{RunningSums, Summed, Told, VectorStatement};
use pgquerylens_model::selection::{Order, Selection, ranked, select};
use pgquerylens_model::statements::StatementKey;
use pgquerylens_model::views::database;
use pgquerylens_model::window::Window;

use crate::state::dictionary::Entry;

use super::keep::Held;
use super::{Databases, PollOptions};

/// Selects, and tells what is known of each selected statement.
pub(super) fn name(
    window: &Window,
    snapshot: &Snapshot,
    views: &[ViewMetrics],
    held: &Held,
    options: &PollOptions,
) -> (Selection, Vec<NamedStatement>) {
    let key = |row: usize| StatementKey::of(&snapshot.rows, window.deltas.row_indexes[row]);
    let own = |row: usize| key(row).is_some_and(|key| held.is_own(&key));
    let names = Names::of(views, held);
    let unwanted: BTreeSet<usize> = (0..window.deltas.len())
        .filter(|row| !key(*row).is_some_and(|key| names.is_wanted(&key, options)))
        .collect();
    let selection = select(window, options.top, &options.orders, own, |row| !unwanted.contains(&row));
    let named = selection.selected.iter().map(|selected| named(key(selected.row), &names, held)).collect();
    (selection, named)
}

/// Adds the interval to the running sums, keeps them for the next poll, and tells what is known of each series. Who has
/// a series in the next one follows from what is shown, which at a first reading is everything since the last reset.
pub(super) fn running(
    interval: &Window,
    shown: &Window,
    snapshot: &Snapshot,
    views: &[ViewMetrics],
    held: &mut Held,
    options: &PollOptions,
) -> Option<RunningMetrics> {
    let rules = options.series.as_ref()?;
    let before = held.state_mut().running.take();
    let names = Names::of(views, held);
    let keys_of = |window: &Window| -> Vec<Option<StatementKey>> {
        window.deltas.row_indexes.iter().map(|row| StatementKey::of(&snapshot.rows, *row)).collect()
    };
    let keys = keys_of(shown);
    let own: Vec<StatementKey> = keys.iter().flatten().filter(|key| held.is_own(key)).copied().collect();
    let vectors = if held.knows_vectors() { vector_statements(snapshot, held) } else { Vec::new() };
    let is_candidate = |key: &StatementKey| !held.is_own(key) && names.is_wanted(key, options);
    let candidates: Vec<usize> =
        (0..keys.len()).filter(|row| keys[*row].is_some_and(|key| is_candidate(&key))).collect();
    let ranks = ranked(&shown.deltas, rules.top, &Order::ALL, &candidates);
    let is_first = |row: &usize| !ranks[*row].is_empty();
    let first: Vec<StatementKey> =
        candidates.into_iter().filter(is_first).filter_map(|row| keys[row]).collect();
    let reset_at = snapshot.statements.and_then(|info| info.stats_reset);
    let told = Told { keys: &keys_of(interval), first: &first, own: &own, vectors: &vectors, reset_at };
    let Summed { now, next } = RunningSums::add(before, interval, &told, rules);
    let series = now.series.into_iter().map(|series| {
        let known = named(Some(series.key), &names, held);
        (series, known)
    });
    let databases = now.databases.into_iter();
    let databases = databases.filter_map(|(dbid, running)| Some((names.database(dbid)?.to_owned(), running)));
    let vectors = now.vectors.into_iter();
    let vectors = vectors
        .filter_map(|sums| Some((names.database(sums.database)?.to_owned(), sums.vector_use, sums.running)));
    let metrics = RunningMetrics {
        series: series.collect(),
        other: now.other,
        own: now.own,
        databases: databases.collect(),
        vectors: vectors.collect(),
    };
    held.state_mut().running = Some(next);
    Some(metrics)
}

/// Returns the entries that do something with vectors, whether or not they did so in the window.
fn vector_statements(snapshot: &Snapshot, held: &Held) -> Vec<VectorStatement> {
    let entries = (0..snapshot.rows.len()).filter_map(|row| StatementKey::of(&snapshot.rows, row));
    let known = entries.filter_map(|key| {
        let vector_use = held.vector_use(&key)?;
        Some(VectorStatement { database: key.dbid, queryid: key.queryid, vector_use })
    });
    known.collect()
}

fn named(key: Option<StatementKey>, names: &Names<'_>, held: &Held) -> NamedStatement {
    let Some(key) = key else { return NamedStatement::default() };
    let entry = held.dictionary().entry(key.dbid, key.queryid);
    NamedStatement {
        datname: names.database(key.dbid).map(str::to_owned),
        rolname: names.role(key.userid).map(str::to_owned),
        query: entry.and_then(Entry::text).map(String::from),
        fingerprint: entry.map(|entry| entry.fingerprint.to_string()),
        statement_type: entry.map(|entry| entry.kind.as_str().to_owned()),
        tables: entry.map(|entry| entry.tables.clone()).unwrap_or_default(),
    }
}

/// Names of databases from this poll, and of roles from the last time they were read.
struct Names<'n> {
    views: &'n [ViewMetrics],
    held: &'n Held,
}

impl<'n> Names<'n> {
    fn of(views: &'n [ViewMetrics], held: &'n Held) -> Names<'n> {
        Names { views, held }
    }

    fn database(&self, dbid: i64) -> Option<&str> {
        let metrics = self.views.iter().find(|metrics| metrics.view.name == database::VIEW.name)?;
        let rows = &metrics.snapshot.rows;
        let (oid, name) = (database::VIEW.column_index("datid")?, database::VIEW.column_index("datname")?);
        let row = (0..rows.len()).find(|row| rows.int(oid, *row) == Some(dbid))?;
        rows.label(name, row)
    }

    fn role(&self, userid: i64) -> Option<&str> {
        self.held.role_name(userid)
    }

    /// A provider's own work is not the user's; a named database narrows what is named, never what is counted.
    fn is_wanted(&self, key: &StatementKey, options: &PollOptions) -> bool {
        let datname = self.database(key.dbid);
        let provider_owned = datname.is_some_and(|name| PROVIDER_DATABASES.contains(&name))
            || self.role(key.userid).is_some_and(|name| PROVIDER_ROLES.contains(&name));
        let in_scope = match &options.databases {
            Databases::Named(names) => datname.is_some_and(|name| names.iter().any(|named| named == name)),
            Databases::Connected | Databases::All => true,
        };
        in_scope && !provider_owned
    }
}
