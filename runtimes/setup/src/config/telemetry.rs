//! Where what the process tells of itself is sent, from values to types.

use std::path::PathBuf;
use std::time::Duration;

use super::configuration::{Compression, Protocol, TelemetryConfig, Transport};
use super::endpoint::{checked, with_path};
use super::exporter::{headers, protocol};
use super::layer::Layer;
use super::mistake::Mistake;

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Reads it; nothing without an endpoint, or with one that cannot be used.
pub(super) fn telemetry(layer: &Layer, mistakes: &mut Vec<Mistake>) -> Option<TelemetryConfig> {
    let (setting, text) = layer.get("telemetry-endpoint").zip(layer.text("telemetry-endpoint"))?;
    let protocol = protocol(layer, "telemetry-protocol");
    let base = checked(text, protocol, false).map_err(|instead| mistakes.push(setting.mistake(instead)));
    let base = base.ok()?;
    Some(TelemetryConfig {
        traces: transport(layer, with_path(&base, "traces", protocol), protocol),
        metrics: transport(layer, with_path(&base, "metrics", protocol), protocol),
        interval: layer.duration("telemetry-interval"),
    })
}

fn transport(layer: &Layer, url: String, protocol: Protocol) -> Transport {
    Transport {
        url,
        protocol,
        headers: headers(layer, "telemetry-headers"),
        headers_secret: None,
        compression: Compression::Gzip,
        timeout: TIMEOUT,
        certificate: layer.text("telemetry-certificate").map(PathBuf::from),
        client: None,
    }
}
