//! Exporters as the configuration describes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use pgquerylens_delivery::exporter::Exporter;
use pgquerylens_delivery::lines::{Lines, Target};
use pgquerylens_delivery::otlp::{
    ClientCertificate, Compression, Headers, Otlp, OtlpSettings, Protocol, Transport,
};
use pgquerylens_engine::secret::Secret;
use pgquerylens_export::events::Compat;
use pgquerylens_export::otlp::{Encoding, Layout, Temporality};
use pgquerylens_model::running::SeriesRules;

use crate::config::configuration::{self as config, ExporterConfig, JsonlConfig, JsonlPath, OtlpConfig};
use crate::config::secret_source::SecretSource;
use crate::exit::Exit;
use crate::failure::Failure;

/// The variables that the process was started with, for secrets that lie in them.
pub(super) type Variables = Arc<BTreeMap<String, String>>;

/// Makes one exporter.
pub(super) fn exporter(config: &ExporterConfig, variables: &Variables) -> Result<Exporter, Failure> {
    match config {
        ExporterConfig::Otlp(otlp) => Otlp::new(settings(otlp, variables))
            .map(|otlp| Exporter::Otlp(Box::new(otlp)))
            .map_err(|error| Failure::of(Exit::Configuration, &error, "write another endpoint")),
        ExporterConfig::Jsonl(lines) => Ok(Exporter::Lines(self::lines(lines))),
    }
}

/// Returns which statements get running sums: enough for the exporter that takes the most series and holds them
/// longest.
pub(super) fn series_rules<'e>(exporters: impl Iterator<Item = &'e ExporterConfig>) -> Option<SeriesRules> {
    let wanted = exporters.filter_map(|exporter| match exporter {
        ExporterConfig::Otlp(otlp) => Some((otlp.statement_series, otlp.statement_series_hold.as_secs_f64())),
        ExporterConfig::Jsonl(_) => None,
    });
    let (most, hold_seconds) = wanted.reduce(|one, other| (one.0.max(other.0), one.1.max(other.1)))?;
    Some(SeriesRules { top: SeriesRules::default().top.min(most), hold_seconds, most })
}

fn lines(config: &JsonlConfig) -> Lines {
    let target = match &config.path {
        JsonlPath::Stdout => Target::Stdout,
        JsonlPath::File(path) => Target::File(path.clone()),
    };
    Lines::new(config.name.clone(), target, size(config.outbox_bytes))
}

fn settings(config: &OtlpConfig, variables: &Variables) -> OtlpSettings {
    OtlpSettings {
        name: config.name.clone(),
        metrics: transport(&config.metrics, variables),
        logs: transport(&config.logs, variables),
        encoding: Encoding {
            layout: match config.layout {
                config::Layout::Legacy => Layout::Legacy,
                config::Layout::Semconv => Layout::Semconv,
            },
            temporality: match config.temporality {
                config::Temporality::Cumulative => Temporality::Cumulative,
                config::Temporality::Delta => Temporality::Delta,
            },
            compat: match config.event_compat {
                config::EventCompat::Receiver => Compat::Receiver,
                config::EventCompat::Native => Compat::Native,
            },
            events: config.events,
            batch_bytes: size(config.batch_bytes),
        },
        outbox_bytes: size(config.outbox_bytes),
        concurrency: config.concurrency,
    }
}

/// Returns how one signal gets to its receiver.
pub(super) fn transport(config: &config::Transport, variables: &Variables) -> Transport {
    Transport {
        url: config.url.clone(),
        protocol: match config.protocol {
            config::Protocol::HttpProtobuf => Protocol::HttpProtobuf,
            config::Protocol::HttpJson => Protocol::HttpJson,
            config::Protocol::Grpc => Protocol::Grpc,
        },
        headers: headers(&config.headers, variables),
        compression: match config.compression {
            config::Compression::None => Compression::None,
            config::Compression::Gzip => Compression::Gzip,
            config::Compression::Zstd => Compression::Zstd,
        },
        timeout: config.timeout,
        certificate: config.certificate.clone(),
        client: config.client.as_ref().map(|client| ClientCertificate {
            certificate: client.certificate.clone(),
            key: client.key.clone(),
        }),
    }
}

/// Headers are read at each request: what they are made of may be rotated.
fn headers(config: &BTreeMap<String, SecretSource>, variables: &Variables) -> Headers {
    let (sources, variables) = (Arc::new(config.clone()), Arc::clone(variables));
    Headers::new(move || {
        let (sources, variables) = (Arc::clone(&sources), Arc::clone(&variables));
        Box::pin(async move {
            let mut headers: Vec<(String, Secret)> = Vec::new();
            for (name, source) in sources.iter() {
                let secret = source.resolve(&variables).await;
                headers.push((name.clone(), secret.map_err(|error| format!("the header {name}: {error}"))?));
            }
            Ok(headers)
        })
    })
}

fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
