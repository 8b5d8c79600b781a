//! What the agent runs by: plain data without a mistake left in it, which two reloads can compare. How it is written is
//! `document`'s and the table's, where its values come from `load`'s.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use pgquerylens_aws::outside::Observed;
use pgquerylens_aws::secrets::Secrets;
use pgquerylens_engine::poll::PollOptions;
use pgquerylens_engine::secret::Secret;
use pgquerylens_export::emf::Selection;
use pgquerylens_store::url::StateUrl;

use super::secret_source::SecretSource;
use crate::login::Login;
use crate::whereabouts::Whereabouts;

/// Everything that the agent runs by.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// What concerns the process.
    pub process: ProcessConfig,
    /// The servers, in the order in which they are written, with names that are unique; never empty.
    pub servers: Vec<ServerConfig>,
    /// The exporters, in the order in which they are written, with names that are unique; never empty.
    pub exporters: Vec<ExporterConfig>,
}

/// What concerns the process.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessConfig {
    /// Where health and our own figures are shown; nothing if they are not.
    pub listen: Option<SocketAddr>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Which log lines are written.
    pub log_levels: LogLevels,
    /// How many servers may begin a poll at the same time.
    pub workers: usize,
    /// How long polls and deliveries may go on after a signal to end.
    pub shutdown_grace: Duration,
    /// Attributes of every resource that is exported, `service.name` among them if it was said.
    pub resource_attributes: Whereabouts,
    /// Where what the process tells of itself is sent; nothing if it is not.
    pub telemetry: Option<TelemetryConfig>,
}

/// How what the process tells of itself gets to a receiver.
#[derive(Clone, Debug, PartialEq)]
pub struct TelemetryConfig {
    /// How spans get there.
    pub traces: Transport,
    /// How figures get there.
    pub metrics: Transport,
    /// How often they are sent.
    pub interval: Duration,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Which log lines are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLevels {
    /// The level of modules that are not named.
    pub usual: LogLevel,
    /// The levels of modules by their paths, as they were written.
    pub modules: Vec<(String, LogLevel)>,
}

/// How much is logged, from nothing to everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
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
pub struct ServerConfig {
    /// The name, unique among the servers.
    pub name: String,
    /// Where it is, `host:port/database`, without anything secret.
    pub address: String,
    /// The connection string; without one the PG* variables and libpq's defaults say all. It may hold a password.
    pub connection: Option<Secret>,
    /// How we log in.
    pub login: Login,
    /// The password, if it is said beside the connection string; it wins over .pgpass and PGPASSWORD.
    pub password: Option<SecretSource>,
    /// What AWS is asked about it besides, where it is asked.
    pub observed: Option<Observed>,
    /// The user's own labels, which become attributes of the resource.
    pub labels: BTreeMap<String, String>,
    /// The name of what this server and its replicas form together.
    pub cluster: Option<String>,
    /// The interval between polls.
    pub every: Duration,
    /// What a poll reads, names and may cost.
    pub poll: PollOptions,
    /// Where the states of all servers are kept, this one's by its name.
    pub state: StateUrl,
    /// For how long a process that uses the state keeps others off, where that is wanted.
    pub lease: Option<Duration>,
    /// The exporters that get what is read, by name; never empty.
    pub exporters: Vec<String>,
}

/// One place where things are sent.
#[derive(Clone, Debug, PartialEq)]
pub enum ExporterConfig {
    /// By the OpenTelemetry protocol.
    Otlp(Box<OtlpConfig>),
    /// As lines of JSON.
    Jsonl(JsonlConfig),
    /// As lines of which CloudWatch makes metrics.
    Emf(EmfConfig),
}

impl ExporterConfig {
    /// Returns the name, unique among the exporters.
    pub fn name(&self) -> &str {
        match self {
            ExporterConfig::Otlp(otlp) => &otlp.name,
            ExporterConfig::Jsonl(jsonl) => &jsonl.name,
            ExporterConfig::Emf(emf) => &emf.lines.name,
        }
    }
}

/// An exporter that speaks the OpenTelemetry protocol.
#[derive(Clone, Debug, PartialEq)]
pub struct OtlpConfig {
    /// The name, unique among the exporters.
    pub name: String,
    /// How metrics get there.
    pub metrics: Transport,
    /// How log records get there.
    pub logs: Transport,
    /// Whether figures are running sums or differences.
    pub temporality: Temporality,
    /// How metrics are named and laid out.
    pub layout: Layout,
    /// How events are written where the OpenTelemetry receiver is inconsistent.
    pub event_compat: EventCompat,
    /// The most bytes of one request, before compression.
    pub batch_bytes: u64,
    /// The most bytes that wait for delivery.
    pub outbox_bytes: u64,
    /// How many requests may be under way at the same time.
    pub concurrency: usize,
    /// Whether events are sent, as log records.
    pub events: bool,
    /// How many statements have series of their own; the rest is summed.
    pub statement_series: usize,
    /// How long a statement keeps its series after it left the top.
    pub statement_series_hold: Duration,
}

/// How one signal gets to its receiver.
#[derive(Clone, Debug, PartialEq)]
pub struct Transport {
    /// The whole URL of the signal over HTTP; scheme, host and port over gRPC. The scheme says whether TLS is used.
    pub url: String,
    /// The protocol.
    pub protocol: Protocol,
    /// The headers of each request, by name.
    pub headers: BTreeMap<String, SecretSource>,
    /// A secret at AWS that has more of them.
    pub headers_secret: Option<Secrets>,
    /// How the body is compressed.
    pub compression: Compression,
    /// How long one request may take.
    pub timeout: Duration,
    /// The certificates to trust in place of the system's.
    pub certificate: Option<PathBuf>,
    /// Our own certificate and its key, for receivers that want one.
    pub client: Option<ClientCertificate>,
}

/// What we show a receiver that wants to know who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// The transports of the OpenTelemetry protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `http/protobuf`.
    HttpProtobuf,
    /// `http/json`.
    HttpJson,
    /// `grpc`.
    Grpc,
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// As every receiver takes it.
    Gzip,
    /// Smaller and faster, where the receiver takes it.
    Zstd,
}

/// Whether figures are running sums or differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Temporality {
    /// Running sums; one that arrives twice counts once.
    Cumulative,
    /// Differences; one that arrives twice counts twice.
    Delta,
}

/// How metrics are named and laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// As the OpenTelemetry postgresqlreceiver always did.
    Legacy,
    /// As its semantic conventions say.
    Semconv,
}

/// How events are written where the OpenTelemetry receiver is inconsistent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventCompat {
    /// As the receiver writes them.
    Receiver,
    /// In our own units and names.
    Native,
}

/// An exporter that writes lines of JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonlConfig {
    /// The name, unique among the exporters.
    pub name: String,
    /// Where the lines go.
    pub path: JsonlPath,
    /// The most bytes that wait for delivery.
    pub outbox_bytes: u64,
}

/// An exporter that writes lines of which CloudWatch makes metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct EmfConfig {
    /// Where the lines go, and what waits for that.
    pub lines: JsonlConfig,
    /// What CloudWatch files the metrics under.
    pub namespace: String,
    /// Which are sent.
    pub selection: Selection,
}

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonlPath {
    /// To the standard output.
    Stdout,
    /// To the end of this file.
    File(PathBuf),
}
