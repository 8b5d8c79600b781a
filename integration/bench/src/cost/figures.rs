//! What the measurements are called and what they have to reach, line by line.

use super::cold::Beside;
use super::flat::Flat;
use super::hour::Hour;
use super::rounds::{Comparison, Series};
use crate::lines::{Line, bytes, mib, ms, times};
use crate::samples::Samples;

const STATEMENTS_OVER_FLOOR_MAX: f64 = 1.15;
const POLL_OVER_FLOOR_MAX: f64 = 2.0;
const HOUR_OVER_FLOOR_MAX: f64 = 2.5;
const STATEMENTS_MAX: f64 = 20.0;
const CONNECTIONS_MAX: f64 = 1.0;
const COLLECTOR_CPU_MS_MAX: f64 = 25.0;
const COLLECTOR_PEAK_MIB_MAX: f64 = 32.0;
const PACKING_SHARE_PERCENT_MAX: f64 = 10.0;
const BASELINE_KB_MAX: f64 = 600.0;
/// What polls late in a long row may cost more than early ones before we say that the cost grows.
const GROWTH_MAX: f64 = 1.15;

/// The steady poll beside its references.
pub(crate) fn steady(found: &Comparison) -> Vec<Line> {
    let Comparison { floor, usual, statements, poll } = found;
    let cpu = |figure: &str, ours: &Series| {
        let ratios = ours.cpu.over(&floor.cpu);
        let line =
            Line::new(figure, ms(&ours.cpu)).beside(ms(&floor.cpu), ms(&usual.cpu)).ratio(times(&ratios));
        (line, ratios.median())
    };
    let (part, part_ratio) = cpu("server CPU, statements", statements);
    let (whole, whole_ratio) = cpu("server CPU, whole poll", poll);
    let memory = |series: &Series| format!("{:.0} MiB", mib(series.peak.largest()));
    let received = |series: &Series| bytes(series.received.median());
    let most = |figure: fn(&crate::collector::orders::Turn) -> u64| poll.of_turns(figure).largest();
    let (run, trips) = (most(|turn| turn.statements), most(|turn| turn.round_trips));
    let opened = most(|turn| turn.connections);
    vec![
        part.at_most(part_ratio, STATEMENTS_OVER_FLOOR_MAX, " ×"),
        whole.at_most(whole_ratio, POLL_OVER_FLOOR_MAX, " ×"),
        Line::new("temporary files", bytes(poll.temporary))
            .beside(bytes(floor.temporary), bytes(usual.temporary))
            .at_most(poll.temporary, 0.0, " B"),
        Line::new("backend's peak memory", memory(poll)).beside(memory(floor), memory(usual)),
        Line::new("statements run", format!("{run}")).beside("1".to_owned(), "1".to_owned()).at_most(
            run,
            STATEMENTS_MAX,
            "",
        ),
        Line::new("round trips", format!("{trips}")).beside("1".to_owned(), "1".to_owned()),
        Line::new("connections held (opened)", format!("1 ({opened})"))
            .beside("1 (0)".to_owned(), "1 (0)".to_owned())
            .at_most(1.0 + opened, CONNECTIONS_MAX, ""),
        Line::new("bytes to the client", received(poll)).beside(received(floor), received(usual)),
    ]
}

/// What the steady poll costs the collector's own machine, the first poll's reading of texts included in its peak.
pub(crate) fn collector(poll: &Series) -> Vec<Line> {
    let cpu: Samples = poll.turns.iter().map(|turn| turn.collector_cpu as f64 / 1e6).collect();
    let peak = mib(poll.of_turns(|turn| turn.collector_peak).largest());
    let share = poll.of_turns(|turn| turn.packing_cpu).over(&poll.of_turns(|turn| turn.collector_cpu));
    let packing = share.median() * 100.0;
    let size = |figure: fn(&crate::collector::orders::Turn) -> u64| bytes(poll.of_turns(figure).largest());
    vec![
        Line::new("collector CPU", ms(&cpu)).at_most(cpu.median(), COLLECTOR_CPU_MS_MAX, " ms"),
        Line::new("  of it unpacking and packing the state", format!("{packing:.1} %")).at_most(
            packing,
            PACKING_SHARE_PERCENT_MAX,
            " %",
        ),
        Line::new("collector peak memory", format!("{peak:.1} MiB")).at_most(
            peak,
            COLLECTOR_PEAK_MIB_MAX,
            " MiB",
        ),
        Line::new("state: baseline", size(|turn| turn.baseline_bytes)).at_most(
            poll.of_turns(|turn| turn.baseline_bytes).largest() / 1e3,
            BASELINE_KB_MAX,
            " kB",
        ),
        Line::new("state: dictionary", size(|turn| turn.dictionary_bytes)),
    ]
}

/// An hour's mean.
pub(crate) fn hour(hour: &Hour) -> Vec<Line> {
    let mean = |samples: &Samples| format!("{:.1} ms", samples.mean());
    vec![
        Line::new("server CPU, hour's mean", mean(&hour.cpu))
            .beside(mean(&hour.floor), String::new())
            .ratio(format!("{:.2}", hour.ratio()))
            .at_most(hour.ratio(), HOUR_OVER_FLOOR_MAX, " ×"),
        Line::new("  polls with slow views", format!("{} of {}", hour.slow_polls(), hour.turns.len())),
        Line::new("  readings of texts", format!("{}", hour.text_readings())),
        Line::new("  temporary files in all", bytes(hour.temporary as f64)),
        Line::new("  collector CPU, mean", format!("{:.1} ms", hour.collector_cpu())),
    ]
}

/// Cold polls and visits.
pub(crate) fn cold(cold: &Beside, visits: &Beside) -> Vec<Line> {
    let line = |figure: &str, beside: &Beside| {
        Line::new(figure, ms(&beside.cpu))
            .beside(ms(&beside.floor), String::new())
            .ratio(times(&beside.cpu.over(&beside.floor)))
    };
    let process: Samples = cold.turns.iter().map(|turn| turn.collector_cpu_in_all as f64 / 1e6).collect();
    let trips = cold.turns.iter().map(|turn| turn.round_trips).max().unwrap_or(0);
    vec![
        line("server CPU, cold poll, TLS", cold),
        Line::new("  round trips after login", format!("{trips}")),
        Line::new("  collector CPU in all", ms(&process)),
        line("server CPU, one visit", visits),
    ]
}

/// The late polls of a long row beside the early ones.
pub(crate) fn flat(flat: &Flat, polls: usize) -> Vec<Line> {
    let line = |figure: &str, early: f64, late: f64, shown: (String, String)| {
        let growth = late / early;
        Line::new(figure, format!("{} -> {}", shown.0, shown.1))
            .ratio(format!("{growth:.2}"))
            .at_most(growth, GROWTH_MAX, " ×")
    };
    let ratio = |figure: &str, early: &Samples, late: &Samples| {
        let (early, late) = (early.median(), late.median());
        line(figure, early, late, (format!("{early:.2}"), format!("{late:.2}")))
    };
    let memory = |figure: &str, early: &Samples, late: &Samples| {
        let (early, late) = (mib(early.median()), mib(late.median()));
        line(figure, early, late, (format!("{early:.1}"), format!("{late:.1} MiB")))
    };
    let (early, late) = (&flat.early, &flat.late);
    vec![
        Line::new(&format!("poll 100 -> {polls}"), String::new()),
        ratio("  server CPU/floor", &early.server, &late.server),
        ratio("  collector CPU/floor", &early.collector, &late.collector),
        memory("  backend's own memory", &early.backend, &late.backend),
        memory("  collector's memory", &early.resident, &late.resident),
    ]
}
