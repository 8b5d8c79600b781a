//! Who may depend on whom: the arrows of ARCHITECTURE.md, held against what cargo really links.

use crate::checkout::Violation;
use crate::packages::{Package, Packages};

/// What a folder's packages must not link, by name or, with a `*` at its end, by the beginning of a name.
struct Fence {
    folder: &'static str,
    forbidden: &'static [&'static str],
    because: &'static str,
}

const CLOUD: &[&str] =
    &["aws-*", "google-cloud*", "gcloud-*", "azure_*", "object_store", "lambda_runtime", "hyper", "reqwest"];
/// The stores speak the clouds' protocols by object_store over hyper, and link no SDK.
const SDK_AND_OTHER_HTTP: &[&str] =
    &["aws-*", "google-cloud*", "gcloud-*", "azure_*", "lambda_runtime", "reqwest", "axum"];
/// Delivery speaks HTTP by hyper, and by nothing else.
const CLOUD_AND_OTHER_HTTP: &[&str] =
    &["aws-*", "google-cloud*", "gcloud-*", "azure_*", "object_store", "lambda_runtime", "reqwest", "axum"];
const INPUT_AND_OUTPUT: &[&str] = &["tokio", "tokio-*", "rustls", "async-*", "socket2", "mio"];

const FENCES: [Fence; 12] = [
    Fence { folder: "core/model", forbidden: INPUT_AND_OUTPUT, because: "the model does no I/O" },
    Fence { folder: "core/model", forbidden: CLOUD, because: "the model knows no cloud" },
    Fence { folder: "core/sql", forbidden: INPUT_AND_OUTPUT, because: "the analysis of texts does no I/O" },
    Fence { folder: "core/sql", forbidden: CLOUD, because: "the analysis of texts knows no cloud" },
    Fence { folder: "core/engine", forbidden: CLOUD, because: "the engine links no cloud SDK" },
    Fence {
        folder: "core/export",
        forbidden: INPUT_AND_OUTPUT,
        because: "a wire format is text, who sends it is another's",
    },
    Fence { folder: "core/export", forbidden: CLOUD, because: "a wire format knows no cloud" },
    Fence {
        folder: "core/delivery",
        forbidden: CLOUD_AND_OTHER_HTTP,
        because: "delivery knows no cloud and one HTTP client",
    },
    Fence {
        folder: "cloud/aws",
        forbidden: &["google-cloud*", "gcloud-*", "azure_*", "lambda_runtime", "reqwest"],
        because: "a cloud knows no other and no runtime",
    },
    Fence {
        folder: "core/store",
        forbidden: SDK_AND_OTHER_HTTP,
        because: "stores link no SDK of a cloud and one HTTP client: credentials are handed in",
    },
    Fence {
        folder: "runtimes/aws-lambda",
        forbidden: &["clap*", "google-cloud*", "gcloud-*", "azure_*", "reqwest"],
        because: "a function has no command line, and every byte of it is loaded at each cold start",
    },
    // It links all of core that opens anything. The SDK itself is linked by opentelemetry-proto.
    Fence {
        folder: "core/delivery",
        forbidden: &["opentelemetry-otlp", "opentelemetry-http", "tracing-opentelemetry"],
        because: "what a process tells of itself is its runtime's",
    },
];

/// What all runtimes do alike, for them and nobody else.
const SHARED_BY_RUNTIMES: &str = "runtimes/setup";

/// One package of ours must not name another, by their folders.
const ARROWS: [(&str, &str, &str); 5] = [
    ("", "runtimes/", "nobody depends on a runtime"),
    ("core/", "cloud/", "core knows no cloud"),
    ("core/", "integration/", "core knows nothing of the servers it is tested on"),
    ("core/model", "core/", "the model is the vocabulary and depends on nothing of ours"),
    ("integration/sandbox", "core/", "the sandbox knows nothing of views and reports"),
];

/// TLS and cryptography are rustls with ring; a second provider would double the binary and the advisories.
const OTHER_PROVIDERS: [&str; 6] =
    ["aws-lc-sys", "aws-lc-rs", "openssl-sys", "native-tls", "boring-sys", "rustls-graviola"];

/// Holds what our packages link and name against the fences.
pub fn violations(packages: &Packages) -> Vec<Violation> {
    packages
        .ours()
        .flat_map(|package| [linked(packages, package), named(packages, package)].concat())
        .collect()
}

fn linked(packages: &Packages, package: &Package) -> Vec<Violation> {
    let folder = package.folder.as_deref().unwrap_or_default();
    let links = packages.linked_by(package);
    let fences = FENCES.iter().filter(|fence| fence.folder == folder);
    fences
        .flat_map(|fence| fence.forbidden.iter().map(move |pattern| (fence, *pattern)))
        .flat_map(|(fence, pattern)| {
            links.iter().filter(move |name| fits(pattern, name)).map(move |name| (fence, name))
        })
        .map(|(fence, name)| Violation::of(folder, &format!("links {name}: {}", fence.because)))
        .collect()
}

fn named(packages: &Packages, package: &Package) -> Vec<Violation> {
    let folder = package.folder.as_deref().unwrap_or_default();
    let targets = packages.named_by(package).filter_map(|named| named.folder.as_deref());
    targets
        .flat_map(|target| ARROWS.iter().map(move |arrow| (target, arrow)))
        .filter(|(target, _)| !(folder.starts_with("runtimes/") && *target == SHARED_BY_RUNTIMES))
        .filter(|(target, (from, to, _))| folder.starts_with(from) && target.starts_with(to))
        .map(|(target, (.., because))| Violation::of(folder, &format!("depends on {target}: {because}")))
        .collect()
}

fn fits(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(name == pattern, |beginning| name.starts_with(beginning))
}

/// Finds a second crypto provider in the lock file.
pub fn crypto_providers(lock: &str) -> Vec<Violation> {
    let names = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    let names: Vec<&str> = names.collect();
    let second = names.iter().filter(|name| OTHER_PROVIDERS.contains(name));
    let rings = names.iter().filter(|name| **name == "ring").skip(1);
    let what = "a second crypto provider; rustls with ring is the one";
    second.chain(rings).map(|name| Violation::of("Cargo.lock", &format!("{name} is {what}"))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A workspace of the given folders, each linking the given names.
    fn check(links: &[(&str, &[&str])]) -> Vec<String> {
        let names = links.iter().flat_map(|(folder, names)| names.iter().chain([folder]));
        let packages: Vec<_> = names
            .map(|name| {
                let ours = name.contains('/');
                json!({"id": name, "name": name, "version": "1.0.0",
                    "source": if ours { json!(null) } else { json!("registry") },
                    "manifest_path": format!("/checkout/{name}/Cargo.toml")})
            })
            .collect();
        let nodes: Vec<_> = links
            .iter()
            .map(|(folder, names)| {
                let deps: Vec<_> =
                    names.iter().map(|name| json!({"pkg": name, "dep_kinds": [{"kind": null}]})).collect();
                json!({"id": folder, "deps": deps})
            })
            .collect();
        let metadata =
            json!({"workspace_root": "/checkout", "packages": packages, "resolve": {"nodes": nodes}});
        violations(&Packages::of(&metadata)).into_iter().map(|violation| violation.0).collect()
    }

    #[test]
    fn a_model_with_a_socket_is_found_through_another_crate() {
        assert_eq!(
            check(&[("core/model", &["serde", "core/sql"]), ("core/sql", &["tokio"])]),
            [
                "core/model: links tokio: the model does no I/O",
                "core/model: depends on core/sql: the model is the vocabulary and depends on nothing of ours",
                "core/sql: links tokio: the analysis of texts does no I/O",
            ]
        );
    }

    #[test]
    fn a_cloud_in_the_engine_is_found_by_the_beginning_of_its_name() {
        assert_eq!(
            check(&[("core/engine", &["tokio", "aws-sdk-rds"])]),
            ["core/engine: links aws-sdk-rds: the engine links no cloud SDK"]
        );
    }

    #[test]
    fn nobody_depends_on_a_runtime() {
        assert_eq!(
            check(&[("integration/live", &["runtimes/agent"]), ("runtimes/agent", &["core/engine"])]),
            ["integration/live: depends on runtimes/agent: nobody depends on a runtime"]
        );
        assert_eq!(
            check(&[("runtimes/agent", &["runtimes/setup"]), ("core/engine", &["runtimes/setup"])]),
            ["core/engine: depends on runtimes/setup: nobody depends on a runtime"]
        );
    }

    #[test]
    fn a_second_provider_is_found() {
        let lock = "name = \"ring\"\nname = \"aws-lc-sys\"\nname = \"openssl-probe\"\nname = \"ring\"\n";
        assert_eq!(crypto_providers(lock).len(), 2);
    }
}
