//! What sort of statement a text is, by its first keywords: this works for texts that do not parse, and for those
//! whose end is missing.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::pieces::Piece;

/// How many keywords decide; no command's name needs more, with what may stand between its words.
const MAX_KEYWORDS: usize = 12;

/// The sort of a statement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum StatementKind {
    /// `SELECT`, `VALUES` or `TABLE`.
    Select,
    /// `INSERT`
    Insert,
    /// `UPDATE`
    Update,
    /// `DELETE`
    Delete,
    /// `MERGE`
    Merge,
    /// Anything else that PostgreSQL knows.
    Utility(Command),
    /// Nothing that PostgreSQL knows.
    Unknown,
}

/// The name of a utility command, of those that this crate knows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Command(&'static str);

impl StatementKind {
    /// Returns the kind of this name; unknown for a name that this version does not know.
    fn of_name(name: &str) -> StatementKind {
        let plain = [
            StatementKind::Select,
            StatementKind::Insert,
            StatementKind::Update,
            StatementKind::Delete,
            StatementKind::Merge,
        ];
        let command = || COMMANDS.iter().find(|command| **command == name);
        let utility = || command().map(|command| StatementKind::Utility(Command(command)));
        let known = plain.into_iter().find(|kind| kind.as_str() == name).or_else(utility);
        known.unwrap_or(StatementKind::Unknown)
    }

    /// Returns the command's name as PostgreSQL writes it: `SELECT`, `CREATE TABLE`.
    pub fn as_str(&self) -> &'static str {
        match self {
            StatementKind::Select => "SELECT",
            StatementKind::Insert => "INSERT",
            StatementKind::Update => "UPDATE",
            StatementKind::Delete => "DELETE",
            StatementKind::Merge => "MERGE",
            StatementKind::Utility(Command(name)) => name,
            StatementKind::Unknown => "UNKNOWN",
        }
    }

    /// Returns whether it is a utility statement.
    pub fn is_utility(&self) -> bool {
        matches!(self, StatementKind::Utility(_))
    }

    /// Returns whether the statement is planned and its constants are jumbled, as those of no utility are.
    pub fn is_dml(&self) -> bool {
        !matches!(self, StatementKind::Utility(_) | StatementKind::Unknown)
    }
}

impl fmt::Display for StatementKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// It is kept by its name, so that a version that knows more commands reads what one that knows fewer wrote.
impl Serialize for StatementKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for StatementKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<StatementKind, D::Error> {
        deserializer.deserialize_str(OfName)
    }
}

/// Reads a kind from where its name stands.
struct OfName;

impl de::Visitor<'_> for OfName {
    type Value = StatementKind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a sort of statement")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<StatementKind, E> {
        Ok(StatementKind::of_name(name))
    }
}

/// Returns the kind of the first statement in a text.
pub(crate) fn kind(pieces: &[Piece<'_>]) -> StatementKind {
    let start = pieces.iter().position(|piece| *piece != Piece::Mark('(')).unwrap_or(pieces.len());
    let statement = &pieces[start..];
    match statement.first() {
        Some(first) if first.is_word("with") => after_with(statement),
        Some(first) => dml(first).unwrap_or_else(|| utility(statement)),
        None => StatementKind::Unknown,
    }
}

/// Returns the command's name, `None` for what is no command that this crate knows.
fn dml(piece: &Piece<'_>) -> Option<StatementKind> {
    const WORDS: [(&str, StatementKind); 7] = [
        ("select", StatementKind::Select),
        ("values", StatementKind::Select),
        ("table", StatementKind::Select),
        ("insert", StatementKind::Insert),
        ("update", StatementKind::Update),
        ("delete", StatementKind::Delete),
        ("merge", StatementKind::Merge),
    ];
    WORDS.iter().find(|(word, _)| piece.is_word(word)).map(|(_, kind)| *kind)
}

/// The statement behind `WITH … AS (…)` begins at the first command outside of all parentheses.
fn after_with(statement: &[Piece<'_>]) -> StatementKind {
    let mut depth = 0_usize;
    for piece in statement {
        match piece {
            Piece::Mark('(') => depth += 1,
            Piece::Mark(')') => depth = depth.saturating_sub(1),
            piece if depth == 0 => {
                if let Some(kind) = dml(piece) {
                    return kind;
                }
            }
            _ => {}
        }
    }
    StatementKind::Select
}

fn utility(statement: &[Piece<'_>]) -> StatementKind {
    let is_create = statement.first().is_some_and(|first| first.is_word("create"));
    let words: Vec<&Piece<'_>> = statement
        .iter()
        .take_while(|piece| matches!(piece, Piece::Word(_)))
        .filter(|piece| !(is_create && piece.is_one_of(&BETWEEN_WORDS_OF_CREATE)))
        .take(MAX_KEYWORDS)
        .collect();
    let begins = |name: &&str| {
        let mut count = 0;
        let matches = name.split(' ').enumerate().all(|(index, part)| {
            count = index + 1;
            words.get(index).is_some_and(|word| word.is_word(part))
        });
        matches.then_some(count)
    };
    let synonym = SYNONYMS.iter().find(|(written, _)| begins(written).is_some()).map(|(_, name)| *name);
    let longest =
        || COMMANDS.iter().copied().filter(|name| begins(name).is_some()).max_by_key(|name| name.len());
    synonym.or_else(longest).map_or(StatementKind::Unknown, |name| StatementKind::Utility(Command(name)))
}

/// Words that may stand in a `CREATE` without changing what is created.
const BETWEEN_WORDS_OF_CREATE: [&str; 13] = [
    "or",
    "replace",
    "temp",
    "temporary",
    "local",
    "global",
    "unlogged",
    "recursive",
    "unique",
    "trusted",
    "procedural",
    "constraint",
    "default",
];

/// Commands that have a second spelling.
const SYNONYMS: [(&str, &str); 12] = [
    ("end", "COMMIT"),
    ("abort", "ROLLBACK"),
    ("start transaction", "BEGIN"),
    ("analyse", "ANALYZE"),
    ("create user mapping", "CREATE USER MAPPING"),
    ("alter user mapping", "ALTER USER MAPPING"),
    ("drop user mapping", "DROP USER MAPPING"),
    ("create user", "CREATE ROLE"),
    ("create group", "CREATE ROLE"),
    ("alter user", "ALTER ROLE"),
    ("alter group", "ALTER ROLE"),
    ("drop user", "DROP ROLE"),
];

/// PostgreSQL's command tags (`src/include/tcop/cmdtaglist.h`), those that a text begins with.
const COMMANDS: &[&str] = &[
    "ALTER ACCESS METHOD",
    "ALTER AGGREGATE",
    "ALTER COLLATION",
    "ALTER CONVERSION",
    "ALTER DATABASE",
    "ALTER DEFAULT PRIVILEGES",
    "ALTER DOMAIN",
    "ALTER EVENT TRIGGER",
    "ALTER EXTENSION",
    "ALTER FOREIGN DATA WRAPPER",
    "ALTER FOREIGN TABLE",
    "ALTER FUNCTION",
    "ALTER INDEX",
    "ALTER LANGUAGE",
    "ALTER LARGE OBJECT",
    "ALTER MATERIALIZED VIEW",
    "ALTER OPERATOR",
    "ALTER OPERATOR CLASS",
    "ALTER OPERATOR FAMILY",
    "ALTER POLICY",
    "ALTER PROCEDURE",
    "ALTER PUBLICATION",
    "ALTER ROLE",
    "ALTER ROUTINE",
    "ALTER RULE",
    "ALTER SCHEMA",
    "ALTER SEQUENCE",
    "ALTER SERVER",
    "ALTER STATISTICS",
    "ALTER SUBSCRIPTION",
    "ALTER SYSTEM",
    "ALTER TABLE",
    "ALTER TABLESPACE",
    "ALTER TEXT SEARCH CONFIGURATION",
    "ALTER TEXT SEARCH DICTIONARY",
    "ALTER TEXT SEARCH PARSER",
    "ALTER TEXT SEARCH TEMPLATE",
    "ALTER TRIGGER",
    "ALTER TYPE",
    "ALTER USER MAPPING",
    "ALTER VIEW",
    "ANALYZE",
    "BEGIN",
    "CALL",
    "CHECKPOINT",
    "CLOSE",
    "CLUSTER",
    "COMMENT",
    "COMMIT",
    "COMMIT PREPARED",
    "COPY",
    "CREATE ACCESS METHOD",
    "CREATE AGGREGATE",
    "CREATE CAST",
    "CREATE COLLATION",
    "CREATE CONVERSION",
    "CREATE DATABASE",
    "CREATE DOMAIN",
    "CREATE EVENT TRIGGER",
    "CREATE EXTENSION",
    "CREATE FOREIGN DATA WRAPPER",
    "CREATE FOREIGN TABLE",
    "CREATE FUNCTION",
    "CREATE INDEX",
    "CREATE LANGUAGE",
    "CREATE MATERIALIZED VIEW",
    "CREATE OPERATOR",
    "CREATE OPERATOR CLASS",
    "CREATE OPERATOR FAMILY",
    "CREATE POLICY",
    "CREATE PROCEDURE",
    "CREATE PUBLICATION",
    "CREATE ROLE",
    "CREATE RULE",
    "CREATE SCHEMA",
    "CREATE SEQUENCE",
    "CREATE SERVER",
    "CREATE STATISTICS",
    "CREATE SUBSCRIPTION",
    "CREATE TABLE",
    "CREATE TABLESPACE",
    "CREATE TEXT SEARCH CONFIGURATION",
    "CREATE TEXT SEARCH DICTIONARY",
    "CREATE TEXT SEARCH PARSER",
    "CREATE TEXT SEARCH TEMPLATE",
    "CREATE TRANSFORM",
    "CREATE TRIGGER",
    "CREATE TYPE",
    "CREATE USER MAPPING",
    "CREATE VIEW",
    "DEALLOCATE",
    "DECLARE",
    "DISCARD",
    "DO",
    "DROP ACCESS METHOD",
    "DROP AGGREGATE",
    "DROP CAST",
    "DROP COLLATION",
    "DROP CONVERSION",
    "DROP DATABASE",
    "DROP DOMAIN",
    "DROP EVENT TRIGGER",
    "DROP EXTENSION",
    "DROP FOREIGN DATA WRAPPER",
    "DROP FOREIGN TABLE",
    "DROP FUNCTION",
    "DROP INDEX",
    "DROP LANGUAGE",
    "DROP MATERIALIZED VIEW",
    "DROP OPERATOR",
    "DROP OPERATOR CLASS",
    "DROP OPERATOR FAMILY",
    "DROP OWNED",
    "DROP POLICY",
    "DROP PROCEDURE",
    "DROP PUBLICATION",
    "DROP ROLE",
    "DROP ROUTINE",
    "DROP RULE",
    "DROP SCHEMA",
    "DROP SEQUENCE",
    "DROP SERVER",
    "DROP STATISTICS",
    "DROP SUBSCRIPTION",
    "DROP TABLE",
    "DROP TABLESPACE",
    "DROP TEXT SEARCH CONFIGURATION",
    "DROP TEXT SEARCH DICTIONARY",
    "DROP TEXT SEARCH PARSER",
    "DROP TEXT SEARCH TEMPLATE",
    "DROP TRANSFORM",
    "DROP TRIGGER",
    "DROP TYPE",
    "DROP USER MAPPING",
    "DROP VIEW",
    "EXECUTE",
    "EXPLAIN",
    "FETCH",
    "GRANT",
    "IMPORT FOREIGN SCHEMA",
    "LISTEN",
    "LOAD",
    "LOCK",
    "MOVE",
    "NOTIFY",
    "PREPARE",
    "PREPARE TRANSACTION",
    "REASSIGN OWNED",
    "REFRESH MATERIALIZED VIEW",
    "REINDEX",
    "RELEASE",
    "RESET",
    "REVOKE",
    "ROLLBACK",
    "ROLLBACK PREPARED",
    "SAVEPOINT",
    "SECURITY LABEL",
    "SET",
    "SET CONSTRAINTS",
    "SHOW",
    "TRUNCATE",
    "UNLISTEN",
    "VACUUM",
];

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::{COMMANDS, SYNONYMS, StatementKind};
    use crate::analysis::analyse;
    use crate::raw::RawSql;

    #[test]
    fn a_kind_is_known_by_its_name() {
        let others = ["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "UNKNOWN"];
        let synonyms = SYNONYMS.iter().map(|(_, name)| name);
        for name in others.iter().chain(COMMANDS).chain(synonyms) {
            assert_eq!(StatementKind::of_name(name).as_str(), *name);
        }
        assert_eq!(StatementKind::of_name("select"), StatementKind::Unknown);
    }

    #[test]
    fn first_keywords_decide() {
        let statements = [
            "select 1",
            "((select 1))",
            "values (1)",
            "table t",
            "with x as (delete from t returning *) select 1",
            "WITH RECURSIVE x AS (select 1), y(a) as (select 2) INSERT INTO t select 1",
            "merge into t using s on true when matched then do nothing",
            "create or replace temp view v as select 1",
            "create unique index i on t (a)",
            "create table t (a int)",
            "create user mapping for x server s",
            "create user x",
            "drop user x",
            "alter text search dictionary d (a = b)",
            "start transaction",
            "end",
            "commit prepared 'x'",
            "prepare transaction 'x'",
            "set constraints all deferred",
            "explain select 1",
            "refresh materialized view v",
            "create nonsense",
            "hello",
            "",
            "select 'cut off",
        ];
        let kinds: String =
            statements.iter().map(|sql| format!("{}: {sql}\n", analyse(&RawSql::from(*sql)).kind)).collect();
        expect![[r#"
            SELECT: select 1
            SELECT: ((select 1))
            SELECT: values (1)
            SELECT: table t
            SELECT: with x as (delete from t returning *) select 1
            INSERT: WITH RECURSIVE x AS (select 1), y(a) as (select 2) INSERT INTO t select 1
            MERGE: merge into t using s on true when matched then do nothing
            CREATE VIEW: create or replace temp view v as select 1
            CREATE INDEX: create unique index i on t (a)
            CREATE TABLE: create table t (a int)
            CREATE USER MAPPING: create user mapping for x server s
            CREATE ROLE: create user x
            DROP ROLE: drop user x
            ALTER TEXT SEARCH DICTIONARY: alter text search dictionary d (a = b)
            BEGIN: start transaction
            COMMIT: end
            COMMIT PREPARED: commit prepared 'x'
            PREPARE TRANSACTION: prepare transaction 'x'
            SET CONSTRAINTS: set constraints all deferred
            EXPLAIN: explain select 1
            REFRESH MATERIALIZED VIEW: refresh materialized view v
            UNKNOWN: create nonsense
            UNKNOWN: hello
            UNKNOWN: 
            SELECT: select 'cut off
        "#]]
        .assert_eq(&kinds);
    }
}
