//! What the agent runs by: plain data without a mistake left in it, which two reloads can compare. How it is written is
//! `document`'s and the table's, where its values come from `load`'s.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use pgquerylens_engine::poll::PollOptions;
use pgquerylens_engine::secret::Secret;
use pgquerylens_store::url::StateUrl;

use super::secret_source::SecretSource;
use crate::login::Login;

/// Everything that the agent runs by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Configuration {
    /// What concerns the process.
    pub(crate) process: ProcessConfig,
    /// The servers, in the order in which they are written, with names that are unique; never empty.
    pub(crate) servers: Vec<ServerConfig>,
    /// The exporters, in the order in which they are written, with names that are unique; never empty.
    pub(crate) exporters: Vec<ExporterConfig>,
}

/// What concerns the process.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ProcessConfig {
    /// Where health and our own figures are shown; nothing if they are not.
    pub(crate) listen: Option<SocketAddr>,
    /// How log lines look.
    pub(crate) log_format: LogFormat,
    /// Which log lines are written.
    pub(crate) log_levels: LogLevels,
    /// How many servers may begin a poll at the same time.
    pub(crate) workers: usize,
    /// How long polls and deliveries may go on after a signal to end.
    pub(crate) shutdown_grace: Duration,
    /// Attributes of every resource that is exported, `service.name` among them if it was said.
    pub(crate) resource_attributes: BTreeMap<String, String>,
    /// Where what the process tells of itself is sent; nothing if it is not.
    pub(crate) telemetry: Option<TelemetryConfig>,
}

/// How what the process tells of itself gets to a receiver.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TelemetryConfig {
    /// How spans get there.
    pub(crate) traces: Transport,
    /// How figures get there.
    pub(crate) metrics: Transport,
    /// How often they are sent.
    pub(crate) interval: Duration,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Which log lines are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogLevels {
    /// The level of modules that are not named.
    pub(crate) usual: LogLevel,
    /// The levels of modules by their paths, as they were written.
    pub(crate) modules: Vec<(String, LogLevel)>,
}

/// How much is logged, from nothing to everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LogLevel {
    /// Nothing.
    Off,
    /// What did not work.
    Error,
    /// What works but deserves a word.
    Warn,
    /// What an operator would miss.
    Info,
    /// What helps to find a fault.
    Debug,
    /// Everything.
    Trace,
}

/// One server that is polled.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ServerConfig {
    /// The name, unique among the servers.
    pub(crate) name: String,
    /// Where it is, `host:port/database`, without anything secret.
    pub(crate) address: String,
    /// The connection string; without one the PG* variables and libpq's defaults say all. It may hold a password.
    pub(crate) connection: Option<Secret>,
    /// How we log in.
    pub(crate) login: Login,
    /// The password, if it is said beside the connection string; it wins over .pgpass and PGPASSWORD.
    pub(crate) password: Option<SecretSource>,
    /// The user's own labels, which become attributes of the resource.
    pub(crate) labels: BTreeMap<String, String>,
    /// The name of what this server and its replicas form together.
    pub(crate) cluster: Option<String>,
    /// The interval between polls.
    pub(crate) every: Duration,
    /// What a poll reads, names and may cost.
    pub(crate) poll: PollOptions,
    /// Where the states of all servers are kept, this one's by its name.
    pub(crate) state: StateUrl,
    /// For how long a process that uses the state keeps others off, where that is wanted.
    pub(crate) lease: Option<Duration>,
    /// The exporters that get what is read, by name; never empty.
    pub(crate) exporters: Vec<String>,
}

/// One place where things are sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ExporterConfig {
    /// By the OpenTelemetry protocol.
    Otlp(Box<OtlpConfig>),
    /// As lines of JSON.
    Jsonl(JsonlConfig),
}

impl ExporterConfig {
    /// Returns the name, unique among the exporters.
    pub(crate) fn name(&self) -> &str {
        match self {
            ExporterConfig::Otlp(otlp) => &otlp.name,
            ExporterConfig::Jsonl(jsonl) => &jsonl.name,
        }
    }
}

/// An exporter that speaks the OpenTelemetry protocol.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OtlpConfig {
    /// The name, unique among the exporters.
    pub(crate) name: String,
    /// How metrics get there.
    pub(crate) metrics: Transport,
    /// How log records get there.
    pub(crate) logs: Transport,
    /// Whether figures are running sums or differences.
    pub(crate) temporality: Temporality,
    /// How metrics are named and laid out.
    pub(crate) layout: Layout,
    /// How events are written where the OpenTelemetry receiver is inconsistent.
    pub(crate) event_compat: EventCompat,
    /// The most bytes of one request, before compression.
    pub(crate) batch_bytes: u64,
    /// The most bytes that wait for delivery.
    pub(crate) outbox_bytes: u64,
    /// How many requests may be under way at the same time.
    pub(crate) concurrency: usize,
    /// Whether events are sent, as log records.
    pub(crate) events: bool,
    /// How many statements have series of their own; the rest is summed.
    pub(crate) statement_series: usize,
    /// How long a statement keeps its series after it left the top.
    pub(crate) statement_series_hold: Duration,
}

/// How one signal gets to its receiver.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Transport {
    /// The whole URL of the signal over HTTP; scheme, host and port over gRPC. The scheme says whether TLS is used.
    pub(crate) url: String,
    /// The protocol.
    pub(crate) protocol: Protocol,
    /// The headers of each request, by name.
    pub(crate) headers: BTreeMap<String, SecretSource>,
    /// How the body is compressed.
    pub(crate) compression: Compression,
    /// How long one request may take.
    pub(crate) timeout: Duration,
    /// The certificates to trust in place of the system's.
    pub(crate) certificate: Option<PathBuf>,
    /// Our own certificate and its key, for receivers that want one.
    pub(crate) client: Option<ClientCertificate>,
}

/// What we show a receiver that wants to know who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientCertificate {
    /// The certificate.
    pub(crate) certificate: PathBuf,
    /// Its key.
    pub(crate) key: PathBuf,
}

/// The transports of the OpenTelemetry protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// `http/protobuf`.
    HttpProtobuf,
    /// `http/json`.
    HttpJson,
    /// `grpc`.
    Grpc,
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    /// Not at all.
    None,
    /// As every receiver takes it.
    Gzip,
    /// Smaller and faster, where the receiver takes it.
    Zstd,
}

/// Whether figures are running sums or differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Temporality {
    /// Running sums; one that arrives twice counts once.
    Cumulative,
    /// Differences; one that arrives twice counts twice.
    Delta,
}

/// How metrics are named and laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// As the OpenTelemetry postgresqlreceiver always did.
    Legacy,
    /// As its semantic conventions say.
    Semconv,
}

/// How events are written where the OpenTelemetry receiver is inconsistent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventCompat {
    /// As the receiver writes them.
    Receiver,
    /// In our own units and names.
    Native,
}

/// An exporter that writes lines of JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonlConfig {
    /// The name, unique among the exporters.
    pub(crate) name: String,
    /// Where the lines go.
    pub(crate) path: JsonlPath,
    /// The most bytes that wait for delivery.
    pub(crate) outbox_bytes: u64,
}

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JsonlPath {
    /// To the standard output.
    Stdout,
    /// To the end of this file.
    File(PathBuf),
}
