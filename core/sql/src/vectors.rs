//! What a statement may have to do with vectors of pgvector: the distance that it computes, the table that it writes to.
//! Operators and names tell, as they tell OpenTelemetry's postgresqlreceiver; whether the table has vectors, and the
//! operator is pgvector's, others have to know.
//!
//! Source: "Vector Operators" and "Vector Functions" of pgvector's reference; `postgresql.vector.*` of the receiver.

use crate::kind::StatementKind;
use crate::pieces::Piece;

/// The most bytes of a name: PostgreSQL cuts longer ones, so that no table is called by them.
const MAX_NAME_BYTES: usize = 63;

/// Each distance as the receiver names it, with its operator and its functions. Of a statement with several the first
/// counts.
const DISTANCES: [(&str, &str, &[&str]); 6] = [
    ("cosine", "<=>", &["cosine_distance"]),
    ("l2", "<->", &["l2_distance"]),
    ("inner_product", "<#>", &["inner_product", "vector_negative_inner_product"]),
    ("l1", "<+>", &["l1_distance"]),
    ("hamming", "<~>", &["hamming_distance"]),
    ("jaccard", "<%>", &["jaccard_distance"]),
];

/// Returns the distance that a statement computes, if it may do so.
pub(crate) fn distance(pieces: &[Piece<'_>]) -> Option<&'static str> {
    let is_used = |operator: &str, functions: &[&str]| {
        pieces.iter().any(|piece| *piece == Piece::Operator(operator) || piece.is_one_of(functions))
    };
    let used = DISTANCES.iter().find(|(_, operator, functions)| is_used(operator, functions));
    used.map(|(name, _, _)| *name)
}

/// Returns the table that `INSERT` or `COPY … FROM` writes to, as the catalogue has it: `schema.table`, or `table` where
/// the text names no schema.
pub(crate) fn written(pieces: &[Piece<'_>], kind: StatementKind) -> Option<String> {
    let is_copy = kind.as_str() == "COPY";
    let start = match kind {
        StatementKind::Insert => behind_insert(pieces)?,
        _ if is_copy => 1,
        _ => return None,
    };
    let rest = pieces.get(start..)?;
    let first = name(rest.first()?)?;
    let (table, rest) = match rest.get(1..3) {
        Some([Piece::Mark('.'), second]) => (format!("{first}.{}", name(second)?), &rest[3..]),
        _ => (first, &rest[1..]),
    };
    (!is_copy || is_from(rest)).then_some(table)
}

/// Returns the place behind `INSERT INTO`, the statement's own and not one in its `WITH`.
fn behind_insert(pieces: &[Piece<'_>]) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Mark('(') => depth += 1,
            Piece::Mark(')') => depth = depth.saturating_sub(1),
            piece if depth == 0 && piece.is_word("insert") => {
                return pieces.get(place + 1)?.is_word("into").then_some(place + 2);
            }
            _ => {}
        }
    }
    None
}

/// Tells whether `FROM` comes next, behind a list of columns if there is one.
fn is_from(rest: &[Piece<'_>]) -> bool {
    let rest = match rest.first() {
        Some(Piece::Mark('(')) => {
            let end = rest.iter().position(|piece| *piece == Piece::Mark(')'));
            end.map_or(&[][..], |end| &rest[end + 1..])
        }
        _ => rest,
    };
    rest.first().is_some_and(|piece| piece.is_word("from"))
}

fn name(piece: &Piece<'_>) -> Option<String> {
    let name = match piece {
        Piece::Word(word) => Some(word.to_ascii_lowercase()),
        Piece::QuotedName(quoted) => {
            let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
            Some(inner.replace("\"\"", "\""))
        }
        _ => None,
    };
    name.filter(|name| name.len() <= MAX_NAME_BYTES)
}

#[cfg(test)]
mod tests {
    use crate::analysis::analyse;
    use crate::raw::RawSql;

    #[test]
    fn a_distance_is_known_by_its_operator_or_function() {
        for (sql, expected) in [
            ("select id from docs order by embedding <=> $1 limit 5", Some("cosine")),
            ("select id from docs order by embedding<->'[1,2]' limit 5", Some("l2")),
            ("select Inner_Product(a, b) from docs", Some("inner_product")),
            ("select a <+> b from docs", Some("l1")),
            ("select a <~> b from docs", Some("hamming")),
            ("select a <%> b from docs", Some("jaccard")),
            ("select a <-> b, a <=> b from docs", Some("cosine")),
            ("select '<=>', \"<->\" /* <#> */ from docs", None),
            ("select a <= b from docs", None),
        ] {
            assert_eq!(analyse(&RawSql::from(sql)).distance, expected, "{sql}");
        }
    }

    #[test]
    fn the_table_that_is_written_to_is_named_as_in_the_catalogue() {
        for (sql, expected) in [
            ("insert into docs values ($1)", Some("docs")),
            ("INSERT INTO Shop.Docs (a) select 1", Some("shop.docs")),
            ("with x as (select 1) insert into \"Odd \"\"one\" select * from x", Some("Odd \"one")),
            ("copy docs (a, b) from stdin", Some("docs")),
            ("copy shop.docs from stdin", Some("shop.docs")),
            ("copy docs to stdout", None),
            ("copy (select 1) to stdout", None),
            ("update docs set a = 1", None),
            (
                "with x as (insert into plain values (1) returning a) insert into docs select * from x",
                Some("docs"),
            ),
            ("insert into", None),
            ("insert", None),
        ] {
            assert_eq!(analyse(&RawSql::from(sql)).written.as_deref(), expected, "{sql}");
        }
        let long = format!("insert into \"{}\" values (1)", "x".repeat(64));
        assert_eq!(analyse(&RawSql::from(long.as_str())).written, None);
    }
}
