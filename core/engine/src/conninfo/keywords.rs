//! The table of libpq's keywords: the variable each falls back on, and what we do with it. Reading the values is left
//! to the parent module.

use self::Treatment::{Inert, Refused, Used};

/// A keyword of libpq.
pub(super) struct Keyword {
    /// Its name in a connection string and in a service file.
    pub name: &'static str,
    /// The environment variable that stands in for it.
    pub variable: Option<&'static str>,
    /// What we do with it.
    pub treatment: Treatment,
}

/// What we do with a keyword.
pub(super) enum Treatment {
    /// Its value is used.
    Used,
    /// It concerns something we do not have, and ignoring it is harmless.
    Inert,
    /// We cannot do what it asks for, and going on without it would be less safe or something else than asked.
    Refused {
        /// Values that ask for nothing, besides the empty one.
        unless: &'static [&'static str],
        /// What to do instead.
        instead: &'static str,
    },
}

const fn keyword(name: &'static str, variable: &'static str, treatment: Treatment) -> Keyword {
    Keyword { name, variable: Some(variable), treatment }
}

const fn unnamed(name: &'static str, treatment: Treatment) -> Keyword {
    Keyword { name, variable: None, treatment }
}

const NO_CRL: Treatment = Refused {
    unless: &[],
    instead: "revocation lists are not supported, remove it and rotate the server's CA",
};
const NO_SCRAM_KEY: Treatment = Refused { unless: &[], instead: "not supported, give the password itself" };
const NO_OAUTH: Treatment =
    Refused { unless: &[], instead: "not supported, use a password or a certificate" };

/// All keywords up to PostgreSQL 18, and `servicefile` of 19.
pub(super) const KEYWORDS: &[Keyword] = &[
    keyword("service", "PGSERVICE", Used),
    keyword("servicefile", "PGSERVICEFILE", Used),
    keyword("user", "PGUSER", Used),
    keyword("password", "PGPASSWORD", Used),
    keyword("passfile", "PGPASSFILE", Used),
    keyword("channel_binding", "PGCHANNELBINDING", Used),
    keyword("connect_timeout", "PGCONNECT_TIMEOUT", Used),
    keyword("dbname", "PGDATABASE", Used),
    keyword("host", "PGHOST", Used),
    keyword("hostaddr", "PGHOSTADDR", Used),
    keyword("port", "PGPORT", Used),
    keyword("client_encoding", "PGCLIENTENCODING", Inert),
    keyword("options", "PGOPTIONS", Used),
    keyword("application_name", "PGAPPNAME", Used),
    unnamed("fallback_application_name", Inert),
    unnamed("keepalives", Used),
    unnamed("keepalives_idle", Used),
    unnamed("keepalives_interval", Used),
    unnamed("keepalives_count", Used),
    unnamed("tcp_user_timeout", Used),
    keyword("sslmode", "PGSSLMODE", Used),
    keyword("sslnegotiation", "PGSSLNEGOTIATION", Used),
    keyword("sslcompression", "PGSSLCOMPRESSION", Inert),
    keyword("sslcert", "PGSSLCERT", Used),
    keyword("sslkey", "PGSSLKEY", Used),
    keyword("sslcertmode", "PGSSLCERTMODE", Used),
    unnamed(
        "sslpassword",
        Refused {
            unless: &[],
            instead: "encrypted keys are not supported, decrypt it once with `openssl pkey -in KEY -out PLAIN` (mode 0600)",
        },
    ),
    keyword("sslrootcert", "PGSSLROOTCERT", Used),
    keyword("sslcrl", "PGSSLCRL", NO_CRL),
    keyword("sslcrldir", "PGSSLCRLDIR", NO_CRL),
    keyword("sslsni", "PGSSLSNI", Used),
    unnamed("sslkeylogfile", Inert),
    keyword(
        "requirepeer",
        "PGREQUIREPEER",
        Refused {
            unless: &[],
            instead: "not supported, use a socket directory that only the server's user can write",
        },
    ),
    keyword(
        "require_auth",
        "PGREQUIREAUTH",
        Refused { unless: &[], instead: "not supported, use channel_binding=require or sslmode=verify-full" },
    ),
    keyword("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION", Used),
    keyword("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION", Used),
    keyword(
        "min_protocol_version",
        "PGMINPROTOCOLVERSION",
        Refused { unless: &["3.0"], instead: "we speak protocol 3.0, remove it" },
    ),
    keyword("max_protocol_version", "PGMAXPROTOCOLVERSION", Inert),
    keyword(
        "gssencmode",
        "PGGSSENCMODE",
        Refused {
            unless: &["disable", "prefer"],
            instead: "GSSAPI is not supported, use sslmode=verify-full",
        },
    ),
    keyword("krbsrvname", "PGKRBSRVNAME", Inert),
    keyword("gsslib", "PGGSSLIB", Inert),
    keyword("gssdelegation", "PGGSSDELEGATION", Inert),
    unnamed(
        "replication",
        Refused {
            unless: &["false", "off", "no", "0"],
            instead: "statistics need an ordinary connection, remove it",
        },
    ),
    keyword("target_session_attrs", "PGTARGETSESSIONATTRS", Used),
    keyword("load_balance_hosts", "PGLOADBALANCEHOSTS", Used),
    unnamed("scram_client_key", NO_SCRAM_KEY),
    unnamed("scram_server_key", NO_SCRAM_KEY),
    unnamed("oauth_issuer", NO_OAUTH),
    unnamed("oauth_client_id", NO_OAUTH),
    unnamed("oauth_client_secret", NO_OAUTH),
    unnamed("oauth_scope", NO_OAUTH),
];

/// Names that other drivers use, or that people expect.
const FOREIGN_NAMES: &[(&str, &str)] = &[
    ("username", "user"),
    ("role", "user"),
    ("pass", "password"),
    ("pwd", "password"),
    ("database", "dbname"),
    ("db", "dbname"),
    ("hostname", "host"),
    ("server", "host"),
    ("address", "hostaddr"),
    ("ssl", "sslmode"),
    ("tls", "sslmode"),
    ("ssl_mode", "sslmode"),
    ("sslca", "sslrootcert"),
    ("ssl_ca", "sslrootcert"),
    ("cafile", "sslrootcert"),
    ("timeout", "connect_timeout"),
    ("appname", "application_name"),
    ("servername", "service"),
];

/// The most letters in which a mistyped keyword may differ from the real one.
const MAX_TYPOS: usize = 2;

/// Finds a keyword by its exact name.
pub(super) fn find(name: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|keyword| keyword.name == name)
}

/// Returns the keyword that was probably meant.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    if let Some((_, meant)) = FOREIGN_NAMES.iter().find(|(foreign, _)| *foreign == name) {
        return Some(meant);
    }
    KEYWORDS
        .iter()
        .map(|keyword| (typos(&name, keyword.name), keyword.name))
        .filter(|(typos, known)| *typos <= MAX_TYPOS && *typos * 2 <= known.len())
        .min()
        .map(|(_, known)| known)
}

/// Counts the letters to insert, delete or replace to turn one word into the other (Levenshtein).
fn typos(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, expected) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *expected);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistyped_and_foreign_names_have_a_suggestion() {
        for (written, meant) in [
            ("hots", Some("host")),
            ("SSLMODE", Some("sslmode")),
            ("ssl_root_cert", Some("sslrootcert")),
            ("username", Some("user")),
            ("conect_timeout", Some("connect_timeout")),
            ("frobnicate", None),
            ("q", None),
        ] {
            assert_eq!(nearest(written), meant, "{written}");
        }
    }

    #[test]
    fn names_and_variables_are_unique() {
        let mut names: Vec<_> = KEYWORDS.iter().map(|keyword| keyword.name).collect();
        let mut variables: Vec<_> = KEYWORDS.iter().filter_map(|keyword| keyword.variable).collect();
        for list in [&mut names, &mut variables] {
            let count = list.len();
            list.sort_unstable();
            list.dedup();
            assert_eq!(list.len(), count);
        }
    }
}
