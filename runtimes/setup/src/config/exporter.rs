//! One exporter, from values to types.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use pgquerylens_aws::secrets::{Place, Secrets};
use pgquerylens_export::emf::Selection;

use super::configuration::{
    ClientCertificate, Compression, EmfConfig, EventCompat, ExporterConfig, JsonlConfig, JsonlPath, Layout,
    OtlpConfig, Protocol, Temporality, Transport,
};
use super::draft::ExporterDraft;
use super::endpoint;
use super::layer::Layer;
use super::metric_names;
use super::mistake::Mistake;
use super::secret_source::SecretSource;
use super::standard::Signal;
use crate::options::Section;

/// The most bytes of an exporter's name.
const MAX_NAME_BYTES: usize = 80;

/// Reads exporters; those with mistakes are left out.
pub(super) fn exporters(drafts: &[ExporterDraft], mistakes: &mut Vec<Mistake>) -> Vec<ExporterConfig> {
    let mut names = BTreeSet::new();
    let mut exporters = Vec::new();
    for draft in drafts {
        if let Some(mistake) = name_mistake(draft, !names.insert(draft.name().to_owned())) {
            mistakes.push(mistake);
        }
        exporters.extend(match draft.section {
            Section::Jsonl => Some(ExporterConfig::Jsonl(jsonl(draft))),
            Section::Emf => emf(draft, mistakes).map(ExporterConfig::Emf),
            _ => otlp(draft, mistakes).map(|otlp| ExporterConfig::Otlp(Box::new(otlp))),
        });
    }
    exporters
}

fn name_mistake(draft: &ExporterDraft, is_repeated: bool) -> Option<Mistake> {
    let name = draft.name();
    let instead = match name.len() {
        1..=MAX_NAME_BYTES if is_repeated => "another exporter has this name: write another one".to_owned(),
        1..=MAX_NAME_BYTES if !name.contains(char::is_control) => return None,
        _ => format!("write a name of 1 to {MAX_NAME_BYTES} bytes on one line"),
    };
    Some(match (draft.layer.get("name"), draft.at) {
        (Some(setting), _) => setting.mistake(instead),
        (None, Some(at)) => Mistake::at(at, format!("name {name}"), instead),
        (None, None) => Mistake::outside(format!("name {name}"), instead),
    })
}

fn jsonl(draft: &ExporterDraft) -> JsonlConfig {
    let path = match draft.layer.text("path") {
        None | Some("-") => JsonlPath::Stdout,
        Some(path) => JsonlPath::File(PathBuf::from(path)),
    };
    JsonlConfig { name: draft.name().to_owned(), path, outbox_bytes: draft.layer.bytes("outbox-bytes") }
}

fn emf(draft: &ExporterDraft, mistakes: &mut Vec<Mistake>) -> Option<EmfConfig> {
    let layer = &draft.layer;
    let namespace = layer.text("namespace").unwrap_or(DEFAULT_NAMESPACE);
    let unfit = layer.get("namespace").filter(|_| !is_namespace(namespace));
    mistakes.extend(unfit.map(|setting| {
        setting.mistake(format!(
            "write up to {MAX_NAMESPACE_BYTES} letters, digits and any of {NAMESPACE_SIGNS}, and neither : nor AWS/ first"
        ))
    }));
    let selection = match (layer.get("metrics"), layer.texts("metrics")) {
        (Some(setting), Some(names)) => metric_names::selection(names).map_err(|wrong| {
            mistakes.extend(wrong.into_iter().map(|instead| setting.mistake(instead)));
        }),
        _ => Ok(Selection::default()),
    };
    let (None, Ok(selection)) = (unfit, selection) else { return None };
    Some(EmfConfig { lines: jsonl(draft), namespace: namespace.to_owned(), selection })
}

/// What CloudWatch files metrics under where nobody says.
const DEFAULT_NAMESPACE: &str = "pgquerylens";
/// The most bytes of a namespace.
const MAX_NAMESPACE_BYTES: usize = 255;
/// What a namespace may have besides letters and digits.
const NAMESPACE_SIGNS: &str = ".-_/#:";

/// Tells whether CloudWatch takes a namespace, by the API reference of PutMetricData; `AWS/` is its own.
fn is_namespace(text: &str) -> bool {
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || NAMESPACE_SIGNS.contains(letter);
    (1..=MAX_NAMESPACE_BYTES).contains(&text.len())
        && text.chars().all(is_allowed)
        && !text.starts_with("AWS/")
        && !text.starts_with(':')
}

fn otlp(draft: &ExporterDraft, mistakes: &mut Vec<Mistake>) -> Option<OtlpConfig> {
    let layer = &draft.layer;
    let metrics = transport(draft, Signal::Metrics, mistakes);
    let logs = transport(draft, Signal::Logs, mistakes);
    Some(OtlpConfig {
        name: draft.name().to_owned(),
        metrics: metrics?,
        logs: logs?,
        temporality: match layer.word("temporality") {
            "delta" => Temporality::Delta,
            _ => Temporality::Cumulative,
        },
        layout: if layer.word("layout") == "semconv" { Layout::Semconv } else { Layout::Legacy },
        event_compat: match layer.word("event-compat") {
            "native" => EventCompat::Native,
            _ => EventCompat::Receiver,
        },
        batch_bytes: layer.bytes("batch-bytes"),
        outbox_bytes: layer.bytes("outbox-bytes"),
        concurrency: layer.count("concurrency"),
        events: layer.flag("events"),
        statement_series: layer.count("statement-series"),
        statement_series_hold: layer.duration("statement-series-hold"),
    })
}

fn transport(draft: &ExporterDraft, signal: Signal, mistakes: &mut Vec<Mistake>) -> Option<Transport> {
    let layer = &draft.of_signal(signal);
    let protocol = protocol(layer, "protocol");
    let url = endpoint::url(layer, signal, protocol).map_err(|mistake| mistakes.push(mistake)).ok();
    let client = client(layer).map_err(|mistake| mistakes.push(mistake)).ok();
    Some(Transport {
        url: url?,
        protocol,
        headers: headers(layer, "headers"),
        headers_secret: layer.text("headers-secret").map(secret),
        compression: match layer.word("compression") {
            "none" => Compression::None,
            "zstd" => Compression::Zstd,
            _ => Compression::Gzip,
        },
        timeout: layer.duration("timeout"),
        certificate: layer.text("certificate").map(PathBuf::from),
        client: client?,
    })
}

/// Returns the protocol that a key says.
pub(super) fn protocol(layer: &Layer, key: &str) -> Protocol {
    match layer.word(key) {
        "grpc" => Protocol::Grpc,
        "http/json" => Protocol::HttpJson,
        _ => Protocol::HttpProtobuf,
    }
}

/// Returns the headers that a key says. Names of headers do not tell case apart, and gRPC has small letters alone.
pub(super) fn headers(layer: &Layer, key: &str) -> BTreeMap<String, SecretSource> {
    layer.headers(key).into_iter().map(|(name, source)| (name.to_ascii_lowercase(), source)).collect()
}

fn secret(id: &str) -> Secrets {
    Secrets::at(Place::SecretsManager(id.to_owned()))
}

fn client(layer: &Layer) -> Result<Option<ClientCertificate>, Mistake> {
    let said = |key: &str| layer.get(key).zip(layer.text(key));
    match (said("client-certificate"), said("client-key")) {
        (None, None) => Ok(None),
        (Some((_, certificate)), Some((_, key))) => {
            Ok(Some(ClientCertificate { certificate: PathBuf::from(certificate), key: PathBuf::from(key) }))
        }
        (Some((setting, _)), None) => Err(setting.mistake("a certificate of ours needs client-key too")),
        (None, Some((setting, _))) => Err(setting.mistake("a key of ours needs client-certificate too")),
    }
}
