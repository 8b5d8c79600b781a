//! Sends spans and figures of our own, on a tick and at the end. It runs beside the polls on their thread and never makes
//! one wait; what cannot be sent is told, and no poll is the worse for it.

use std::rc::Rc;

use opentelemetry_otlp::{
    ExporterBuildError, MetricExporter, Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::SpanExporter as _;
use pgquerylens_export::otlp::Signal;
use pgquerylens_setup::config::configuration::TelemetryConfig;
use pgquerylens_setup::config::secret_source::SecretAccess;
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::exporters::transport;
use pgquerylens_setup::failure::Failure;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tracing::{info, warn};

use super::carrier::Carrier;
use super::meter::Meter;
use super::queue::Queue;
use crate::agent::board::Board;
use crate::agent::health::{metrics, snapshot};

/// Sends spans and figures of our own to one receiver.
pub(super) struct Sender {
    config: TelemetryConfig,
    board: Rc<Board>,
    queue: Rc<Queue>,
    spans: (SpanExporter, Carrier),
    figures: (MetricExporter, Carrier),
    meter: Meter,
    is_in_trouble: bool,
}

impl Sender {
    /// Makes one; nothing is opened yet.
    pub(super) fn new(
        config: &TelemetryConfig,
        secrets: &SecretAccess,
        resource: &Resource,
        board: &Rc<Board>,
        queue: &Rc<Queue>,
    ) -> Result<Sender, Failure> {
        let carrier = |config, signal| {
            Carrier::new(transport(config, secrets), signal)
                .map_err(|error| Failure::of(Exit::Configuration, &error, "write another telemetry-endpoint"))
        };
        let traces = carrier(&config.traces, Signal::Traces)?;
        let metrics = carrier(&config.metrics, Signal::Metrics)?;
        let unmade = |error: ExporterBuildError| Failure::of(Exit::Internal, &error, "");
        let mut spans = span_exporter(config, &traces).map_err(unmade)?;
        spans.set_resource(resource);
        let figures = metric_exporter(config, &metrics).map_err(unmade)?;
        let now = snapshot::take(board);
        Ok(Sender {
            config: config.clone(),
            board: Rc::clone(board),
            queue: Rc::clone(queue),
            spans: (spans, traces),
            figures: (figures, metrics),
            meter: Meter::new(resource.clone(), &metrics::families(&now)),
            is_in_trouble: false,
        })
    }

    /// Sends until it is told to stop, and then what is left. Whoever stops it waits as long as he likes.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut ticks = interval_at(Instant::now() + self.config.interval, self.config.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let queue = Rc::clone(&self.queue);
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                _ = ticks.tick() => {
                    self.send_spans().await;
                    self.send_figures().await;
                }
                // Who is away is asked again on the tick.
                () = queue.has_enough(), if !self.is_in_trouble => self.send_spans().await,
            }
        }
        self.send_spans().await;
        self.send_figures().await;
    }

    /// Sends spans until none waits, or a message was not taken: its spans are given up, the others wait.
    async fn send_spans(&mut self) {
        loop {
            let batch = self.queue.take_batch();
            if batch.is_empty() {
                return;
            }
            let count = batch.len();
            let sent = self.spans.0.export(batch).await;
            let trouble = trouble(sent, &self.spans.1);
            if trouble.is_some() {
                self.queue.drop_spans(count);
            }
            if !self.tell(trouble.as_deref()) {
                return;
            }
        }
    }

    async fn send_figures(&mut self) {
        let now = snapshot::take(&self.board);
        let Some(figures) = self.meter.read(&metrics::families(&now)) else { return };
        let sent = self.figures.0.export(&figures).await;
        let trouble = trouble(sent, &self.figures.1);
        self.tell(trouble.as_deref());
    }

    /// Tells how a message went; returns whether it went well.
    fn tell(&mut self, trouble: Option<&str>) -> bool {
        let telemetry = &self.config.traces.url;
        match trouble {
            Some(error) => {
                let spans_dropped = self.queue.dropped();
                warn!(telemetry, error, spans_dropped, "telemetry of our own not delivered");
            }
            None if self.is_in_trouble => info!(telemetry, "telemetry of our own is accepted again"),
            None => {}
        }
        self.is_in_trouble = trouble.is_some();
        trouble.is_none()
    }
}

/// The carrier has the words; what went wrong before it was asked is the library's to say.
fn trouble(sent: OTelSdkResult, carrier: &Carrier) -> Option<String> {
    carrier.take_trouble().or_else(|| sent.err().map(|error| error.to_string()))
}

/// Everything that the library would otherwise take from variables is said: they are for what is read of servers.
fn span_exporter(config: &TelemetryConfig, carrier: &Carrier) -> Result<SpanExporter, ExporterBuildError> {
    SpanExporter::builder()
        .with_http()
        .with_http_client(carrier.clone())
        .with_endpoint(&config.traces.url)
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(config.traces.timeout)
        .with_retry_policy(RetryPolicy::disabled())
        .build()
}

fn metric_exporter(
    config: &TelemetryConfig,
    carrier: &Carrier,
) -> Result<MetricExporter, ExporterBuildError> {
    MetricExporter::builder()
        .with_temporality(Temporality::Cumulative)
        .with_http()
        .with_http_client(carrier.clone())
        .with_endpoint(&config.metrics.url)
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(config.metrics.timeout)
        .with_retry_policy(RetryPolicy::disabled())
        .build()
}
