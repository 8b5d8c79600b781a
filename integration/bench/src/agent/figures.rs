//! What the measurements are called and what they have to reach, line by line.

use std::time::Duration;

use super::crowd::{Crowd, NAMES};
use super::growth::{self, Growth};
use super::hour;
use super::plan::WORKERS;
use super::usage::Usage;
use crate::lines::{Line, mib, times};

const PEAK_MIB_MAX: f64 = 48.0;
const CROWD_PEAK_MIB_MAX: f64 = 256.0;
const SHARE_OF_A_CORE_MAX: f64 = 2.0;
const AT_ONCE_OVER_IN_TURN_MIN: f64 = 4.0;
/// What many polls may add to the memory before we say that it grows.
const GROWTH_MAX: f64 = 1.15;

const HOUR: Duration = Duration::from_secs(3_600);

/// One server, an hour.
pub(crate) fn hour(usage: &Usage) -> Vec<Line> {
    let share = 100.0 * usage.cpu.as_secs_f64() / HOUR.as_secs_f64();
    let per_poll = usage.cpu.as_secs_f64() * 1e3 / hour::POLLS as f64;
    vec![
        head("1 server with 5,000 statements of 7 kB"),
        peak(usage, PEAK_MIB_MAX),
        Line::new("  a core, at one poll a minute", format!("{share:.2} %")).at_most(
            share,
            SHARE_OF_A_CORE_MAX,
            " %",
        ),
        Line::new("  CPU per poll, hour's mean", format!("{per_poll:.1} ms")),
    ]
}

/// A hundred small servers, far away.
pub(crate) fn far(crowd: &Crowd) -> Vec<Line> {
    let gain = crowd.at_once.over(&crowd.in_turn);
    let pace = |samples: &crate::samples::Samples| format!("{:.1} a second", samples.median());
    vec![
        head(&format!("{NAMES} servers with 500 statements, 20 ms away, as often as it can")),
        Line::new("  polls, one after another", pace(&crowd.in_turn)),
        Line::new(&format!("  polls, {WORKERS} at once"), pace(&crowd.at_once)),
        Line::new("  gain", format!("{} ×", times(&gain))).at_least(
            gain.median(),
            AT_ONCE_OVER_IN_TURN_MIN,
            " ×",
        ),
        Line::new("  CPU per poll", format!("{:.1} ms", crowd.cpu.median())),
        peak(&crowd.usage, CROWD_PEAK_MIB_MAX),
    ]
}

/// A hundred large servers, near.
pub(crate) fn near(usage: &Usage) -> Vec<Line> {
    vec![
        head(&format!("{NAMES} servers with 5,000 statements, once a minute")),
        peak(usage, CROWD_PEAK_MIB_MAX),
    ]
}

/// The memory after many polls beside that after a tenth of them.
pub(crate) fn growth(growth: &Growth, polls: u64) -> Vec<Line> {
    let (early, late) = (growth.early.median(), growth.late.median());
    let ratio = late / early;
    let shown = format!("{:.1} -> {:.1} MiB ({ratio:.2})", mib(early), mib(late));
    vec![
        head(&format!("{} servers, poll {} -> {polls} of each", growth::NAMES, polls / 10)),
        Line::new("  memory", shown).at_most(ratio, GROWTH_MAX, " ×"),
    ]
}

fn head(text: &str) -> Line {
    Line::new(text, String::new())
}

fn peak(usage: &Usage, limit: f64) -> Line {
    let peak = mib(usage.peak as f64);
    Line::new("  peak memory", format!("{peak:.1} MiB")).at_most(peak, limit, " MiB")
}
