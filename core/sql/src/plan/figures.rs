//! What in a plan's lines is PostgreSQL's own reckoning: costs, rows, times, buffers. Their places are known, and nothing
//! else can be there.

/// What a line of figures is called, where it is one of `EXPLAIN`'s own.
const KEYS: [&str; 37] = [
    "Async Capable",
    "Batches",
    "Buckets",
    "Buffers",
    "Cache Mode",
    "Conflicting Tuples",
    "Disabled",
    "Disk Usage",
    "Estimates",
    "Full-sort Groups",
    "Functions",
    "Heap Blocks",
    "Heap Fetches",
    "Hits",
    "I/O Timings",
    "Index Searches",
    "Inner Unique",
    "Memory",
    "Options",
    "Planned Partitions",
    "Pre-sorted Groups",
    "Query Identifier",
    "Rows Removed by Conflict Filter",
    "Rows Removed by Filter",
    "Rows Removed by Index Recheck",
    "Rows Removed by Join Filter",
    "Single Copy",
    "Sort Method",
    "Storage",
    "Subplans Removed",
    "Timing",
    "Tuples Inserted",
    "Tuples Skipped",
    "Tuples Updated",
    "WAL",
    "Workers Launched",
    "Workers Planned",
];

/// The beginning of what a node is reckoned to cost, behind its name.
const COST: &str = "  (cost=";
/// The words of that.
const WORDS: [&str; 8] = ["cost", "rows", "width", "actual", "time", "loops", "never", "executed"];

/// Splits a node's line into its name and its figures; nothing for any other line.
pub(super) fn of_node(line: &str) -> Option<(&str, &str)> {
    let (name, figures) = line.split_at(line.rfind(COST)?);
    let groups = figures.trim_start().strip_prefix('(')?.strip_suffix(')')?;
    let is_figure = |word: &str| {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        WORDS.contains(&name) && value.bytes().all(|letter| letter.is_ascii_digit() || letter == b'.')
    };
    let is_group = |group: &str| group.split(' ').all(is_figure);
    groups.split(") (").all(is_group).then_some((name, figures))
}

/// Tells whether a line of this name has figures alone.
pub(super) fn is_key(key: &str) -> bool {
    KEYS.binary_search(&key).is_ok()
}

/// Tells whether a text can be figures and their units.
pub(super) fn is_reckoning(text: &str) -> bool {
    text.bytes().all(|letter| letter.is_ascii_alphanumeric() || b" .,:=%()/+-".contains(&letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nodes_figures_are_nothing_but_figures() {
        for (line, name) in [
            ("Seq Scan on t  (cost=0.00..35.50 rows=10 width=4)", Some("Seq Scan on t")),
            (
                "->  Sort  (cost=1.00..2.00 rows=1 width=4) (actual time=0.010..0.011 rows=1.50 loops=1)",
                Some("->  Sort"),
            ),
            ("Result  (cost=0.00..0.01 rows=1 width=4) (actual rows=1 loops=1)", Some("Result")),
            ("Result  (cost=0.00..0.01 rows=1 width=4) (never executed)", Some("Result")),
            ("Result  (cost=0.00..0.01 rows=1 width=4) (secret=1)", None),
            ("Result  (cost=abc rows=1 width=4)", None),
            ("Filter: (a = 'x  (cost=0.00..0.01 rows=1 width=4)'::text)", None),
            ("Result", None),
        ] {
            assert_eq!(of_node(line).map(|(name, _)| name), name, "{line}");
        }
    }

    #[test]
    fn keys_are_found() {
        assert!(KEYS.is_sorted() && KEYS.iter().all(|key| is_key(key)));
        assert!(
            !is_key("Filter") && is_reckoning("shared hit=3 read=1, temp written=2") && !is_reckoning("'x'")
        );
    }
}
