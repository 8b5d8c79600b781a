//! What our dependencies' licences may be, and which crates may be there in two versions.

use std::collections::{BTreeMap, BTreeSet};

use crate::checkout::Violation;
use crate::packages::Packages;

/// Licences that ask for no more than their text and notice to be kept, which suits a program under Apache-2.0.
const ALLOWED: [(&str, &str); 14] = [
    ("Apache-2.0", "our own"),
    ("Apache-2.0 WITH LLVM-exception", "our own, with fewer duties for compiled code"),
    ("MIT", "keep the notice"),
    ("BSD-2-Clause", "keep the notice"),
    ("BSD-3-Clause", "keep the notice, do not advertise with the name"),
    ("ISC", "keep the notice"),
    ("BSL-1.0", "keep the notice with sources, none with binaries"),
    ("Zlib", "do not claim to have written it"),
    ("BlueOak-1.0.0", "keep the notice, or a link to it"),
    ("0BSD", "no duty at all"),
    ("Unlicense", "public domain"),
    ("CC0-1.0", "public domain"),
    ("Unicode-3.0", "keep the notice; tables of the Unicode standard"),
    ("CDLA-Permissive-2.0", "keep the notice; lists of root certificates, which are data"),
];

/// Crates that are there in two versions, and why nothing of ours can mend it. Nothing is added without a reason;
/// what is there once again leaves.
pub const DUPLICATES: &[(&str, &str)] = &[
    ("base64", "rcgen, for the test servers' certificates, is ahead of tokio-postgres"),
    ("block-buffer", "sha1, by which aws-config finds the tokens of SSO, is behind sha2"),
    ("cpufeatures", "const-hex, with which opentelemetry-proto writes trace ids as JSON, is behind sha2"),
    ("const-oid", "x509-cert, with which tokio-postgres-rustls binds SCRAM to the channel, is behind sha2"),
    ("crypto-common", "goes with digest"),
    ("digest", "crc-fast, by which object_store sums what it sends, is behind sha2"),
    ("embedded-io", "postcard names both for features that are off; neither is compiled"),
    ("getrandom", "ring is behind tempfile, and opentelemetry_sdk's rand between both"),
    ("http", "aws-sdk-cloudwatch names the body of old beside that of today: types alone"),
    ("http-body", "goes with http"),
    ("itertools", "pg_query is behind prost"),
    ("linux-raw-sys", "goes with rustix"),
    ("prost", "pg_query is behind opentelemetry-proto"),
    ("prost-derive", "goes with prost"),
    ("prost-types", "goes with prost; tonic reads a receiver's details with it"),
    ("rand", "opentelemetry_sdk, with which ids of spans are drawn, is behind proptest"),
    ("rand_core", "goes with rand"),
    ("rustix", "pg_query's build looks for programs with an old `which`"),
    ("shlex", "pg_query's build, by bindgen, is behind cc"),
    ("synstructure", "goes with syn"),
    ("syn", "derive macros are halfway from 2 to 3; none of it is linked"),
    ("thiserror", "pg_query is behind postcard"),
    ("thiserror-impl", "goes with thiserror"),
];

/// Finds packages whose licence is not on the list.
pub fn violations(packages: &Packages) -> Vec<Violation> {
    let refused = packages.all().filter(|package| !package.license.as_deref().is_some_and(is_allowed));
    refused
        .map(|package| {
            let name = format!("{} {}", package.name, package.version);
            Violation::of(&name, &format!("licence {:?} is not on the list", package.license))
        })
        .collect()
}

/// Tells whether a licence expression can be satisfied by licences on the list.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (allowed, rest) = any_of(&words);
    allowed && rest.is_empty()
}

fn any_of<'w>(words: &'w [&'w str]) -> (bool, &'w [&'w str]) {
    let (mut allowed, mut rest) = all_of(words);
    while let Some(("OR", behind)) = rest.split_first().map(|(first, behind)| (*first, behind)) {
        let (other, behind) = all_of(behind);
        (allowed, rest) = (allowed || other, behind);
    }
    (allowed, rest)
}

fn all_of<'w>(words: &'w [&'w str]) -> (bool, &'w [&'w str]) {
    let (mut allowed, mut rest) = one(words);
    while let Some(("AND", behind)) = rest.split_first().map(|(first, behind)| (*first, behind)) {
        let (other, behind) = one(behind);
        (allowed, rest) = (allowed && other, behind);
    }
    (allowed, rest)
}

fn one<'w>(words: &'w [&'w str]) -> (bool, &'w [&'w str]) {
    let is_listed = |name: &str| ALLOWED.iter().any(|(allowed, _)| *allowed == name);
    match words {
        ["(", behind @ ..] => {
            let (allowed, rest) = any_of(behind);
            (allowed, rest.strip_prefix(&[")"]).unwrap_or(rest))
        }
        [name, "WITH", exception, rest @ ..] => (is_listed(&format!("{name} WITH {exception}")), rest),
        [name, rest @ ..] => (is_listed(name), rest),
        [] => (false, words),
    }
}

/// Finds crates that are built in more than one version, and listed ones that no longer are.
pub fn duplicates<'p>(
    built: impl Iterator<Item = (&'p str, &'p str)>,
    listed: &[(&str, &str)],
) -> Vec<Violation> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, version) in built {
        versions.entry(name).or_default().insert(version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let new = versions.iter().filter(|(name, _)| !listed.iter().any(|(listed, _)| listed == *name));
    let new = new.map(|(name, versions)| {
        let versions: Vec<&str> = versions.iter().copied().collect();
        Violation::of(name, &format!("is built as {}", versions.join(" and ")))
    });
    let gone = listed.iter().filter(|(name, _)| !versions.contains_key(name));
    let gone = gone.map(|(name, _)| Violation::of(name, "is built once: take it off the list of duplicates"));
    new.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_they_are_meant() {
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-2.0-only OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
            "Apache-2.0 AND ISC",
        ] {
            assert!(is_allowed(good), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT OR Apache-2.0) AND AGPL-3.0",
            "MIT WITH GPL-exception",
            "SSPL-1.0",
        ] {
            assert!(!is_allowed(bad), "{bad}");
        }
    }

    #[test]
    fn a_second_version_needs_a_reason() {
        let built = || [("a", "1.0.0"), ("a", "2.0.0"), ("b", "1.0.0")].into_iter();
        assert_eq!(duplicates(built(), &[]), [Violation::of("a", "is built as 1.0.0 and 2.0.0")]);
        assert_eq!(duplicates(built(), &[("a", "why")]), []);
        assert_eq!(duplicates(built(), &[("a", "why"), ("b", "why")]).len(), 1);
    }
}
