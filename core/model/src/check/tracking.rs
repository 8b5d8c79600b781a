//! Settings of the server that decide whether a figure is measured at all.

use crate::advice::{self, Apply, Setting};

use super::setting_value::bytes;
use super::{Aspect, CheckFacts, Level, named};

/// Bytes of a running statement's text from which on few are cut.
const QUERY_SIZE_MIN: u64 = 4_096;

pub(super) fn aspects(facts: &CheckFacts) -> Vec<Aspect> {
    [io_timing(facts), query_size(facts), functions(facts)].into_iter().flatten().collect()
}

fn io_timing(facts: &CheckFacts) -> Option<Aspect> {
    let aspect = named("track_io_timing", "track_io_timing");
    Some(match facts.probe.capabilities.switches.track_io_timing? {
        true => aspect.ok("on"),
        false => aspect.advised(Level::Warning, advice::io_timing_off(facts.provider)),
    })
}

fn query_size(facts: &CheckFacts) -> Option<Aspect> {
    let aspect = named("track_activity_query_size", "track_activity_query_size");
    let text = facts.probe.track_activity_query_size.as_deref()?;
    let size = bytes(text)?;
    if size >= QUERY_SIZE_MIN {
        return Some(aspect.ok(text));
    }
    let value = QUERY_SIZE_MIN.to_string();
    let setting = Setting { name: "track_activity_query_size", value: &value, apply: Apply::Restart };
    Some(
        aspect.warning(
            format!("{text}: texts of running statements are cut there"),
            setting.mend(facts.provider),
        ),
    )
}

fn functions(facts: &CheckFacts) -> Option<Aspect> {
    let aspect = named("track_functions", "track_functions");
    Some(match facts.probe.capabilities.switches.track_functions? {
        true => aspect.ok("pl or all"),
        false => aspect.ok_with(
            "none, as by default: calls and times of functions are not shown",
            Setting { name: "track_functions", value: "pl", apply: Apply::Reload }.mend(facts.provider),
        ),
    })
}
