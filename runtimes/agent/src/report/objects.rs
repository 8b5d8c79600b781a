//! Indexes and sequences that want a look, at the polls that read them.

use pgquerylens_model::report::{UnifiedMetrics, ViewMetrics};
use pgquerylens_model::view::View;
use pgquerylens_model::views::{index_duplicates, indexes, sequence_values, sequences};

use super::fields::Row;
use super::line::{Line, Span, Tone, flowed};
use super::{fact, label};
use crate::figures::share;

/// Databases that get a line.
const MAX_DATABASES: usize = 4;
/// Names that are listed.
const MAX_NAMES: usize = 3;
/// A sequence of which more is used up is named.
const USED_SHARE: f64 = 0.75;

/// Returns a line per database whose indexes or sequences were read and have something to say.
pub(super) fn lines(metrics: &UnifiedMetrics, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |name: &str, database: Option<&str>, mut facts: Vec<Span>| {
        if !facts.is_empty() {
            facts.insert(0, fact(format!("in {}", database.unwrap_or("-"))));
            lines.extend(flowed(label(name), facts, width));
        }
    };
    for view in views(metrics, &indexes::VIEW).take(MAX_DATABASES) {
        add("indexes", view.database.as_deref(), index_facts(metrics, view));
    }
    for view in views(metrics, &sequence_values::VIEW).take(MAX_DATABASES) {
        add("sequences", view.database.as_deref(), sequence_facts(metrics, view));
    }
    lines
}

fn views<'m>(metrics: &'m UnifiedMetrics, view: &View) -> impl Iterator<Item = &'m ViewMetrics> {
    let name = view.name;
    metrics.views.iter().filter(move |found| found.view.name == name)
}

/// Returns another view of the same database.
fn beside<'m>(metrics: &'m UnifiedMetrics, view: &View, of: &ViewMetrics) -> Option<&'m ViewMetrics> {
    views(metrics, view).find(|found| found.snapshot.database == of.snapshot.database)
}

fn index_facts(metrics: &UnifiedMetrics, view: &ViewMetrics) -> Vec<Span> {
    let name = |row: &Row<'_>| qualified(row, "indexrelname");
    let invalid: Vec<String> =
        Row::all(view).filter(|row| row.flag("indisvalid") == Some(false)).map(|row| name(&row)).collect();
    let unused = Row::all(view).filter(is_unused).count();
    let duplicates: Vec<String> = beside(metrics, &index_duplicates::VIEW, view)
        .into_iter()
        .flat_map(Row::all)
        .map(|row| name(&row))
        .collect();
    let mut facts = Vec::new();
    if !invalid.is_empty() {
        let text = format!("{} invalid: {}", invalid.len(), listed(&invalid));
        facts.push(Span::new(text, Tone::Caution));
    }
    if !duplicates.is_empty() {
        facts.push(fact(format!("{} superfluous: {}", duplicates.len(), listed(&duplicates))));
    }
    if unused > 0 {
        facts.push(fact(format!("{unused} never scanned")));
    }
    facts
}

/// An index that guarantees nothing and was never scanned since the statistics began.
fn is_unused(row: &Row<'_>) -> bool {
    let guarantees = ["indisunique", "indisprimary", "indisexclusion", "indisreplident"];
    row.int("idx_scan") == Some(0) && guarantees.iter().all(|name| row.flag(name) == Some(false))
}

fn sequence_facts(metrics: &UnifiedMetrics, view: &ViewMetrics) -> Vec<Span> {
    let named = |relid: i64| {
        let sequences = beside(metrics, &sequences::VIEW, view).into_iter().flat_map(Row::all);
        sequences
            .filter(|row| row.int("relid") == Some(relid))
            .map(|row| qualified(&row, "sequencename"))
            .next()
    };
    let used = |row: &Row<'_>| row.float("used_ratio").filter(|used| *used >= USED_SHARE);
    let mut found: Vec<(f64, i64)> =
        Row::all(view).filter_map(|row| Some((used(&row)?, row.int("relid")?))).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let left_out = found.len().saturating_sub(MAX_NAMES);
    let text = |(used, relid): (f64, i64)| {
        let name = named(relid).unwrap_or_else(|| format!("sequence {relid}"));
        Span::new(format!("{name} {} used up", share(used)), Tone::Caution)
    };
    let mut facts: Vec<Span> = found.into_iter().take(MAX_NAMES).map(text).collect();
    if left_out > 0 {
        facts.push(fact(format!("and {left_out} more")));
    }
    facts
}

fn qualified(row: &Row<'_>, name: &str) -> String {
    format!("{}.{}", row.label("schemaname").unwrap_or("-"), row.label(name).unwrap_or("-"))
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(MAX_NAMES).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > MAX_NAMES { format!("{shown}, …") } else { shown }
}
