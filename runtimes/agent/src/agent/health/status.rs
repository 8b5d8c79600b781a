//! The status as one JSON document, described in docs/health.md.

use pgquerylens_model::report::Cost;
use pgquerylens_model::time::Timestamp;
use serde::Serialize;

use super::snapshot::Snapshot;
use super::verdict::{age, bound_seconds, is_ready, life, readiness};
use crate::agent::board::{ExporterState, ServerState};

/// Name and version of the document's shape. The number grows when a field leaves or changes its meaning.
pub(super) const SCHEMA: &str = "pgquerylens.status/1";

#[derive(Serialize)]
struct Document<'s> {
    schema: &'static str,
    at: String,
    life: &'static str,
    ready: bool,
    process: Process<'s>,
    servers: Vec<Server<'s>>,
}

#[derive(Serialize)]
struct Process<'s> {
    version: &'static str,
    pid: u32,
    started: String,
    uptime_seconds: f64,
    cpu_seconds: f64,
    memory_bytes: Option<u64>,
    peak_memory_bytes: Option<u64>,
    open_files: Option<u64>,
    configuration_file: Option<&'s str>,
    reloads: u64,
    failed_reloads: u64,
    reload_trouble: Option<&'s str>,
}

#[derive(Serialize)]
struct Server<'s> {
    name: &'s str,
    address: &'s str,
    version: Option<&'s str>,
    role: Option<&'static str>,
    readiness: &'static str,
    status: Option<&'static str>,
    trouble: &'s [String],
    stopped: Option<&'s str>,
    views_off: &'s [String],
    interval_seconds: f64,
    deadline_seconds: f64,
    last_poll: Option<String>,
    last_poll_seconds: Option<f64>,
    last_good: Option<String>,
    last_good_age_seconds: Option<f64>,
    last_good_age_allowed_seconds: f64,
    next_poll: Option<String>,
    polls: u64,
    failed_polls: u64,
    failures_in_a_row: u64,
    rested_polls: u64,
    ticks_skipped: u64,
    resting: Option<Resting>,
    failed_views: Option<u64>,
    resting_views: Vec<RestingView<'s>>,
    cost: Option<CostOfPoll>,
    exporters: Vec<Exporter<'s>>,
}

#[derive(Serialize)]
struct Resting {
    until: String,
    failures: u32,
}

#[derive(Serialize)]
struct RestingView<'s> {
    view: &'s str,
    until: String,
}

#[derive(Serialize)]
struct CostOfPoll {
    duration_ms: f64,
    connections: u64,
    statements: u64,
    round_trips: u64,
    received_bytes: u64,
    sent_bytes: u64,
    own_exec_time_ms: Option<f64>,
    own_temp_blks_written: Option<i64>,
}

#[derive(Serialize)]
struct Exporter<'s> {
    name: &'s str,
    switched_off: bool,
    accepted: u64,
    rejected: u64,
    dropped: u64,
    trouble: Option<&'s str>,
    outbox_entries: usize,
    outbox_bytes: usize,
}

/// Returns the status as a document.
pub(super) fn document(snapshot: &Snapshot) -> String {
    let document = Document {
        schema: SCHEMA,
        at: snapshot.now.to_rfc3339(),
        life: life(snapshot).word(),
        ready: is_ready(snapshot),
        process: process(snapshot),
        servers: snapshot.servers.iter().map(|(name, state)| server(name, state, snapshot)).collect(),
    };
    // Numbers, texts and lists of them: there is nothing in it that JSON does not have.
    serde_json::to_string_pretty(&document).map(|text| text + "\n").unwrap_or_default()
}

fn process(snapshot: &Snapshot) -> Process<'_> {
    let (state, vitals) = (&snapshot.process, &snapshot.vitals);
    Process {
        version: snapshot.version,
        pid: snapshot.pid,
        started: state.started.to_rfc3339(),
        uptime_seconds: rounded(snapshot.uptime.as_secs_f64()),
        cpu_seconds: rounded(vitals.cpu_seconds),
        memory_bytes: vitals.memory_bytes,
        peak_memory_bytes: vitals.peak_memory_bytes,
        open_files: vitals.open_files,
        configuration_file: state.configuration_file.as_deref(),
        reloads: state.reloads,
        failed_reloads: state.failed_reloads,
        reload_trouble: state.reload_trouble.as_deref(),
    }
}

fn server<'s>(name: &'s str, state: &'s ServerState, snapshot: &Snapshot) -> Server<'s> {
    let text = |moment: Option<Timestamp>| moment.map(Timestamp::to_rfc3339);
    Server {
        name,
        address: &state.address,
        version: state.version.as_deref(),
        role: state.role,
        readiness: readiness(state, snapshot.uptime).word(),
        status: state.status,
        trouble: &state.trouble,
        stopped: state.stopped.as_deref(),
        views_off: &state.views_off,
        interval_seconds: state.every_seconds,
        deadline_seconds: state.deadline_seconds,
        last_poll: text(state.last_poll),
        last_poll_seconds: state.last_poll_seconds.map(rounded),
        last_good: text(state.last_good),
        last_good_age_seconds: age(state, snapshot.uptime).map(|age| rounded(age.as_secs_f64())),
        last_good_age_allowed_seconds: bound_seconds(state),
        next_poll: text(state.next_poll),
        polls: state.polls,
        failed_polls: state.failed_polls,
        failures_in_a_row: state.failures_in_a_row,
        rested_polls: state.rested_polls,
        ticks_skipped: state.ticks_skipped,
        resting: state
            .resting
            .map(|rest| Resting { until: rest.until.to_rfc3339(), failures: rest.failures }),
        failed_views: state.last_good.map(|_| state.failed_views),
        resting_views: resting_views(state),
        cost: state.last_good.map(|_| cost(&state.cost)),
        exporters: state.exporters.iter().map(|(name, state)| exporter(name, state)).collect(),
    }
}

fn resting_views(state: &ServerState) -> Vec<RestingView<'_>> {
    let views = state.resting_views.iter();
    views.map(|(view, until)| RestingView { view, until: until.to_rfc3339() }).collect()
}

fn cost(cost: &Cost) -> CostOfPoll {
    CostOfPoll {
        duration_ms: rounded(cost.duration_ms),
        connections: cost.connections,
        statements: cost.statements,
        round_trips: cost.round_trips,
        received_bytes: cost.received_bytes,
        sent_bytes: cost.sent_bytes,
        own_exec_time_ms: cost.own_exec_time_ms.map(rounded),
        own_temp_blks_written: cost.own_temp_blks_written,
    }
}

fn exporter<'s>(name: &'s str, state: &'s ExporterState) -> Exporter<'s> {
    Exporter {
        name,
        switched_off: state.is_off,
        accepted: state.total.accepted,
        rejected: state.total.rejected,
        dropped: state.total.dropped,
        trouble: state.trouble.as_deref(),
        outbox_entries: state.outbox_entries,
        outbox_bytes: state.outbox_bytes,
    }
}

/// To the thousandth, which is what anybody reads.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;
    use serde_json::Value;

    use super::*;
    use crate::agent::health::example;

    #[test]
    fn the_document_is_as_it_was() {
        expect_file!["status.expected.json"].assert_eq(&document(&example::busy()));
    }

    #[test]
    fn every_field_is_explained() {
        let explained = include_str!("../../../../../docs/health.md");
        let document: Value = serde_json::from_str(&document(&example::busy())).unwrap();
        let mut fields = Vec::new();
        collect(&document, &mut fields);
        assert!(fields.len() > 50, "{fields:?}");
        let missing: Vec<&String> =
            fields.iter().filter(|field| !explained.contains(&format!("`{field}`"))).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    fn collect(value: &Value, fields: &mut Vec<String>) {
        match value {
            Value::Object(object) => object.iter().for_each(|(name, value)| {
                fields.push(name.clone());
                collect(value, fields);
            }),
            Value::Array(values) => values.iter().for_each(|value| collect(value, fields)),
            _ => {}
        }
    }
}
