//! Exporters as the configuration describes them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pgquerylens_aws::secrets::Secrets;
use pgquerylens_delivery::exporter::Exporter;
use pgquerylens_delivery::lines::{Format, Lines, Target};
use pgquerylens_delivery::otlp::{
    ClientCertificate, Compression, Headers, Otlp, OtlpSettings, Protocol, Transport,
};
use pgquerylens_engine::secret::Secret;
use pgquerylens_export::emf;
use pgquerylens_export::events::Compat;
use pgquerylens_export::otlp::{Encoding, Layout, Temporality};
use pgquerylens_model::running::SeriesRules;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::config::configuration::{self as config, ExporterConfig, JsonlConfig, JsonlPath, OtlpConfig};
use crate::config::secret_headers;
use crate::config::secret_source::{SecretAccess, SecretSource};
use crate::exit::Exit;
use crate::failure::Failure;

/// Makes one exporter.
pub fn exporter(config: &ExporterConfig, access: &SecretAccess) -> Result<Exporter, Failure> {
    match config {
        ExporterConfig::Otlp(otlp) => Otlp::new(settings(otlp, access))
            .map(|otlp| Exporter::Otlp(Box::new(otlp)))
            .map_err(|error| Failure::of(Exit::Configuration, &error, "write another endpoint")),
        ExporterConfig::Jsonl(lines) => Ok(Exporter::Lines(self::lines(lines, Format::Document))),
        ExporterConfig::Emf(config) => {
            let (namespace, selection) = (config.namespace.clone(), config.selection.clone());
            Ok(Exporter::Lines(lines(&config.lines, Format::Emf(emf::Encoding { namespace, selection }))))
        }
    }
}

/// Returns which statements get running sums: enough for the exporter that takes the most series and holds them
/// longest.
pub fn series_rules<'e>(exporters: impl Iterator<Item = &'e ExporterConfig>) -> Option<SeriesRules> {
    let wanted = exporters.filter_map(|exporter| match exporter {
        ExporterConfig::Otlp(otlp) => Some((otlp.statement_series, otlp.statement_series_hold.as_secs_f64())),
        ExporterConfig::Jsonl(_) => None,
        // No series of their own, but the sums of databases.
        ExporterConfig::Emf(_) => Some((0, 0.0)),
    });
    let (most, hold_seconds) = wanted.reduce(|one, other| (one.0.max(other.0), one.1.max(other.1)))?;
    Some(SeriesRules { top: SeriesRules::default().top.min(most), hold_seconds, most })
}

fn lines(config: &JsonlConfig, format: Format) -> Lines {
    let target = match &config.path {
        JsonlPath::Stdout => Target::Stdout,
        JsonlPath::File(path) => Target::File(path.clone()),
    };
    Lines::new(config.name.clone(), target, format, size(config.outbox_bytes))
}

fn settings(config: &OtlpConfig, access: &SecretAccess) -> OtlpSettings {
    OtlpSettings {
        name: config.name.clone(),
        metrics: transport(&config.metrics, access),
        logs: transport(&config.logs, access),
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
pub fn transport(config: &config::Transport, access: &SecretAccess) -> Transport {
    Transport {
        url: config.url.clone(),
        protocol: match config.protocol {
            config::Protocol::HttpProtobuf => Protocol::HttpProtobuf,
            config::Protocol::HttpJson => Protocol::HttpJson,
            config::Protocol::Grpc => Protocol::Grpc,
        },
        headers: headers(config, access),
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

/// For how long headers that lie at AWS are believed: each look there costs money and time.
const HEADERS_LAST: Duration = Duration::from_secs(300);

/// Headers are read at each request: what they are made of may be rotated.
fn headers(config: &config::Transport, access: &SecretAccess) -> Headers {
    let sources = Arc::new(Sources {
        named: config.headers.clone(),
        secret: config.headers_secret.clone(),
        access: access.clone(),
        known: Mutex::default(),
    });
    Headers::new(move || {
        let sources = Arc::clone(&sources);
        Box::pin(async move { sources.current().await })
    })
}

/// Where the headers of one signal come from.
struct Sources {
    named: BTreeMap<String, SecretSource>,
    secret: Option<Secrets>,
    access: SecretAccess,
    /// What was read last, and when.
    known: Mutex<Option<(Instant, Named)>>,
}

type Named = Vec<(String, Secret)>;

impl Sources {
    async fn current(&self) -> Result<Named, String> {
        if !self.are_far() {
            return self.read().await;
        }
        let mut known = self.known.lock().await;
        if let Some((read, headers)) = &*known
            && read.elapsed() < HEADERS_LAST
        {
            return Ok(headers.clone());
        }
        let headers = self.read().await?;
        *known = Some((Instant::now(), headers.clone()));
        Ok(headers)
    }

    fn are_far(&self) -> bool {
        self.secret.is_some() || self.named.values().any(|source| matches!(source, SecretSource::Aws(_)))
    }

    async fn read(&self) -> Result<Named, String> {
        let mut headers = Named::new();
        for (name, source) in &self.named {
            let secret = source.resolve(&self.access).await;
            headers.push((name.clone(), secret.map_err(|error| format!("the header {name}: {error}"))?));
        }
        if let Some(secret) = &self.secret {
            let text = secret
                .current(&self.access.sessions)
                .await
                .map_err(|none| format!("the secret of headers: {}", none.why))?;
            headers.extend(
                secret_headers(text.expose()).map_err(|why| format!("the secret of headers: {why}"))?,
            );
        }
        Ok(headers)
    }
}

fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
