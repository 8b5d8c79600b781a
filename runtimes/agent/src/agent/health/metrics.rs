//! Our own figures, for Prometheus and for OTLP. Labels are the names of servers and exporters and words of ours, so that there are
//! as many series as the configuration has of them.

use super::exposition::{Exposition, Family, Kind, Sample};
use super::snapshot::Snapshot;
use super::verdict::{is_ready, readiness};
use crate::agent::board::{ExporterState, ServerState};

/// A figure of each server: name, kind, help, and the value if it is known.
struct ServerFigure {
    name: &'static str,
    kind: Kind,
    help: &'static str,
    value: fn(&ServerState, &Snapshot) -> Option<f64>,
}

/// A figure of each exporter of each server.
struct ExporterFigure {
    name: &'static str,
    kind: Kind,
    help: &'static str,
    value: fn(&ExporterState) -> f64,
}

const fn counter(
    name: &'static str,
    help: &'static str,
    value: fn(&ServerState, &Snapshot) -> Option<f64>,
) -> ServerFigure {
    ServerFigure { name, kind: Kind::Counter, help, value }
}

const fn gauge(
    name: &'static str,
    help: &'static str,
    value: fn(&ServerState, &Snapshot) -> Option<f64>,
) -> ServerFigure {
    ServerFigure { name, kind: Kind::Gauge, help, value }
}

const SERVER_FIGURES: [ServerFigure; 25] = [
    gauge("pgquerylens_up", "1 if the last poll read the server, 0 if it did not", |server, _| {
        server.status.map(|status| truth(status != "failed"))
    }),
    gauge(
        "pgquerylens_server_ready",
        "1 if the server is read in time or was stopped by an operator",
        |server, now| Some(truth(readiness(server, now.uptime).is_good())),
    ),
    gauge("pgquerylens_server_stopped", "1 if an operator stopped the polls", |server, _| {
        Some(truth(server.stopped.is_some()))
    }),
    gauge(
        "pgquerylens_server_resting",
        "1 if the server is not tried because it failed too often",
        |server, _| Some(truth(server.resting.is_some())),
    ),
    gauge("pgquerylens_poll_interval_seconds", "The interval between polls", |server, _| {
        Some(server.every_seconds)
    }),
    counter("pgquerylens_polls_total", "Polls", |server, _| Some(server.polls as f64)),
    counter("pgquerylens_poll_failures_total", "Polls that read nothing", |server, _| {
        Some(server.failed_polls as f64)
    }),
    counter("pgquerylens_polls_rested_total", "Polls left out because the server rested", |server, _| {
        Some(server.rested_polls as f64)
    }),
    counter(
        "pgquerylens_ticks_skipped_total",
        "Polls left out because the one before still ran",
        |server, _| Some(server.ticks_skipped as f64),
    ),
    counter(
        "pgquerylens_poll_duration_seconds_total",
        "Time that all polls took, from the connection to the commit",
        |server, _| Some(server.poll_seconds),
    ),
    gauge("pgquerylens_last_poll_duration_seconds", "Time that the last poll took", |server, _| {
        server.last_poll_seconds
    }),
    gauge(
        "pgquerylens_last_good_poll_timestamp_seconds",
        "When the last poll that read the server ended",
        |server, _| server.last_good.map(|at| at.0 as f64 / 1e6),
    ),
    gauge("pgquerylens_next_poll_timestamp_seconds", "When the next poll begins", |server, _| {
        server.next_poll.map(|at| at.0 as f64 / 1e6)
    }),
    gauge("pgquerylens_failed_views", "Views that failed at the last poll", |server, _| {
        read(server, server.failed_views as f64)
    }),
    gauge("pgquerylens_resting_views", "Views left out because they failed too often", |server, _| {
        read(server, server.resting_views.len() as f64)
    }),
    gauge("pgquerylens_views_switched_off", "Views that an operator switched off", |server, _| {
        Some(server.views_off.len() as f64)
    }),
    gauge(
        "pgquerylens_last_poll_server_time_seconds",
        "Time from the first statement to the last answer, at the last poll that read the server",
        |server, _| read(server, server.cost.duration_ms / 1e3),
    ),
    gauge("pgquerylens_last_poll_connections", "Connections that it opened", |server, _| {
        read(server, server.cost.connections as f64)
    }),
    gauge("pgquerylens_last_poll_statements", "Statements that it sent", |server, _| {
        read(server, server.cost.statements as f64)
    }),
    gauge("pgquerylens_last_poll_round_trips", "Times that it waited for an answer", |server, _| {
        read(server, server.cost.round_trips as f64)
    }),
    gauge("pgquerylens_last_poll_received_bytes", "Bytes that the server sent", |server, _| {
        read(server, server.cost.received_bytes as f64)
    }),
    gauge("pgquerylens_last_poll_sent_bytes", "Bytes that the server was sent", |server, _| {
        read(server, server.cost.sent_bytes as f64)
    }),
    gauge(
        "pgquerylens_own_statements_time_seconds",
        "Execution time of our own statements in the last window, by pg_stat_statements",
        |server, _| server.cost.own_exec_time_ms.map(|ms| ms / 1e3),
    ),
    gauge(
        "pgquerylens_own_statements_temp_blocks",
        "Temporary blocks that our own statements wrote in the last window",
        |server, _| server.cost.own_temp_blks_written.map(|blocks| blocks as f64),
    ),
    gauge(
        "pgquerylens_poll_failures_in_a_row",
        "Polls that read nothing since the last that did",
        |server, _| Some(server.failures_in_a_row as f64),
    ),
];

const EXPORTER_FIGURES: [ExporterFigure; 7] = [
    ExporterFigure {
        name: "pgquerylens_exporter_accepted_total",
        kind: Kind::Counter,
        help: "Points and records that the receiver took",
        value: |exporter| exporter.total.accepted as f64,
    },
    ExporterFigure {
        name: "pgquerylens_exporter_rejected_total",
        kind: Kind::Counter,
        help: "Points and records that the receiver refused",
        value: |exporter| exporter.total.rejected as f64,
    },
    ExporterFigure {
        name: "pgquerylens_exporter_dropped_total",
        kind: Kind::Counter,
        help: "Points and records given up because the outbox was full",
        value: |exporter| exporter.total.dropped as f64,
    },
    ExporterFigure {
        name: "pgquerylens_exporter_in_trouble",
        kind: Kind::Gauge,
        help: "1 if the last answer was no acceptance",
        value: |exporter| truth(exporter.trouble.is_some()),
    },
    ExporterFigure {
        name: "pgquerylens_exporter_switched_off",
        kind: Kind::Gauge,
        help: "1 if an operator switched it off",
        value: |exporter| truth(exporter.is_off),
    },
    ExporterFigure {
        name: "pgquerylens_outbox_batches",
        kind: Kind::Gauge,
        help: "Batches that wait for delivery",
        value: |exporter| exporter.outbox_entries as f64,
    },
    ExporterFigure {
        name: "pgquerylens_outbox_bytes",
        kind: Kind::Gauge,
        help: "Bytes that wait for delivery",
        value: |exporter| exporter.outbox_bytes as f64,
    },
];

/// Returns our own figures as Prometheus reads them.
pub(super) fn text(snapshot: &Snapshot) -> String {
    let mut exposition = Exposition::default();
    families(snapshot).iter().for_each(|family| exposition.family(family));
    exposition.finish()
}

/// Returns every figure there is, whether a value of it is known or not, always in the same order.
pub(in crate::agent) fn families(snapshot: &Snapshot) -> Vec<Family<'_>> {
    let of_servers = SERVER_FIGURES.iter().map(|figure| {
        let known = snapshot.servers.iter().filter_map(|(name, server)| {
            (figure.value)(server, snapshot).map(|value| (vec![("server", name.as_str())], value))
        });
        family(figure.name, figure.kind, figure.help, known.collect())
    });
    let of_exporters = EXPORTER_FIGURES.iter().map(|figure| {
        let known = snapshot.servers.iter().flat_map(|(server, state)| {
            state.exporters.iter().map(|(name, exporter)| {
                (vec![("server", server.as_str()), ("exporter", name.as_str())], (figure.value)(exporter))
            })
        });
        family(figure.name, figure.kind, figure.help, known.collect())
    });
    of_process(snapshot).into_iter().chain(of_servers).chain(of_exporters).collect()
}

fn of_process(snapshot: &Snapshot) -> Vec<Family<'_>> {
    let (state, vitals) = (&snapshot.process, &snapshot.vitals);
    let one = |value: Option<f64>| value.into_iter().map(|value| (Vec::new(), value)).collect();
    let gauge = |name, help, value: Option<f64>| family(name, Kind::Gauge, help, one(value));
    let bytes = |bytes: Option<u64>| bytes.map(|bytes| bytes as f64);
    let build = vec![(vec![("version", snapshot.version)], 1.0)];
    let reloads = vec![
        (vec![("outcome", "ok")], state.reloads as f64),
        (vec![("outcome", "failed")], state.failed_reloads as f64),
    ];
    let started = state.started.0 as f64 / 1e6;
    vec![
        family("pgquerylens_build_info", Kind::Gauge, "1, with what it is as labels", build),
        family("pgquerylens_reloads_total", Kind::Counter, "Reloads of the configuration", reloads),
        gauge("pgquerylens_ready", "1 if every server is read in time", Some(truth(is_ready(snapshot)))),
        gauge("pgquerylens_servers", "Servers that are polled", Some(snapshot.servers.len() as f64)),
        gauge("pgquerylens_process_start_time_seconds", "When the process began", Some(started)),
        gauge("pgquerylens_process_resident_memory_bytes", "Memory", bytes(vitals.memory_bytes)),
        gauge(
            "pgquerylens_process_peak_memory_bytes",
            "The most memory so far",
            bytes(vitals.peak_memory_bytes),
        ),
        gauge("pgquerylens_process_open_files", "Open file descriptors", bytes(vitals.open_files)),
        family(
            "pgquerylens_process_cpu_seconds_total",
            Kind::Counter,
            "Time on processors",
            one(Some(vitals.cpu_seconds)),
        ),
    ]
}

fn family<'s>(name: &'static str, kind: Kind, help: &'static str, samples: Vec<Sample<'s>>) -> Family<'s> {
    Family { name, kind, help, samples }
}

fn truth(is_so: bool) -> f64 {
    if is_so { 1.0 } else { 0.0 }
}

/// What is known only of a server that was read.
fn read(server: &ServerState, value: f64) -> Option<f64> {
    server.last_good.map(|_| value)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use expect_test::expect_file;

    use super::*;
    use crate::agent::health::example;

    #[test]
    fn the_figures_are_as_they_were() {
        expect_file!["metrics.expected.txt"].assert_eq(&text(&example::busy()));
    }

    #[test]
    fn names_are_unique_and_say_unit_and_kind() {
        let text = text(&example::busy());
        let families: Vec<(&str, &str)> =
            text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
        assert_eq!(families.iter().collect::<BTreeSet<_>>().len(), families.len());
        for (name, kind) in families {
            assert!(name.starts_with("pgquerylens_"), "{name}");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
        }
    }

    #[test]
    fn every_figure_is_explained() {
        let explained = include_str!("../../../../../docs/health.md");
        let text = text(&example::busy());
        let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
        let missing: Vec<&str> =
            names.map(|(name, _)| name).filter(|name| !explained.contains(&format!("`{name}`"))).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
